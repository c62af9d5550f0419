package dev.headroom.cli.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import dev.headroom.cli.CommandException;
import dev.headroom.cli.ExitCode;
import java.util.SplittableRandom;

/**
 * Cuts windows of T tokens and their successors out of a corpus.
 *
 * <p>The last part of the corpus is held out. The windows of a step follow from (seed, step) alone,
 * so that a resumed run sees what the uninterrupted one would; those of the evaluation are fixed
 * and evenly spaced.
 */
final class Batches {
  private static final long STEP_MIX = 0x9E3779B97F4A7C15L;

  private final int[] tokens;
  private final int trainEnd;
  private final int context;
  private final int batch;
  private final int evalBatches;
  private final long seed;

  /**
   * Splits the corpus.
   *
   * @throws CommandException with exit code 3 where it is too small for one batch and one held-out
   *     window
   */
  Batches(TokenCorpus corpus, TrainSettings settings) {
    tokens = corpus.tokens();
    context = settings.context();
    batch = settings.batch();
    evalBatches = settings.evalBatches();
    seed = settings.seed();
    int held = (int) Math.max(Math.ceil(tokens.length * settings.holdout()), context + 1.0);
    long least = settings.tokensPerStep() + 1;
    trainEnd = tokens.length - held;
    if (trainEnd < least) {
      throw new CommandException(
          ExitCode.INPUT,
          "corpus: "
              + corpus.source()
              + " has "
              + tokens.length
              + " tokens (expected: at least "
              + (least + held)
              + ", one batch of "
              + batch
              + " x "
              + context
              + " and the held-out part; give a larger corpus or a smaller --batch or --context)");
    }
  }

  /** Returns the tokens that are trained on. */
  int trainTokens() {
    return trainEnd;
  }

  /** Returns the ids of the corpus; those from {@link #trainTokens} on are held out. */
  int[] tokens() {
    return tokens;
  }

  /** Returns the tokens that are held out. */
  int heldTokens() {
    return tokens.length - trainEnd;
  }

  /** Inputs and targets of a batch, both [B,T] of int64. */
  record Pair(NDArray inputs, NDArray targets) {}

  /** Returns the batch of a step, in this manager. */
  Pair train(NDManager manager, long step) {
    SplittableRandom random = new SplittableRandom(mixed(step));
    int[] starts = new int[batch];
    for (int i = 0; i < batch; i++) {
      starts[i] = random.nextInt(trainEnd - context);
    }
    return pair(manager, starts);
  }

  /** Returns a number that depends on the seed and the step alone. */
  long mixed(long step) {
    return new SplittableRandom(seed ^ (step * STEP_MIX)).nextLong();
  }

  /** Returns the number of batches of an evaluation. */
  int evalBatches() {
    return evalBatches;
  }

  /** Returns a batch of the fixed evaluation set. */
  Pair evaluation(NDManager manager, int index) {
    long room = tokens.length - context - 1L - trainEnd;
    long windows = Math.max(1, (long) evalBatches * batch - 1);
    int[] starts = new int[batch];
    for (int i = 0; i < batch; i++) {
      starts[i] = trainEnd + (int) (room * (index * (long) batch + i) / windows);
    }
    return pair(manager, starts);
  }

  private Pair pair(NDManager manager, int[] starts) {
    long[] inputs = new long[batch * context];
    long[] targets = new long[batch * context];
    for (int i = 0; i < batch; i++) {
      for (int j = 0; j < context; j++) {
        inputs[i * context + j] = tokens[starts[i] + j];
        targets[i * context + j] = tokens[starts[i] + j + 1];
      }
    }
    Shape shape = new Shape(batch, context);
    return new Pair(manager.create(inputs, shape), manager.create(targets, shape));
  }
}
