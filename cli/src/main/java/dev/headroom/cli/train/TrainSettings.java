package dev.headroom.cli.train;

/**
 * Says what is trained and how; what decides the numbers of a run is here and nowhere else.
 *
 * @param width D, the width of the hidden states
 * @param layers number of transformer layers
 * @param heads attention heads of a layer; they divide the width
 * @param context T, tokens of a window
 * @param batch B, windows of a step
 * @param schedule learning-rate schedule as text, with its total
 * @param seed of initial weights, batches and dropout
 * @param weightDecay decoupled decay of parameters with two or more dimensions
 * @param clip limit of the global gradient norm, 0 for none
 * @param zLoss weight of the squared log-sum-exp
 * @param numberLoss loss on number tokens that is added, as {@link NumberLoss} writes it
 * @param dropout chance that an activation is dropped
 * @param delivery how the classifier's gradient reaches it: autograd or fused
 * @param compute operands of the head's matrix products: float32 or bfloat16
 * @param workspaceBytes scratch memory of the head
 * @param plain whether DJL's own linear head, loss and Adam are used instead
 * @param evalEvery steps between two evaluations on held-out text
 * @param evalBatches batches of an evaluation
 * @param holdout share of the corpus that is held out
 * @param threads of the engine and of the head
 */
record TrainSettings(
    int width,
    int layers,
    int heads,
    int context,
    int batch,
    String schedule,
    long seed,
    double weightDecay,
    double clip,
    double zLoss,
    String numberLoss,
    double dropout,
    String delivery,
    String compute,
    long workspaceBytes,
    boolean plain,
    int evalEvery,
    int evalBatches,
    double holdout,
    int threads) {

  TrainSettings {
    between("--width", width, 1, 16384);
    between("--layers", layers, 1, 256);
    between("--heads", heads, 1, width);
    if (width % heads != 0) {
      throw bad("--heads", heads, "a divisor of the width " + width);
    }
    between("--context", context, 2, 65536);
    between("--batch", batch, 1, 65536);
    between("--eval-every", evalEvery, 1, Integer.MAX_VALUE);
    between("--eval-batches", evalBatches, 1, 100_000);
    between("--threads", threads, 1, 1024);
    if (!(weightDecay >= 0 && weightDecay < 100)) {
      throw bad("--weight-decay", weightDecay, "0 to 100");
    }
    if (!(clip >= 0) || Double.isInfinite(clip)) {
      throw bad("--clip", clip, "0 (off) or a positive number");
    }
    if (!(zLoss >= 0) || Double.isInfinite(zLoss)) {
      throw bad("--z-loss", zLoss, "0 or a positive number");
    }
    // a checkpoint of a version without this setting holds none
    numberLoss = NumberLoss.canonical(numberLoss);
    if (plain && !numberLoss.equals(NumberLoss.NONE)) {
      throw bad("--number-loss", numberLoss, "none with --plain: DJL's loss has no such term");
    }
    if (!(dropout >= 0 && dropout < 1)) {
      throw bad("--dropout", dropout, "at least 0, below 1");
    }
    if (!(holdout > 0 && holdout < 1)) {
      throw bad("--holdout", holdout, "between 0 and 1");
    }
    if (plain && (zLoss > 0 || !compute.equals("float32"))) {
      throw bad("--plain", "with --z-loss or --compute", "without: DJL's head has neither");
    }
    if (workspaceBytes < 1) {
      throw bad("--workspace", workspaceBytes, "at least 1 MiB");
    }
  }

  private static void between(String name, long value, long low, long high) {
    if (value < low || value > high) {
      throw bad(name, value, low + " to " + high);
    }
  }

  private static IllegalArgumentException bad(String name, Object actual, String rule) {
    return new IllegalArgumentException(name + ": " + actual + " (expected: " + rule + ")");
  }

  /** Returns the loss on number tokens that is added, or null. */
  NumberLoss addedLoss() {
    return NumberLoss.parse(numberLoss);
  }

  /** Returns the tokens of one step. */
  long tokensPerStep() {
    return (long) batch * context;
  }
}
