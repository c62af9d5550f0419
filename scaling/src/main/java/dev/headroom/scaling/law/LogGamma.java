package dev.headroom.scaling.law;

/**
 * Gives ratios and the slope of the logarithm of the gamma function for positive numbers.
 *
 * <p>Stirling's series above {@value #FAR}, the recurrence below; error about 1e-14 (test:
 * LogGammaTest).
 */
final class LogGamma {

  private static final double FAR = 12;

  private LogGamma() {}

  /**
   * Returns {@code log(gamma(z + a) / gamma(z))}, without the loss of digits that the difference of
   * two large logarithms has.
   */
  static double ratio(double z, double a) {
    double below = 0;
    double at = z;
    for (; at < FAR; at++) {
      below += Math.log1p(a / at);
    }
    return (at - .5) * Math.log1p(a / at)
        + a * (Math.log(at + a) - 1)
        + (series(at + a) - series(at))
        - below;
  }

  private static double series(double z) {
    double r = 1 / (z * z);
    return (1. / 12 + r * (-1. / 360 + r * (1. / 1260 + r * (-1. / 1680 + r * (1. / 1188))))) / z;
  }

  /** Returns the derivative of {@code log(gamma(z))}, the digamma function. */
  static double slope(double z) {
    double below = 0;
    double at = z;
    for (; at < FAR; at++) {
      below += 1 / at;
    }
    double r = 1 / (at * at);
    double series =
        r * (1. / 12 + r * (-1. / 120 + r * (1. / 252 + r * (-1. / 240 + r * (1. / 132)))));
    return Math.log(at) - .5 / at - series - below;
  }
}
