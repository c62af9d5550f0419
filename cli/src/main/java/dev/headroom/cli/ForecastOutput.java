package dev.headroom.cli;

import com.google.gson.JsonObject;
import dev.headroom.scaling.forecast.Forecast;

/** Writes a forecast for people and for programs. */
final class ForecastOutput {

  private ForecastOutput() {}

  /** Returns the object with step, loss, low, high and level. */
  static JsonObject json(Forecast forecast) {
    JsonObject json = new JsonObject();
    json.addProperty("step", forecast.step());
    json.add("loss", Json.number(forecast.loss()));
    json.add("low", Json.number(forecast.low()));
    json.add("high", Json.number(forecast.high()));
    json.add("level", Json.number(forecast.level()));
    return json;
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
