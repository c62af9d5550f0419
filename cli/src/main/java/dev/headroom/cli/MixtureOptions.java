package dev.headroom.cli;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParseResult;

/** The options that ask for the proportions of training data. */
final class MixtureOptions {

  /** What has no meaning for proportions, and would be ignored in silence. */
  private static final Set<String> BUDGET =
      Set.of(
          "--flops",
          "--law",
          "--serve",
          "--unique",
          "--min-params",
          "--max-params",
          "--max-tokens",
          "--runs-budget",
          "--chart",
          "--map");

  @Option(
      names = "--mixture",
      paramLabel = "COLUMN,...",
      description = "Plan the data: the columns with the proportions of all domains, 0 to 1.")
  String mixture;

  @Option(
      names = "--target",
      paramLabel = "COLUMN=WEIGHT,...",
      description = "The losses to make small, in nats per token, and what each counts.")
  String target;

  @Option(
      names = "--bound",
      paramLabel = "COLUMN=LOW:HIGH",
      description = "Keep a proportion between two values; either may be left out. Repeatable.")
  List<String> bounds = new ArrayList<>();

  /**
   * Says whether proportions are asked for.
   *
   * @throws IllegalArgumentException for options of the other kind of plan
   */
  boolean asked(ParseResult parsed) {
    if (mixture == null) {
      if (target != null || !bounds.isEmpty()) {
        throw new IllegalArgumentException(
            (target != null ? "--target" : "--bound")
                + ": given without --mixture (expected: both)");
      }
      return false;
    }
    for (OptionSpec option : parsed.matchedOptionsSet()) {
      if (BUDGET.contains(option.longestName())) {
        throw new IllegalArgumentException(
            option.longestName() + ": given with --mixture (expected: one of the two)");
      }
    }
    return true;
  }

  /** Returns the columns of the proportions. */
  List<String> domains() {
    List<String> names = Arrays.stream(mixture.split(",", -1)).map(String::strip).toList();
    if (names.contains("") || Set.copyOf(names).size() < names.size() || names.size() < 2) {
      throw refused("--mixture", mixture, "two columns or more, each once, for example web,code");
    }
    return names;
  }

  /** Returns the weights by column, in the order given. */
  Map<String, Double> weights() {
    String rule = "COLUMN=WEIGHT,..., for example loss_a=0.7,loss_b=0.3";
    if (target == null) {
      throw new IllegalArgumentException("--target: not given (expected: " + rule + ")");
    }
    Map<String, Double> weights = new LinkedHashMap<>();
    for (String part : target.split(",", -1)) {
      int equals = part.lastIndexOf('=');
      String name = equals < 0 ? "" : part.substring(0, equals).strip();
      if (name.isEmpty() || weights.containsKey(name)) {
        throw refused("--target", target, rule);
      }
      double weight = number("--target", part, part.substring(equals + 1), rule);
      if (!(weight > 0)) {
        throw refused("--target", part, "a weight above 0; leave out what does not count");
      }
      weights.put(name, weight);
    }
    return weights;
  }

  /** Sets lower and upper bounds of the domains. */
  void bound(List<String> domains, double[] low, double[] high) {
    Arrays.fill(high, 1);
    for (String text : bounds) {
      String rule = "COLUMN=LOW:HIGH with one of " + String.join(", ", domains);
      int equals = text.lastIndexOf('=');
      int domain = equals < 0 ? -1 : domains.indexOf(text.substring(0, equals).strip());
      String[] ends = text.substring(equals + 1).split(":", -1);
      if (domain < 0 || ends.length != 2) {
        throw refused("--bound", text, rule);
      }
      low[domain] = ends[0].isBlank() ? 0 : number("--bound", text, ends[0], rule);
      high[domain] = ends[1].isBlank() ? 1 : number("--bound", text, ends[1], rule);
    }
  }

  private static double number(String option, String whole, String text, String rule) {
    if (text.strip().matches("[-+]?([0-9]+\\.?[0-9]*|\\.[0-9]+)([eE][-+]?[0-9]{1,3})?")) {
      double value = Double.parseDouble(text.strip());
      if (Double.isFinite(value)) {
        return value;
      }
    }
    throw refused(option, whole, rule);
  }

  private static IllegalArgumentException refused(String option, String text, String rule) {
    return new IllegalArgumentException(option + ": " + text + " (expected: " + rule + ")");
  }
}
