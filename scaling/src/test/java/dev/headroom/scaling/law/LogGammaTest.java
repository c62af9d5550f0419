package dev.headroom.scaling.law;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class LogGammaTest {

  @Test
  void ratiosAndSlopesAreThoseOfKnownValues() {
    // gamma(1/2) = sqrt(pi), gamma(z + 1) = z gamma(z), digamma(1) = -0.57721566490153286.
    assertEquals(-.5 * Math.log(Math.PI), LogGamma.ratio(.5, .5), 1e-14);
    assertEquals(Math.log(24 * 120.0), LogGamma.ratio(1, 4) + LogGamma.ratio(1, 5), 1e-13);
    assertEquals(Math.log(1e5), LogGamma.ratio(1e5, 1), 1e-13);
    assertEquals(-.57721566490153286, LogGamma.slope(1), 1e-14);
    assertEquals(-.57721566490153286 + 1 + 1 / 2. + 1 / 3., LogGamma.slope(4), 1e-14);
  }
}
