package dev.headroom.cli.train;

import dev.headroom.scaling.schedule.Schedule;
import picocli.CommandLine.Option;

/** The options that decide the numbers of a run; null where not given. */
final class TrainOptions {
  @Option(names = "--width", paramLabel = "D", description = "Width of the model (default: 64).")
  Integer width;

  @Option(names = "--layers", paramLabel = "L", description = "Layers (default: 2).")
  Integer layers;

  @Option(
      names = "--heads",
      paramLabel = "H",
      description = "Attention heads (default: one for 32 of the width).")
  Integer heads;

  @Option(names = "--context", paramLabel = "T", description = "Tokens of a window (default: 128).")
  Integer context;

  @Option(names = "--batch", paramLabel = "B", description = "Windows of a step (default: 4).")
  Integer batch;

  @Option(
      names = "--schedule",
      paramLabel = "TEXT",
      description =
          "Learning rates, for example 'wsd(peak=3e-3,warmup=30,decay=25%%,total=300)'. Where total"
              + " is left out it is --steps. Default: cosine(peak=3e-3,warmup=10%%,final=10%%).")
  String schedule;

  @Option(
      names = "--seed",
      paramLabel = "S",
      description = "Seed of weights, batches and dropout (default: 1).")
  Long seed;

  @Option(
      names = "--weight-decay",
      paramLabel = "W",
      description = "Decoupled decay of matrices (default: 0.1).")
  Double weightDecay;

  @Option(
      names = "--clip",
      paramLabel = "C",
      description = "Limit of the global gradient norm, 0 for none (default: 1).")
  Double clip;

  @Option(
      names = "--z-loss",
      paramLabel = "Z",
      description = "Weight of the squared log-sum-exp (default: 0).")
  Double zLoss;

  @Option(
      names = "--number-loss",
      paramLabel = "KIND:WEIGHT",
      description =
          "Add a loss on rows whose target is a number token: wasserstein, squared, absolute, huber,"
              + " squashed (1 to 5), gaussian (deviation 1) or whole (relative error of the whole"
              + " number); all but the last two also with the ending -mass, which charges"
              + " probability outside number tokens. The weight may be left out: 0.3. Values of"
              + " o200k go to 999, so plain distances want a weight near 0.003 (default: none).")
  String numberLoss;

  @Option(
      names = "--dropout",
      paramLabel = "P",
      description = "Chance that an activation is dropped (default: 0).")
  Double dropout;

  @Option(
      names = "--delivery",
      paramLabel = "WAY",
      description = "How the head's gradient reaches it: fused or autograd (default: fused).")
  String delivery;

  @Option(
      names = "--compute",
      paramLabel = "TYPE",
      description = "Operands of the head's products: float32 or bfloat16 (default: float32).")
  String compute;

  @Option(
      names = "--workspace",
      paramLabel = "MIB",
      description = "Scratch memory of the head in MiB (default: 128).")
  Integer workspace;

  @Option(
      names = "--plain",
      description =
          "Use DJL's own linear head, softmax cross-entropy and Adam, for comparison: without clipping, decay and checkpoint, and with many times the memory.")
  Boolean plain;

  @Option(
      names = "--eval-every",
      paramLabel = "K",
      description =
          "Steps between two evaluations on held-out text (default: 20). Its loss is the mean nll in"
              + " nats a token, whatever --z-loss and --number-loss add to the training loss.")
  Integer evalEvery;

  @Option(
      names = "--eval-batches",
      paramLabel = "E",
      description = "Batches of an evaluation (default: 4).")
  Integer evalBatches;

  @Option(
      names = "--holdout",
      paramLabel = "SHARE",
      description = "Share of the corpus that is held out (default: 0.05).")
  Double holdout;

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "Threads (default: all processors). The last bits of a run depend on it.")
  Integer threads;

  private static <T> T or(T given, T otherwise) {
    return given == null ? otherwise : given;
  }

  /** Returns the settings of a new run of so many steps. */
  TrainSettings settings(long steps) {
    int d = or(width, 64);
    int guess = Math.max(1, d / 32);
    int fitting = d % guess == 0 ? guess : 1;
    String text = or(schedule, "cosine(peak=3e-3,warmup=10%,final=10%)");
    return over(
        new TrainSettings(
            d,
            2,
            fitting,
            128,
            4,
            withTotal(text, steps),
            1,
            0.1,
            1,
            0,
            NumberLoss.NONE,
            0,
            "fused",
            "float32",
            128L << 20,
            false,
            20,
            4,
            0.05,
            Runtime.getRuntime().availableProcessors()),
        steps);
  }

  /** Returns these settings with what is given on the command line in their place. */
  TrainSettings over(TrainSettings base, long steps) {
    return new TrainSettings(
        or(width, base.width()),
        or(layers, base.layers()),
        or(heads, base.heads()),
        or(context, base.context()),
        or(batch, base.batch()),
        withTotal(or(schedule, base.schedule()), steps),
        or(seed, base.seed()),
        or(weightDecay, base.weightDecay()),
        or(clip, base.clip()),
        or(zLoss, base.zLoss()),
        or(numberLoss, base.numberLoss()),
        or(dropout, base.dropout()),
        named("--delivery", or(delivery, base.delivery()), "fused", "autograd"),
        named("--compute", or(compute, base.compute()), "float32", "bfloat16"),
        workspace == null ? base.workspaceBytes() : (long) workspace << 20,
        or(plain, base.plain()),
        or(evalEvery, base.evalEvery()),
        or(evalBatches, base.evalBatches()),
        or(holdout, base.holdout()),
        or(threads, base.threads()));
  }

  private static String named(String option, String value, String first, String second) {
    if (value.equalsIgnoreCase(first)) {
      return first;
    }
    if (value.equalsIgnoreCase(second)) {
      return second;
    }
    throw new IllegalArgumentException(
        option + ": " + value + " (expected: " + first + " or " + second + ")");
  }

  /** Puts the number of steps in where the text names no total, and checks the text. */
  private static String withTotal(String text, long steps) {
    boolean open = text.contains("(") && !text.contains("total") && !text.startsWith("rates");
    String whole =
        open && text.endsWith(")")
            ? text.substring(0, text.length() - 1) + ",total=" + steps + ")"
            : text;
    Schedule schedule = Schedule.parse(whole);
    if (steps > schedule.total()) {
      throw new IllegalArgumentException(
          "--steps: "
              + steps
              + " (expected: at most "
              + schedule.total()
              + ", the total of the schedule "
              + whole
              + ")");
    }
    return schedule.text();
  }
}
