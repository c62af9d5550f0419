package dev.headroom.scaling.fit;

import java.io.Serializable;

/**
 * Says what is known of a parameter before the data: {@code z^2 / 2} is added to the negative
 * log-likelihood, with {@code z = (theta - centre) / deviation}, or of logarithms.
 *
 * <p>Objectives that are no likelihood are brought to its unit by the dispersion of the residuals,
 * so a prior counts as much as data of the same precision.
 *
 * @param centre the most likely value
 * @param deviation standard deviation, of the logarithm where {@code logarithmic}
 * @param logarithmic whether the logarithm of the parameter is normal
 */
public record Prior(double centre, double deviation, boolean logarithmic) implements Serializable {

  public Prior {
    if (!Double.isFinite(centre) || (logarithmic && !(centre > 0))) {
      throw new IllegalArgumentException(
          "prior centre: "
              + (centre + " (expected: a finite number" + (logarithmic ? " above 0)" : ")")));
    }
    if (!(deviation > 0) || Double.isInfinite(deviation)) {
      throw new IllegalArgumentException(
          "prior deviation: "
              + (deviation + " (expected: a finite number above 0; fix the parameter instead)"));
    }
  }

  /** Creates a normal prior on the parameter. */
  public static Prior normal(double mean, double deviation) {
    return new Prior(mean, deviation, false);
  }

  /** Creates a normal prior on the logarithm of the parameter. */
  public static Prior logNormal(double median, double deviation) {
    return new Prior(median, deviation, true);
  }

  /** Returns the distance from the centre in deviations; NaN where a logarithm has no value. */
  double z(double theta) {
    return (logarithmic ? Math.log(theta / centre) : theta - centre) / deviation;
  }

  /** Returns the derivative of {@link #z}. */
  double slope(double theta) {
    return (logarithmic ? 1 / theta : 1) / deviation;
  }
}
