package dev.headroom.scaling.law.text;

import dev.headroom.scaling.law.PreciseLaw;
import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;

/**
 * Does what an {@link Op} does with forty decimal digits, some thousand times slower than a double.
 *
 * <p>Series where a power of two has made the argument small; logarithm and arc tangent by Newton's
 * method from the double, which doubles its sixteen digits twice. Error about 1e-37 of the result
 * (test: DecimalsTest). Throws ArithmeticException where a double would be NaN or infinite.
 */
final class Decimals {

  static final MathContext DIGITS = new MathContext(40, RoundingMode.HALF_EVEN);

  private static final BigDecimal TINY = new BigDecimal("1e-44");
  private static final BigDecimal TWO = BigDecimal.valueOf(2);
  private static final BigDecimal TURN =
      new BigDecimal(
          "6.28318530717958647692528676655900576839433879875021164194988918461563281257");

  private Decimals() {}

  static BigDecimal of(Op op, BigDecimal a, BigDecimal b) {
    return switch (op) {
      case ADD -> a.add(b, DIGITS);
      case SUBTRACT -> a.subtract(b, DIGITS);
      case MULTIPLY -> a.multiply(b, DIGITS);
      case DIVIDE -> a.divide(b, DIGITS);
      case POW -> pow(a, b);
      case POW_LOG -> a.signum() == 0 ? BigDecimal.ZERO : pow(a, b).multiply(log(a), DIGITS);
      case MIN -> a.min(b);
      case MAX -> a.max(b);
      case BELOW -> a.compareTo(b) < 0 ? BigDecimal.ONE : BigDecimal.ZERO;
      case NEGATE -> a.negate();
      case EXP -> exp(a);
      case LOG -> log(a);
      case SQRT -> a.sqrt(DIGITS);
      case SIGMOID -> BigDecimal.ONE.divide(BigDecimal.ONE.add(exp(a.negate()), DIGITS), DIGITS);
      case TANH -> tanh(a);
      case ABS -> a.abs();
      case SIGN -> BigDecimal.valueOf(a.signum());
      case ATAN -> atan(a);
      case SIN -> sin(a);
      case COS -> sin(a.add(TURN.divide(BigDecimal.valueOf(4), DIGITS), DIGITS));
      default -> throw new IllegalStateException(op + " has no operands");
    };
  }

  private static BigDecimal exp(BigDecimal a) {
    double size = Math.abs(a.doubleValue());
    if (size > 1e4) {
      throw new ArithmeticException("exp(" + a + ") is out of range");
    }
    int halvings = Math.max(0, Math.getExponent(size) + 5);
    BigDecimal small = a.divide(TWO.pow(halvings), extended());
    BigDecimal sum = BigDecimal.ONE;
    BigDecimal term = BigDecimal.ONE;
    for (int k = 1; term.abs().compareTo(TINY) > 0; k++) {
      term = term.multiply(small).divide(BigDecimal.valueOf(k), extended());
      sum = sum.add(term);
    }
    for (int k = 0; k < halvings; k++) {
      sum = sum.multiply(sum, extended());
    }
    return sum.round(DIGITS);
  }

  /** Squaring doubles the relative error: a few digits more than are wanted. */
  private static MathContext extended() {
    return new MathContext(50, RoundingMode.HALF_EVEN);
  }

  private static BigDecimal log(BigDecimal a) {
    if (a.signum() <= 0) {
      throw new ArithmeticException("log(" + a + ")");
    }
    int scale = a.precision() - a.scale();
    BigDecimal mantissa = a.scaleByPowerOfTen(-scale);
    BigDecimal log = PreciseLaw.decimal(Math.log(mantissa.doubleValue()) + scale * Math.log(10));
    for (int round = 0; round < 3; round++) {
      BigDecimal off = a.multiply(exp(log.negate()), DIGITS).subtract(BigDecimal.ONE);
      BigDecimal square = off.multiply(off, DIGITS).divide(TWO, DIGITS);
      log = log.add(off.subtract(square), DIGITS);
    }
    return log;
  }

  private static BigDecimal pow(BigDecimal a, BigDecimal b) {
    boolean whole = b.stripTrailingZeros().scale() <= 0 && b.abs().intValue() <= 999;
    if (whole && b.abs().compareTo(BigDecimal.valueOf(999)) <= 0) {
      return a.pow(b.intValueExact(), DIGITS);
    }
    return a.signum() == 0 && b.signum() > 0
        ? BigDecimal.ZERO
        : exp(b.multiply(log(a), extended()));
  }

  private static BigDecimal tanh(BigDecimal a) {
    BigDecimal twice = exp(a.multiply(TWO));
    return twice.subtract(BigDecimal.ONE).divide(twice.add(BigDecimal.ONE), DIGITS);
  }

  private static BigDecimal sin(BigDecimal a) {
    BigDecimal turns = a.divide(TURN, DIGITS).setScale(0, RoundingMode.HALF_EVEN);
    BigDecimal small = a.subtract(turns.multiply(TURN));
    BigDecimal square = small.multiply(small, extended()).negate();
    BigDecimal term = small;
    BigDecimal sum = small;
    for (int k = 2; term.abs().compareTo(TINY) > 0; k += 2) {
      BigDecimal by = BigDecimal.valueOf((long) k * (k + 1));
      term = term.multiply(square).divide(by, extended());
      sum = sum.add(term);
    }
    return sum.round(DIGITS);
  }

  private static BigDecimal atan(BigDecimal a) {
    BigDecimal angle = PreciseLaw.decimal(Math.atan(a.doubleValue()));
    for (int round = 0; round < 2; round++) {
      BigDecimal sine = of(Op.SIN, angle, angle);
      BigDecimal cosine = of(Op.COS, angle, angle);
      BigDecimal off = sine.subtract(a.multiply(cosine, DIGITS), DIGITS);
      angle = angle.subtract(off.multiply(cosine, DIGITS), DIGITS);
    }
    return angle;
  }
}
