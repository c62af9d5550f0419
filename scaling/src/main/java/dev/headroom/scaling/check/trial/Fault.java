package dev.headroom.scaling.check.trial;

import dev.headroom.scaling.log.Run;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/**
 * Puts a fault of known size into a good run.
 *
 * @param kind {@code spike}, {@code step}, {@code ramp} or {@code flat}
 * @param size relative height; not used by {@code flat}
 * @param rows rows that a spike lasts
 */
record Fault(String kind, double size, int rows) {

  static final List<Fault> ALL =
      List.of(
          new Fault("spike", .1, 5),
          new Fault("spike", .2, 5),
          new Fault("spike", .5, 5),
          new Fault("spike", 1, 5),
          new Fault("spike", .5, 1),
          new Fault("spike", 1.5, 1),
          new Fault("step", .05, 0),
          new Fault("step", .1, 0),
          new Fault("step", .2, 0),
          new Fault("ramp", .05, 0),
          new Fault("ramp", .1, 0),
          new Fault("ramp", .2, 0),
          new Fault("flat", 0, 0));

  String text() {
    String percent = "+" + Math.round(100 * size) + " %";
    return switch (kind) {
      case "spike" -> "spike of " + percent + ", " + rows + (rows == 1 ? " row" : " rows");
      case "step" -> "step of " + percent + " that stays";
      case "ramp" -> "slow rise to " + percent + " over the last 30 %";
      default -> "no progress from the middle on";
    };
  }

  /** Returns the rules of which one must find it. */
  Set<String> rules() {
    return switch (kind) {
      case "spike" -> Set.of("spike");
      case "flat" -> Set.of("plateau", "forecast");
      default -> Set.of("spike", "divergence", "forecast");
    };
  }

  /** Returns the row at which it begins. */
  int start(Run run) {
    return (int) (run.size() * (kind.equals("ramp") ? .7 : kind.equals("flat") ? .5 : .6));
  }

  /** Returns the run with the fault. */
  Run into(Run run) {
    double[] loss = run.loss().clone();
    int start = start(run);
    double[] trend = kind.equals("flat") ? trend(loss) : null;
    for (int i = start; i < loss.length; i++) {
      loss[i] *= trend != null ? trend[start] / trend[i] : factor(i - start, loss.length - start);
    }
    return new Run(run.name(), run.step(), loss, run.columns(), run.settings(), run.notes());
  }

  private double factor(int since, int left) {
    return switch (kind) {
      case "spike" -> since < rows ? 1 + size : 1;
      case "step" -> 1 + size;
      default -> 1 + size * since / Math.max(1, left - 1);
    };
  }

  /** The median of a tenth of the run around each row. */
  private static double[] trend(double[] loss) {
    double[] out = new double[loss.length];
    int half = Math.max(2, loss.length / 20);
    for (int i = 0; i < out.length; i++) {
      int reach = Math.min(half, Math.min(i, loss.length - 1 - i));
      double[] near = Arrays.copyOfRange(loss, i - reach, i + reach + 1);
      Arrays.sort(near);
      out[i] = near[reach];
    }
    return out;
  }
}
