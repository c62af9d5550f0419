package dev.headroom.scaling.law;

import java.math.BigDecimal;

/**
 * A law that can also be evaluated to about forty digits, for points that are exact to more digits
 * than the rounding of a double leaves.
 */
public interface PreciseLaw extends Law {

  /**
   * Returns the value; slow.
   *
   * @param x one number a variable
   * @param theta one number a parameter
   * @throws ArithmeticException where there is no finite value
   */
  BigDecimal precise(BigDecimal[] x, BigDecimal[] theta);

  /**
   * Returns the shortest decimal that reads as this double: what was written, as a rule.
   *
   * @throws ArithmeticException for NaN and infinities
   */
  static BigDecimal decimal(double value) {
    if (!Double.isFinite(value)) {
      throw new ArithmeticException(value + " has no decimal");
    }
    return new BigDecimal(Double.toString(value));
  }
}
