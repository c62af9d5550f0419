package dev.headroom.cli.report;

import com.google.gson.Gson;
import com.google.gson.JsonArray;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import dev.headroom.scaling.log.Run;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;

/** Writes the curves of runs as the JSON that the page's script draws. */
final class Curves {

  /** Enough digits for any screen; three times smaller than full precision. */
  private static final MathContext DIGITS = new MathContext(7);

  private final long[] steps;
  private final JsonArray data = new JsonArray();
  private final JsonArray series = new JsonArray();

  private Curves(List<Run> runs) {
    steps = runs.stream().flatMapToLong(r -> LongStream.of(r.step())).distinct().sorted().toArray();
    JsonArray x = new JsonArray(steps.length);
    for (long step : steps) {
      x.add(step);
    }
    data.add(x);
  }

  /**
   * Returns {@code {"data":[steps, losses, ...], "series":[{name, ...}]}}, safe inside a script
   * element.
   */
  static String json(List<Run> runs) {
    Curves curves = new Curves(runs);
    for (int r = 0; r < runs.size(); r++) {
      Run run = runs.get(r);
      curves.add(run, RunCharts.label(run), run.loss(), r, false);
      for (Map.Entry<String, double[]> column : run.columns().entrySet()) {
        if (column.getKey().equals("val_loss")) {
          curves.add(run, RunCharts.label(run) + " validation", column.getValue(), r, true);
        }
      }
    }
    JsonObject json = new JsonObject();
    json.add("data", curves.data);
    json.add("series", curves.series);
    // Gson's default escapes < > & = ', so that no name can end the script element.
    return new Gson().toJson(json);
  }

  private void add(Run run, String name, double[] values, int colour, boolean points) {
    JsonArray cells = new JsonArray(steps.length);
    int at = 0;
    for (long step : steps) {
      while (at < run.size() && run.step()[at] < step) {
        at++;
      }
      boolean here = at < run.size() && run.step()[at] == step && Double.isFinite(values[at]);
      cells.add(here ? number(values[at]) : JsonNull.INSTANCE);
    }
    data.add(cells);
    JsonObject one = new JsonObject();
    one.addProperty("name", name);
    one.addProperty("light", Ink.series(colour).light());
    one.addProperty("dark", Ink.series(colour).dark());
    one.addProperty("dashed", colour >= 6 && !points);
    one.addProperty("points", points);
    one.addProperty("sparse", Arrays.stream(values).filter(Double::isFinite).count() < 2);
    series.add(one);
  }

  private static JsonPrimitive number(double value) {
    return new JsonPrimitive(new BigDecimal(value).round(DIGITS).stripTrailingZeros());
  }
}
