package dev.headroom.scaling.log;

import java.util.List;
import java.util.Set;

/** Guesses the column of a quantity that no column has the usual name of. */
final class LikelyColumns {
  private static final Set<String> VALIDATION =
      Set.of("val", "valid", "validation", "eval", "evaluation", "test", "dev");
  private static final Set<String> LOSS_BY_ANOTHER_NAME =
      Set.of("nll", "entropy", "bpb", "bpt", "bpc");
  private static final Set<String> NO_LOSS =
      Set.of(
          "scale",
          "z",
          "aux",
          "auxiliary",
          "balance",
          "balancing",
          "lb",
          "moe",
          "mtp",
          "router",
          "reg",
          "grad",
          "kl",
          "penalty",
          "max",
          "min",
          "std",
          "var");
  private static final Set<String> SIZES = Set.of("n", "params", "parameters", "size", "flops");
  private static final List<String> AXES =
      List.of(
          "consumed_samples",
          "samples",
          "num_samples",
          "consumed_tokens",
          "tokens_seen",
          "total_tokens",
          "tokens",
          "epoch",
          "epochs");

  private LikelyColumns() {}

  static String of(String quantity, List<String> present) {
    switch (quantity) {
      case "loss":
        String train = loss(present, false);
        return train == null ? loss(present, true) : train;
      case "val_loss":
        return loss(present, true);
      case "step":
        return step(present);
      default:
        return null;
    }
  }

  /** Finds a loss; one whose name says training before one whose name says nothing. */
  private static String loss(List<String> present, boolean validation) {
    String found = null;
    for (String name : present) {
      List<String> words = words(name);
      String end = words.isEmpty() ? "" : words.get(words.size() - 1);
      if (end.equals("step") || end.equals("epoch")) {
        words = words.subList(0, words.size() - 1);
        end = words.isEmpty() ? "" : words.get(words.size() - 1);
      }
      boolean isLoss = end.endsWith("loss") || LOSS_BY_ANOTHER_NAME.contains(end);
      if (!isLoss || words.stream().anyMatch(NO_LOSS::contains)) {
        continue;
      }
      if (words.stream().anyMatch(VALIDATION::contains) == validation) {
        if (words.contains("train") || words.contains("training")) {
          return name;
        }
        found = found == null ? name : found;
      }
    }
    return found;
  }

  /** Says whether a name speaks of an evaluation. */
  static boolean isValidation(String name) {
    return words(name).stream().anyMatch(VALIDATION::contains);
  }

  private static String step(List<String> present) {
    for (String name : present) {
      String plain = RunColumns.plain(name);
      if (plain.matches(".*_(global_)?(steps?|iterations?|iters?)") && !plain.contains("per_")) {
        return name;
      }
    }
    // A table of final losses has sizes; in it tokens are no axis.
    boolean table = present.stream().anyMatch(n -> SIZES.contains(RunColumns.plain(n)));
    for (String axis : table ? List.<String>of() : AXES) {
      for (String name : present) {
        if (RunColumns.plain(name).equals(axis)) {
          return name;
        }
      }
    }
    return null;
  }

  /** Returns what an axis of this name counts. */
  static String unit(String column) {
    List<String> words = column == null ? List.of() : words(column);
    if (words.contains("tokens") || words.contains("token")) {
      return "tokens";
    }
    if (words.contains("samples") || words.contains("sequences") || words.contains("examples")) {
      return "samples";
    }
    if (words.contains("flops") || words.contains("flop") || words.contains("compute")) {
      return "FLOPs";
    }
    if (words.contains("epoch") || words.contains("epochs")) {
      return "epochs";
    }
    for (String word : words) {
      if (word.matches("(steps?|it|iters?|iterations?|updates?|batch(es)?)")) {
        return "steps";
      }
    }
    return "unknown";
  }

  private static List<String> words(String name) {
    String plain = RunColumns.plain(name).replace("crossentropy", "cross_entropy_");
    return List.of(plain.replaceAll("^_+|_+$", "").split("_+"));
  }
}
