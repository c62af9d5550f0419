package dev.headroom.scaling.check.baseline;

import com.google.gson.JsonObject;
import dev.headroom.scaling.log.Run;
import java.util.Map;

/** Writes a run as a canonical log in full precision: what is read back is the same doubles. */
final class GoldenText {
  private GoldenText() {}

  static String of(Run run, String version) {
    StringBuilder text = new StringBuilder();
    JsonObject header = new JsonObject();
    header.addProperty("headroom", version);
    JsonObject settings = new JsonObject();
    run.settings().forEach(settings::addProperty);
    settings.remove("headroom"); // the version that wrote the source; the header has its own
    header.add("run", settings);
    text.append(header).append('\n');
    for (int i = 0; i < run.size(); i++) {
      text.append("{\"step\":").append(run.step()[i]);
      text.append(",\"loss\":").append(number(run.loss()[i]));
      for (Map.Entry<String, double[]> column : run.columns().entrySet()) {
        double cell = column.getValue()[i];
        if (!Run.isAbsent(cell)) {
          text.append(',').append(new com.google.gson.JsonPrimitive(column.getKey()));
          text.append(':').append(number(cell));
        }
      }
      text.append("}\n");
    }
    return text.toString();
  }

  private static String number(double value) {
    boolean whole = value == Math.rint(value) && Math.abs(value) < 1e15;
    return whole ? Long.toString((long) value) : Double.toString(value);
  }
}
