package dev.headroom.cli;

import dev.headroom.scaling.log.Run;
import java.util.Arrays;

/**
 * What a log says about a step that was forecast from its beginning.
 *
 * @param loss the loss logged there, or the mean of the last ones where single ones scatter
 * @param count how many logged losses it is made of; 0 where the log does not reach the step
 */
record Actual(double loss, int count) {

  /** A scatter of single losses above this, relative, is no answer to what the loss was. */
  private static final double NOISY = 0.005;

  /** Returns whether the log reaches the step. */
  boolean known() {
    return count > 0;
  }

  /**
   * Finds the loss logged last at or within half a percent before a step. Where neighbouring losses
   * scatter by more than half a percent, the mean of those of the last twentieth is taken.
   *
   * @param lastSeen last step that the forecast had seen: what lies before is no answer
   */
  static Actual near(Run whole, long step, long lastSeen) {
    Run end = whole.between(Math.max(lastSeen + 1, step - step / 200), step);
    if (end.size() == 0) {
      return new Actual(Double.NaN, 0);
    }
    if (scatter(whole) <= NOISY) {
      return new Actual(end.loss()[end.size() - 1], 1);
    }
    double[] last = whole.between(Math.max(lastSeen + 1, step - step / 20 + 1), step).loss();
    double sum = 0;
    for (double loss : last) {
      sum += loss;
    }
    return new Actual(sum / last.length, last.length);
  }

  /**
   * Returns the standard deviation of a log-loss around its neighbours, from second differences.
   */
  private static double scatter(Run run) {
    double[] loss = run.loss();
    if (loss.length < 5) {
      return 0;
    }
    double[] second = new double[loss.length - 2];
    for (int i = 0; i < second.length; i++) {
      second[i] = Math.abs(Math.log(loss[i]) - 2 * Math.log(loss[i + 1]) + Math.log(loss[i + 2]));
    }
    Arrays.sort(second);
    return 1.4826 * second[second.length / 2] / Math.sqrt(6);
  }

  /** Returns {@code 3.3044, 0.02 % off} for a forecast. */
  String against(double forecast) {
    String from = count > 1 ? " (mean of the last " + count + " logged losses)" : "";
    double off = 100 * (forecast / loss - 1);
    return Figures.of(loss, 5) + from + ", " + Figures.of(off, 3) + " % off";
  }
}
