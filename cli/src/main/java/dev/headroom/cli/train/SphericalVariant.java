package dev.headroom.cli.train;

import ai.djl.ndarray.NDArray;
import dev.headroom.head.SphericalFunction;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;

/**
 * A loss that the study of spherical heads tries: {@code softmax}, {@code z:A:B}, {@code
 * spherical:EPS}, {@code taylor} or {@code squared}.
 *
 * @param name in its one form
 * @param function null for the softmax cross-entropy of the fused head
 * @param score rises with the probability that the loss gives an output; for the Z-loss and the
 *     squared error, which give none, with the output
 */
record SphericalVariant(String name, SphericalFunction function, UnaryOperator<NDArray> score) {
  /** What others are compared with. */
  static final String BASE = "softmax";

  /** All that are tried where none is named. */
  static final List<String> ALL = List.of(BASE, "z:0.1:10", "z:1:10", "spherical:0.01", "taylor");

  private static final String RULE =
      "softmax, z:A:B, spherical:EPS, taylor or squared, with A and EPS positive";

  /** Reads a name. */
  static SphericalVariant parse(String text) {
    String[] parts = text.split(":", -1);
    List<Double> numbers = new ArrayList<>();
    try {
      for (int i = 1; i < parts.length; i++) {
        numbers.add(Double.parseDouble(parts[i]));
      }
      return switch (parts[0] + "/" + numbers.size()) {
        case "softmax/0" -> new SphericalVariant(BASE, null, o -> o);
        case "squared/0" ->
            new SphericalVariant("squared", new SphericalFunction.SquaredError(), o -> o);
        // f(o) = ((1 + o)^2 + 1) / 2
        case "taylor/0" ->
            new SphericalVariant(
                "taylor", new SphericalFunction.TaylorSoftmax(), o -> o.add(1).square());
        case "z/0" -> parse("z:0.1:10");
        case "z/2" -> {
          double a = numbers.get(0);
          double b = numbers.get(1);
          String name = "z:" + plain(a) + ":" + plain(b);
          yield new SphericalVariant(name, new SphericalFunction.ZLoss(a, b), o -> o);
        }
        case "spherical/0" -> parse("spherical:0.01");
        case "spherical/1" -> {
          double eps = numbers.get(0);
          yield new SphericalVariant(
              "spherical:" + plain(eps),
              new SphericalFunction.SphericalSoftmax(eps),
              NDArray::square);
        }
        default -> throw new IllegalArgumentException();
      };
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("--spherical: " + text + " (expected: " + RULE + ")");
    }
  }

  private static String plain(double value) {
    return BigDecimal.valueOf(value).stripTrailingZeros().toPlainString();
  }
}
