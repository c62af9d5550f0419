package dev.headroom.cli.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Chooses the values at which an axis is labelled: 1, 2 or 5 times a power of ten.
 *
 * <p>A logarithmic axis over less than a decade (losses, mostly) takes evenly spaced values
 * instead, since 1-2-5 would leave it with one label or none.
 */
final class Ticks {

  /** A labelled value. */
  record Tick(double value, String label) {}

  private Ticks() {}

  /** Returns the ticks inside the axis, least first, at most about {@code most} of them. */
  static List<Tick> of(Axis axis, int most) {
    if (axis.scale() == Scale.LOG && axis.high() / axis.low() >= 8) {
      return decades(axis, most);
    }
    return even(axis, most);
  }

  private static List<Tick> even(Axis axis, int most) {
    double raw = (axis.high() - axis.low()) / Math.max(1, most);
    double power = Math.pow(10, Math.floor(Math.log10(raw)));
    double step = power;
    for (double factor : new double[] {1, 2, 5, 10}) {
      step = factor * power;
      if (step >= raw * (1 - 1e-9)) {
        break;
      }
    }
    List<Tick> ticks = new ArrayList<>();
    long first = (long) Math.ceil(axis.low() / step - 1e-9);
    long last = (long) Math.floor(axis.high() / step + 1e-9);
    for (long k = first; k <= last; k++) {
      double value = k * step;
      ticks.add(new Tick(value, label(value, step)));
    }
    return ticks;
  }

  private static List<Tick> decades(Axis axis, int most) {
    int from = (int) Math.floor(Math.log10(axis.low()));
    int to = (int) Math.ceil(Math.log10(axis.high()));
    double span = Math.log10(axis.high() / axis.low());
    double[] factors =
        span * 3 <= most
            ? new double[] {1, 2, 5}
            : span * 2 <= most ? new double[] {1, 3} : new double[] {1};
    int stride = (int) Math.max(1, Math.ceil(span / most));
    List<Tick> ticks = new ArrayList<>();
    for (int exponent = from; exponent <= to; exponent++) {
      if (Math.floorMod(exponent, stride) != 0) {
        continue;
      }
      for (double factor : factors) {
        double value = Double.parseDouble(factor + "e" + exponent);
        if (value >= axis.low() * (1 - 1e-9) && value <= axis.high() * (1 + 1e-9)) {
          ticks.add(new Tick(value, label(value, value)));
        }
      }
    }
    return ticks;
  }

  /** Writes a tick's value with the digits that its step needs: {@code 3.25}, {@code 20k}. */
  static String label(double value, double step) {
    double size = Math.abs(value);
    if (size == 0) {
      return "0";
    }
    if (size >= 1e16 || Math.max(size, step) < 1e-4) {
      return String.format(Locale.ROOT, "%.0e", value).replace("e+", "e").replace("e-0", "e-");
    }
    String[] suffixes = {"", "k", "M", "B", "T"};
    int group = size < 1e4 ? 0 : Math.min(4, (int) (Math.log10(size * (1 + 1e-12)) / 3));
    double unit = Math.pow(1000, group);
    int digits = (int) Math.max(0, -Math.floor(Math.log10(step / unit) + 1e-9));
    String text = String.format(Locale.ROOT, "%." + Math.min(digits, 6) + "f", value / unit);
    return text + suffixes[group];
  }
}
