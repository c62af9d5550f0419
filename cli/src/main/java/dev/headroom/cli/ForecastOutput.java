package dev.headroom.cli;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import dev.headroom.scaling.choice.BandForecast;
import dev.headroom.scaling.forecast.Basis;
import dev.headroom.scaling.forecast.Forecast;
import java.util.Locale;

/** Writes a forecast for people and for programs. */
final class ForecastOutput {

  /** Scatter of single losses, relative, from which it is said. */
  private static final double NOISY = 0.003;

  private ForecastOutput() {}

  /** Returns the object with step, loss, low, high and level. */
  static JsonObject json(Forecast forecast) {
    JsonObject json = new JsonObject();
    json.addProperty("step", forecast.step());
    json.add("loss", Json.number(forecast.loss()));
    json.add("low", Json.number(forecast.low()));
    json.add("high", Json.number(forecast.high()));
    json.add("level", Json.number(forecast.level()));
    JsonArray bands = new JsonArray();
    for (BandForecast.Interval interval : forecast.intervals()) {
      JsonObject band = new JsonObject();
      band.add("level", Json.number(interval.level()));
      band.add("low", Json.number(interval.low()));
      band.add("high", Json.number(interval.high()));
      band.add("coverage", Json.number(forecast.kind().coverage(interval.level())));
      bands.add(band);
    }
    json.add("bands", bands);
    json.addProperty("basis", forecast.kind().toString());
    json.addProperty("calibratedOn", forecast.kind().forecasts());
    json.add("scatter", Json.number(forecast.scatter()));
    return json;
  }

  /** Says what share of earlier forecasts such bands held. */
  static String coverage(Forecast forecast) {
    Basis basis = forecast.kind();
    StringBuilder text = new StringBuilder();
    for (BandForecast.Interval interval : forecast.intervals()) {
      text.append(text.length() == 0 ? "" : ", ").append(Figures.percent(interval.level()));
      text.append(' ').append(Figures.of(interval.low(), 5));
      text.append(" to ").append(Figures.of(interval.high(), 5));
    }
    text.append("\ncoverage   ").append(Figures.percent(forecast.level())).append(": held ");
    text.append(String.format(Locale.ROOT, "%.0f %%", 100 * basis.coverage(forecast.level())));
    text.append(" of ").append(basis.forecasts()).append(" forecasts of this kind (").append(basis);
    text.append(") on ").append(basis.evidence());
    if (forecast.scatter() > NOISY) {
      text.append(String.format(Locale.ROOT, "%nscatter    %.2g %%", 100 * forecast.scatter()));
      text.append(" (one standard deviation) of a single logged loss around the curve, beside the");
      text.append(" band");
    }
    return text.toString();
  }

  /** Returns a text cut to the width of a line. */
  static String shortened(String text) {
    return text.length() <= 100 ? text : text.substring(0, 97) + "...";
  }

  /** Says the forecast in one line. */
  static String sentence(Forecast forecast) {
    return "step "
        + forecast.step()
        + ": loss "
        + Figures.of(forecast.loss(), 5)
        + ", "
        + Figures.percent(forecast.level())
        + " band "
        + Figures.of(forecast.low(), 5)
        + " to "
        + Figures.of(forecast.high(), 5);
  }
}
