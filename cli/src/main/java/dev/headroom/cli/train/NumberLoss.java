package dev.headroom.cli.train;

import dev.headroom.head.NumberTokens;
import dev.headroom.head.RowLoss;
import dev.headroom.head.losses.NumberTokenLoss;
import dev.headroom.head.losses.NumberTokenLoss.Distance;
import dev.headroom.head.losses.WholeNumberLoss;
import java.math.BigDecimal;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * A loss on number tokens that is added to the cross-entropy, as text: {@code KIND[-mass][:WEIGHT]}
 * or {@code none}.
 *
 * @param kind which loss
 * @param byMass whether the mass outside number tokens is charged too
 * @param weight its factor, positive
 */
record NumberLoss(Kind kind, boolean byMass, double weight) {
  /** How the text of settings says that there is none. */
  static final String NONE = "none";

  private static final double DEFAULT_WEIGHT = 0.3;
  private static final double SQUASH = 5;
  private static final double SIGMA = 1;
  private static final String MASS = "-mass";

  /** The losses, named as on the command line. */
  enum Kind {
    /** Expected distance. */
    WASSERSTEIN,
    /** Squared distance of the expectation. */
    SQUARED,
    /** Distance of the expectation. */
    ABSOLUTE,
    /** Huber's function of that distance. */
    HUBER,
    /** Expected distance, squashed to 1 to 5. */
    SQUASHED,
    /** Cross-entropy against a Gaussian of deviation 1. */
    GAUSSIAN,
    /** Relative error of the whole number. */
    WHOLE;

    boolean hasMass() {
      return this != GAUSSIAN && this != WHOLE;
    }

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  NumberLoss {
    if (!(weight > 0 && weight < Double.POSITIVE_INFINITY)) {
      throw bad("weight " + weight, "a positive weight");
    }
    if (byMass && !kind.hasMass()) {
      throw bad(
          kind + MASS, kind + "; it has no largest value to charge the mass of other tokens with");
    }
  }

  private static IllegalArgumentException bad(String actual, String rule) {
    return new IllegalArgumentException("--number-loss: " + actual + " (expected: " + rule + ")");
  }

  /** Reads a text; null for none. */
  static NumberLoss parse(String text) {
    if (text.equalsIgnoreCase(NONE)) {
      return null;
    }
    int colon = text.indexOf(':');
    String name = (colon < 0 ? text : text.substring(0, colon)).toLowerCase(Locale.ROOT);
    boolean byMass = name.endsWith(MASS);
    String bare = byMass ? name.substring(0, name.length() - MASS.length()) : name;
    List<Kind> kinds = Arrays.asList(Kind.values());
    Kind kind =
        kinds.stream()
            .filter(k -> k.toString().equals(bare))
            .findAny()
            .orElseThrow(
                () ->
                    bad(
                        text,
                        "KIND:WEIGHT or none; KIND is one of "
                            + kinds.stream().map(Kind::toString).collect(Collectors.joining(", "))
                            + ", with the ending -mass for all but gaussian and whole"));
    return new NumberLoss(
        kind, byMass, colon < 0 ? DEFAULT_WEIGHT : weight(text, text.substring(colon + 1)));
  }

  private static double weight(String text, String number) {
    try {
      return Double.parseDouble(number);
    } catch (NumberFormatException e) {
      throw bad(text, "a number after the colon");
    }
  }

  /** Returns a text in its one form, {@code wasserstein:0.3}; null counts as none. */
  static String canonical(String text) {
    NumberLoss loss = text == null ? null : parse(text);
    return loss == null ? NONE : loss.text();
  }

  /** Returns the text that gives this again. */
  String text() {
    String number = BigDecimal.valueOf(weight).stripTrailingZeros().toPlainString();
    return kind + (byMass ? MASS : "") + ":" + number;
  }

  /** Makes the loss over these number tokens. */
  RowLoss over(NumberTokens numbers) {
    if (kind == Kind.WHOLE) {
      return new WholeNumberLoss(numbers, weight);
    }
    NumberTokenLoss loss =
        switch (kind) {
          case SQUARED -> NumberTokenLoss.dotProduct(numbers, Distance.SQUARED);
          case ABSOLUTE -> NumberTokenLoss.dotProduct(numbers, Distance.ABSOLUTE);
          case HUBER -> NumberTokenLoss.dotProduct(numbers, Distance.HUBER);
          case SQUASHED -> NumberTokenLoss.squashed(numbers, SQUASH);
          case GAUSSIAN -> NumberTokenLoss.gaussian(numbers, SIGMA);
          default -> NumberTokenLoss.wasserstein(numbers);
        };
    return (byMass ? loss.byNumberMass() : loss).withWeight(weight);
  }
}
