package dev.headroom.scaling.schedule;

import java.util.Locale;

/**
 * A schedule given by a formula: linear warm-up to the peak, then a curve.
 *
 * @param name the word before the parenthesis
 * @param peak highest rate
 * @param warmup steps of linear warm-up
 * @param total steps of the run
 * @param curve rate after warm-up as a function of the step
 * @param rest the text of the shape's own arguments, empty or starting with a comma
 */
record Shape(String name, double peak, long warmup, long total, Curve curve, String rest)
    implements Schedule {

  /** The rate after warm-up. */
  interface Curve {
    double at(long step);
  }

  Shape {
    if (!(peak > 0) || Double.isInfinite(peak)) {
      throw new IllegalArgumentException("peak: " + peak + " (expected: a rate above 0)");
    }
    if (total < 1) {
      throw new IllegalArgumentException("total: " + total + " (expected: at least 1 step)");
    }
    if (warmup < 0 || warmup > total) {
      throw new IllegalArgumentException(
          "warmup: " + warmup + " (expected: 0 to the total of " + total + " steps)");
    }
  }

  static void checkStep(long step) {
    if (step < 1) {
      throw new IllegalArgumentException("step: " + step + " (expected: 1 or more)");
    }
  }

  @Override
  public double lr(long step) {
    checkStep(step);
    if (step <= warmup) {
      return peak * step / warmup;
    }
    return curve.at(Math.min(step, total));
  }

  @Override
  public String text() {
    return String.format(
        Locale.ROOT, "%s(peak=%s,warmup=%d,total=%d%s)", name, peak, warmup, total, rest);
  }

  @Override
  public String toString() {
    return text();
  }
}
