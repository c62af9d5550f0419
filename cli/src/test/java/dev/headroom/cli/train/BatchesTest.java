package dev.headroom.cli.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDManager;
import dev.headroom.cli.CommandException;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class BatchesTest {
  private static TrainOptions options(long seed) {
    TrainOptions options = new TrainOptions();
    options.context = 10;
    options.batch = 3;
    options.seed = seed;
    return options;
  }

  private static Batches batches(int tokens, long seed) {
    int[] ids = IntStream.range(0, tokens).toArray();
    return new Batches(
        new TokenCorpus("test", ids, 1, tokens, "none"), options(seed).settings(100));
  }

  @Test
  void targetsAreTheNextTokens() {
    try (NDManager manager = NDManager.newBaseManager()) {
      Batches.Pair pair = batches(1000, 1).train(manager, 7);
      long[] inputs = pair.inputs().toLongArray();
      long[] targets = pair.targets().toLongArray();
      assertEquals(30, inputs.length);
      for (int i = 0; i < inputs.length; i++) {
        assertEquals(inputs[i] + 1, targets[i]);
      }
    }
  }

  @Test
  void aStepsBatchFollowsFromSeedAndStepAlone() {
    try (NDManager manager = NDManager.newBaseManager()) {
      long[] once = batches(1000, 1).train(manager, 7).inputs().toLongArray();
      Batches again = batches(1000, 1);
      again.train(manager, 3);
      assertArrayEquals(once, again.train(manager, 7).inputs().toLongArray());
      assertFalse(Arrays.equals(once, again.train(manager, 8).inputs().toLongArray()));
      assertFalse(Arrays.equals(once, batches(1000, 2).train(manager, 7).inputs().toLongArray()));
    }
  }

  @Test
  void trainingNeverSeesWhatIsHeldOut() {
    Batches batches = batches(1000, 1);
    assertEquals(1000, batches.trainTokens() + batches.heldTokens());
    try (NDManager manager = NDManager.newBaseManager()) {
      for (int step = 1; step < 400; step++) {
        for (long id : batches.train(manager, step).targets().toLongArray()) {
          assertTrue(id < batches.trainTokens());
        }
      }
      for (int i = 0; i < batches.evalBatches(); i++) {
        for (long id : batches.evaluation(manager, i).inputs().toLongArray()) {
          assertTrue(id >= batches.trainTokens() && id < 1000);
        }
      }
    }
  }

  @Test
  void refusesACorpusBelowOneBatch() {
    assertEquals(31, batches(42, 1).trainTokens());
    CommandException e = assertThrows(CommandException.class, () -> batches(41, 1));
    assertTrue(e.getMessage().contains("has 41 tokens (expected: at least 42"), e.getMessage());
  }
}
