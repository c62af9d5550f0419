package dev.headroom.scaling.forecast;

import dev.headroom.scaling.fit.internal.Quantiles;
import dev.headroom.scaling.log.Run;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * Reads the tokens of each step from a run's column of tokens seen.
 *
 * @param perStep tokens of step i + 1 at index i, as far as the log goes; null where the log has no
 *     tokens
 * @param ahead tokens of a step after the log's end, NaN where not known
 * @param seen tokens at the last logged step, NaN where not known
 * @param ramp whether the tokens of a step change by more than 5 %
 */
record StepTokens(double[] perStep, double ahead, double seen, boolean ramp) {
  private static final StepTokens UNKNOWN = new StepTokens(null, Double.NaN, Double.NaN, false);
  private static final double SAME = 1.05;

  static StepTokens of(Run run, List<String> notes) {
    double[] column = run.columns().get("tokens");
    if (column == null || run.size() < 2 || run.step()[run.size() - 1] > 10_000_000) {
      return UNKNOWN;
    }
    int n = 0;
    long[] step = new long[run.size()];
    double[] tokens = new double[run.size()];
    for (int i = 0; i < run.size(); i++) {
      if (column[i] >= 0 && column[i] <= Double.MAX_VALUE && run.step()[i] > 0) {
        if (n > 0 && column[i] <= tokens[n - 1]) {
          notes.add(
              "the column of tokens does not rise at step "
                  + run.step()[i]
                  + ": progress is counted in steps");
          return UNKNOWN;
        }
        step[n] = run.step()[i];
        tokens[n++] = column[i];
      }
    }
    return n < 2 ? UNKNOWN : between(step, tokens, n, run.step()[run.size() - 1], notes);
  }

  private static StepTokens between(
      long[] step, double[] tokens, int n, long last, List<String> notes) {
    double[] pace = new double[n - 1];
    for (int i = 0; i < n - 1; i++) {
      pace[i] = (tokens[i + 1] - tokens[i]) / (step[i + 1] - step[i]);
    }
    double ahead = Quantiles.median(Arrays.copyOfRange(pace, Math.max(0, n - 6), n - 1));
    double[] perStep = new double[(int) last];
    int k = 0;
    for (int s = 1; s <= last; s++) {
      while (k < n - 2 && s > step[k + 1]) {
        k++;
      }
      perStep[s - 1] = s > step[n - 1] ? ahead : pace[k];
    }
    double early = Quantiles.median(Arrays.copyOfRange(pace, 0, Math.min(5, n - 1)));
    boolean ramp = Math.max(early, ahead) > SAME * Math.min(early, ahead);
    if (ramp) {
      notes.add(
          String.format(
              Locale.ROOT,
              "tokens per step go from %.4g to %.4g: progress is counted in tokens, and steps ahead"
                  + " are taken to have the last number",
              early,
              ahead));
    }
    return new StepTokens(perStep, ahead, tokens[n - 1], ramp);
  }

  /** Returns the weights of steps for {@code Descent}: null where all steps have as many tokens. */
  double[] weights(long steps) {
    if (!ramp) {
      return null;
    }
    double[] all = Arrays.copyOf(perStep, (int) Math.min(steps, 10_000_000));
    if (all.length > perStep.length) {
      Arrays.fill(all, perStep.length, all.length, ahead);
    }
    return all;
  }

  /** Returns the tokens seen at a later step. */
  double at(long step, long last) {
    return seen + ahead * (step - last);
  }
}
