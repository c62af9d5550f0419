package dev.headroom.scaling.fit;

import dev.headroom.scaling.law.Law;

/** Fits a law to observations. */
public final class Fitter {

  private Fitter() {}

  /**
   * Fits a law.
   *
   * @throws IllegalArgumentException for fewer points than parameters or a number outside the
   *     domain of the law, naming row and value
   */
  public static Fit fit(Law law, Observations data, FitOptions options) {
    data.check(law);
    throw new UnsupportedOperationException("fitting lands with the next commit: " + options);
  }
}
