package dev.headroom.scaling.log;

/**
 * Reads decimal numbers out of a buffer, to the last bit as {@link Double#parseDouble} does.
 *
 * <p>A mantissa of at most 18 digits and a power of ten up to 10^22, which is exact as a double,
 * cover nearly all that loggers write. The quotient or product is formed as a head and a tail, each
 * a double, by exact products (Dekker 1971); the tail is right to 2^-50 of a unit in the last place
 * of the head, so that rounding is certain unless the tail is that near to a half. There, and for
 * everything else, {@code parseDouble} decides. No number makes an object on the way.
 */
final class Decimals {
  private static final double[] TEN = new double[23];

  static {
    double power = 1;
    for (int i = 0; i < TEN.length; i++) {
      TEN[i] = power;
      power *= 10;
    }
  }

  private Decimals() {}

  /** Reads the number that fills the range, {@link Run#ABSENT} where it is not a plain decimal. */
  static double parse(char[] text, int from, int to) {
    int at = from;
    boolean minus = at < to && text[at] == '-';
    if (minus || (at < to && text[at] == '+')) {
      at++;
    }
    long mantissa = 0;
    int digits = 0;
    int point = -1;
    int first = at;
    for (; at < to; at++) {
      char c = text[at];
      if (c >= '0' && c <= '9') {
        mantissa = 10 * mantissa + (c - '0');
        digits += mantissa == 0 ? 0 : 1;
        if (digits > 18) {
          return slow(text, from, to);
        }
      } else if (c == '.' && point < 0) {
        point = at;
      } else {
        break;
      }
    }
    int mantissaEnd = at;
    if (mantissaEnd - first - (point < 0 ? 0 : 1) < 1) {
      return Run.ABSENT;
    }
    int exponent = 0;
    if (at < to) {
      if (text[at] != 'e' && text[at] != 'E') {
        return Run.ABSENT;
      }
      at++;
      boolean below = at < to && text[at] == '-';
      if (below || (at < to && text[at] == '+')) {
        at++;
      }
      if (at == to || to - at > 4) {
        return slow(text, from, to);
      }
      for (; at < to; at++) {
        if (text[at] < '0' || text[at] > '9') {
          return Run.ABSENT;
        }
        exponent = 10 * exponent + text[at] - '0';
      }
      exponent = below ? -exponent : exponent;
    }
    exponent -= point < 0 ? 0 : mantissaEnd - point - 1;
    double value = scale(mantissa, exponent);
    if (value < 0) {
      return slow(text, from, to);
    }
    return minus ? -value : value;
  }

  /** Returns mantissa times a power of ten, -1 where rounding is not certain. */
  private static double scale(long mantissa, int exponent) {
    if (mantissa == 0) {
      return 0;
    }
    if (exponent < -22 || exponent > 22) {
      return -1;
    }
    double head = mantissa;
    if (exponent == 0) {
      return head;
    }
    double power = TEN[Math.abs(exponent)];
    double tail = mantissa - (long) head;
    if (tail == 0 && mantissa <= 1L << 53) {
      return exponent < 0 ? head / power : head * power;
    }
    double result = exponent < 0 ? head / power : head * power;
    double rest;
    if (exponent < 0) {
      rest = (-error(result, power, head) + tail) / power;
    } else {
      rest = error(head, power, result) + tail * power;
    }
    double sum = result + rest;
    double left = Math.abs(rest - (sum - result));
    double half = 0.5 * Math.ulp(sum);
    return left > half * (1 - 1e-9) ? -1 : sum;
  }

  /** Returns {@code a * b - product} exactly, where product is about a * b. */
  private static double error(double a, double b, double product) {
    double split = 134217729 * a;
    double ah = split - (split - a);
    double al = a - ah;
    split = 134217729 * b;
    double bh = split - (split - b);
    double bl = b - bh;
    return ((ah * bh - product) + ah * bl + al * bh) + al * bl;
  }

  private static double slow(char[] text, int from, int to) {
    try {
      return Double.parseDouble(new String(text, from, to - from));
    } catch (NumberFormatException e) {
      return Run.ABSENT;
    }
  }
}
