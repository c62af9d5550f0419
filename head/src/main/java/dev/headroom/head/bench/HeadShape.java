package dev.headroom.head.bench;

/**
 * The sizes of one measurement.
 *
 * @param n rows (tokens)
 * @param d width
 * @param v classes
 */
public record HeadShape(int n, int d, int v) {

  /** Checks that all are positive. */
  public HeadShape {
    if (n < 1 || d < 1 || v < 1) {
      throw new IllegalArgumentException(
          "shape: " + n + "," + d + "," + v + " (expected: three positive numbers N,D,V)");
    }
  }

  /** Reads {@code N,D,V}. */
  public static HeadShape parse(String text) {
    String[] parts = text.split(",", -1);
    try {
      if (parts.length == 3) {
        return new HeadShape(number(parts[0]), number(parts[1]), number(parts[2]));
      }
    } catch (NumberFormatException e) {
      // the refusal below says all there is to say
    }
    throw new IllegalArgumentException(
        "shape: " + text + " (expected: three positive numbers N,D,V, such as 2048,256,200064)");
  }

  private static int number(String text) {
    return Integer.parseInt(text.trim());
  }

  /** Returns the bytes of dE and dC together. */
  long gradientBytes() {
    return 4L * d * ((long) n + v);
  }

  @Override
  public String toString() {
    return n + "," + d + "," + v;
  }
}
