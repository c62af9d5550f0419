package dev.headroom.cli.train;

import java.math.BigDecimal;
import java.util.List;

/**
 * A training loss that the study of number losses tries: {@code cross-entropy}, {@code
 * z-loss:WEIGHT} or a {@link NumberLoss}, each beside the cross-entropy.
 *
 * @param name in its one form
 * @param zLoss weight of the squared log-sum-exp
 * @param numberLoss text of the loss on numbers
 */
record NumberVariant(String name, double zLoss, String numberLoss) {
  /** What others are compared with. */
  static final String BASE = "cross-entropy";

  /** All that are tried where none is named. */
  static final List<String> ALL =
      List.of(
          BASE,
          "z-loss:0.0001",
          "wasserstein:0.3",
          "wasserstein:0.003",
          "wasserstein-mass:0.003",
          "squashed:0.3",
          "squared:0.00001",
          "absolute:0.003",
          "huber:0.003",
          "gaussian:0.3",
          "whole:0.3");

  private static final String Z_LOSS = "z-loss";

  /** Reads a name. */
  static NumberVariant parse(String text) {
    if (text.equals(BASE)) {
      return new NumberVariant(BASE, 0, NumberLoss.NONE);
    }
    if (text.equals(Z_LOSS) || text.startsWith(Z_LOSS + ":")) {
      double weight = text.equals(Z_LOSS) ? 1e-4 : weight(text);
      String number = BigDecimal.valueOf(weight).stripTrailingZeros().toPlainString();
      return new NumberVariant(Z_LOSS + ":" + number, weight, NumberLoss.NONE);
    }
    String canonical = NumberLoss.canonical(text);
    if (canonical.equals(NumberLoss.NONE)) {
      return parse(BASE);
    }
    return new NumberVariant(canonical, 0, canonical);
  }

  private static double weight(String text) {
    try {
      double weight = Double.parseDouble(text.substring(Z_LOSS.length() + 1));
      if (weight > 0 && weight < Double.POSITIVE_INFINITY) {
        return weight;
      }
    } catch (NumberFormatException e) {
      // said below
    }
    throw new IllegalArgumentException(
        "--number-losses: " + text + " (expected: z-loss:WEIGHT, a positive weight)");
  }
}
