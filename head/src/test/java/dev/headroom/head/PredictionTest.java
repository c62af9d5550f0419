package dev.headroom.head;

import static dev.headroom.head.PredictionFixture.MASKED;
import static dev.headroom.head.PredictionFixture.WIDTH;
import static dev.headroom.head.PredictionFixture.logits;
import static dev.headroom.head.PredictionFixture.lse;
import static dev.headroom.head.PredictionFixture.noise;
import static dev.headroom.head.PredictionFixture.ranked;
import static dev.headroom.head.PredictionFixture.refuses;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Holds topK and sample against all logits in float64. */
class PredictionTest {
  private PredictionFixture f;
  private NDManager manager;

  @BeforeEach
  void open() {
    f = new PredictionFixture();
    manager = f.manager;
  }

  @AfterEach
  void close() {
    f.close();
  }

  private void checkTopK(VocabularyHead head, NDArray hidden, int k) {
    double[][] z = logits(head, hidden);
    try (TopK top = head.topK(hidden, k)) {
      long[] ids = top.ids().toLongArray();
      float[] logProbabilities = top.logProbabilities().toFloatArray();
      for (int i = 0; i < z.length; i++) {
        int[] order = ranked(z[i]);
        double lse = lse(z[i], 1);
        for (int rank = 0; rank < k; rank++) {
          String where = "row " + i + " rank " + rank;
          int at = i * k + rank;
          double expected = z[i][order[rank]];
          // a tile's product may differ from the whole one's in the last bit
          double bound = 2e-6 * Math.max(1, Math.abs(expected));
          assertEquals(expected, z[i][(int) ids[at]], bound, where);
          assertEquals(expected - lse, logProbabilities[at], 2 * bound, where);
          assertTrue(rank == 0 || logProbabilities[at] <= logProbabilities[at - 1], where);
        }
        assertEquals(k, Arrays.stream(ids, i * k, (i + 1) * k).distinct().count());
      }
    }
  }

  @Test
  void ranksAsAllLogitsDo() {
    for (int classes : new int[] {1, 2, 4095, 4096, 4097, 9001}) {
      VocabularyHead head = f.head(classes, classes == 4097 ? null : noise(classes, 3, 1));
      for (int rows : new int[] {1, 2, 7}) {
        checkTopK(head, f.hidden(rows, 1), Math.min(classes, 5));
        checkTopK(head, f.hidden(rows, 1), classes);
      }
      checkTopK(head, f.hidden(3, 1e4), 1);
    }
  }

  @Test
  void seesTheLogitsOfTheLoss() {
    float[] bias = noise(700, 3, 1);
    bias[5] = MASKED;
    for (HeadOptions options :
        List.of(
            HeadOptions.of(700, WIDTH).withLogitScale(0.3),
            HeadOptions.of(700, WIDTH).withSoftCap(1.5),
            HeadOptions.of(700, WIDTH).withLogitScale(1.7).withStableMax(true),
            HeadOptions.of(700, WIDTH).withLogitScale(1.7).withSoftCap(2.5))) {
      VocabularyHead head = f.head(options, bias);
      NDArray hidden = f.hidden(4, 1);
      double[][] z = logits(head, hidden);
      float[] actual = head.logits(hidden).toFloatArray();
      for (int at = 0; at < actual.length; at++) {
        double expected = z[at / 700][at % 700];
        assertEquals(expected, actual[at], 2e-6 * Math.max(1, Math.abs(expected)), "" + options);
      }
      assertEquals(MASKED, actual[5]);
      checkTopK(head, hidden, 6);
      checkTopK(head, hidden, 100);
      float[] last = head.topK(hidden, 700).logProbabilities().toFloatArray();
      assertEquals(MASKED, last[699]);
      NDArray targets = manager.create(new long[] {7, 0, 300, 699});
      NDArray none = head.logits(hidden).logSoftmax(1).gather(targets.reshape(4, 1), 1).neg();
      HeadLoss loss = new HeadLoss(head);
      NDList predictions =
          new NDList(hidden, head.weight().getArray(), head.getParameters().get("bias").getArray());
      float value = loss.evaluate(new NDList(targets), predictions).getFloat();
      assertEquals(none.mean().getFloat(), value, 1e-5, "" + options);
    }
  }

  @Test
  void logitsPassAGradientThroughScaleAndCap() {
    HeadOptions options = HeadOptions.of(30, WIDTH).withLogitScale(1.7).withSoftCap(2.5);
    float[] bias = new float[30];
    bias[4] = MASKED;
    VocabularyHead head = f.head(options, bias);
    NDArray hidden = f.hidden(1, 1);
    hidden.setRequiresGradient(true);
    try (ai.djl.training.GradientCollector collector = manager.getEngine().newGradientCollector()) {
      NDArray z = head.logits(hidden);
      System.gc();
      collector.backward(z.get(":, 7").sum());
    }
    double z = logits(head, hidden)[0][7];
    double slope = 1.7 * (1 - z * z / (2.5 * 2.5));
    float[] column = head.weight().getArray().get(7).toFloatArray();
    float[] gradient = hidden.getGradient().toFloatArray();
    for (int k = 0; k < WIDTH; k++) {
      assertEquals(slope * column[k], gradient[k], 1e-5);
    }
  }

  @Test
  void worksInChunksOfRowsThatTheWorkspaceHolds() {
    HeadOptions options = HeadOptions.of(5000, WIDTH).withWorkspaceBytes(1_000_000);
    checkTopK(f.head(options, null), f.hidden(61, 1), 6);
  }

  @Test
  void givesEqualLogitsInTheOrderOfTheirIds() {
    VocabularyHead head = f.head(9000, null);
    float[] zeros = new float[9000 * WIDTH];
    f.set(head, "weight", zeros);
    try (TopK top = head.topK(f.hidden(2, 1), 4)) {
      assertArrayEquals(new long[] {0, 1, 2, 3, 0, 1, 2, 3}, top.ids().toLongArray());
    }
    zeros[8000 * WIDTH] = 1;
    zeros[5000 * WIDTH] = 1;
    f.set(head, "weight", zeros);
    NDArray hidden = manager.ones(new Shape(1, WIDTH));
    try (TopK top = head.topK(hidden, 4)) {
      assertArrayEquals(new long[] {5000, 8000, 0, 1}, top.ids().toLongArray());
    }
  }

  @Test
  void keepsTheLeadingShapeAndTheManagerOfTheHiddenStates() {
    VocabularyHead head = f.head(50, null);
    NDArray hidden = f.hidden(6, 1).reshape(2, 3, WIDTH);
    TopK top = head.topK(hidden, 4);
    assertEquals(new Shape(2, 3, 4), top.ids().getShape());
    assertEquals(DataType.INT64, top.ids().getDataType());
    assertEquals(new Shape(2, 3, 4), top.logProbabilities().getShape());
    assertEquals(manager, top.ids().getManager());
    assertEquals(new Shape(4), head.topK(f.hidden(1, 1).flatten(), 4).ids().getShape());
    Sampling nucleus = new Sampling(1, 0, 0.5);
    assertEquals(new Shape(2, 3), head.sample(hidden, nucleus, 1, 1).getShape());
    NDArray none = manager.zeros(new Shape(0, WIDTH));
    assertEquals(new Shape(0, 4), head.topK(none, 4).ids().getShape());
    assertEquals(new Shape(0), head.sample(none, Sampling.plain(), 1, 1).getShape());
  }

  @Test
  void readsHiddenStatesThatAreNotContiguous() {
    VocabularyHead head = f.head(300, null);
    NDArray columns = manager.create(noise(7 * WIDTH, 9, 1), new Shape(WIDTH, 7));
    NDArray strided = columns.transpose();
    NDArray copy = manager.create(strided.toFloatArray(), strided.getShape());
    assertArrayEquals(
        head.topK(copy, 3).ids().toLongArray(), head.topK(strided, 3).ids().toLongArray());
  }

  @Test
  void neverGivesAMaskedClassAShare() {
    float[] bias = new float[9000];
    Arrays.fill(bias, MASKED);
    bias[17] = 0;
    bias[4500] = 1;
    VocabularyHead head = f.head(9000, bias);
    NDArray hidden = f.hidden(40, 3);
    try (TopK top = head.topK(hidden, 4)) {
      float[] logProbabilities = top.logProbabilities().toFloatArray();
      long[] ids = top.ids().toLongArray();
      for (int at = 0; at < ids.length; at += 4) {
        assertEquals(4517, ids[at] + ids[at + 1]);
        assertEquals(1, Math.exp(logProbabilities[at]) + Math.exp(logProbabilities[at + 1]), 1e-6);
        assertEquals(MASKED, logProbabilities[at + 2]);
        assertEquals(0, ids[at + 2]);
        assertEquals(1, ids[at + 3]);
      }
    }
    for (Sampling sampling :
        List.of(Sampling.plain(), new Sampling(1e6, 5, 1), new Sampling(3, 0, 0.999))) {
      for (long id : head.sample(hidden, sampling, 4, 2).toLongArray()) {
        assertTrue(id == 17 || id == 4500, sampling + ": " + id);
      }
    }
  }

  @Test
  void saysWhichRowHasNoNumberOrNoClass() {
    VocabularyHead head = f.head(5000, new float[5000]);
    for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY}) {
      NDArray hidden = f.hidden(4, 1);
      hidden.set(new ai.djl.ndarray.index.NDIndex("2, 3"), bad);
      refuses("logits of row 2: NaN or infinite", () -> head.topK(hidden, 3));
      refuses("logits of row 2: NaN", () -> head.sample(hidden, Sampling.plain(), 1, 1));
      refuses("logits of row 2: NaN", () -> head.sample(hidden, new Sampling(1, 2, 1), 1, 1));
    }
    float[] bias = new float[5000];
    Arrays.fill(bias, MASKED);
    VocabularyHead masked = f.head(5000, bias);
    NDArray hidden = f.hidden(1, 1);
    refuses("logits of row 0: all -Infinity", () -> masked.sample(hidden, Sampling.plain(), 1, 1));
    refuses(
        "logits of row 0: all -Infinity",
        () -> masked.sample(hidden, new Sampling(1, 0, 0.5), 1, 1));
    assertEquals(MASKED, masked.topK(hidden, 1).logProbabilities().getFloat(0, 0));
  }

  @Test
  void namesWhatIsWrong() {
    VocabularyHead head = f.head(20, null);
    NDArray hidden = f.hidden(2, 1);
    refuses("k: 21 (expected: 1 to 20, the number of classes)", () -> head.topK(hidden, 21));
    refuses("k: 0 (expected: 1 to 20", () -> head.topK(hidden, 0));
    refuses(
        "sampling topK: 21 (expected: 0 to 20",
        () -> head.sample(hidden, new Sampling(1, 21, 1), 1, 1));
    refuses(
        "hidden states columns: 7 (expected: 8",
        () -> head.topK(manager.zeros(new Shape(2, 7)), 1));
    refuses("temperature: 0.0 (expected: ", () -> new Sampling(0, 0, 1));
    refuses("temperature: NaN (expected: ", () -> new Sampling(Double.NaN, 0, 1));
    refuses("topK: -1 (expected: ", () -> new Sampling(1, -1, 1));
    refuses("topP: 0.0 (expected: ", () -> new Sampling(1, 0, 0));
    refuses("topP: 1.5 (expected: ", () -> new Sampling(1, 0, 1.5));
  }

  @Test
  void leavesNoArrayBehindOverAThousandCalls() {
    VocabularyHead head = f.head(60, new float[60]);
    int before = f.model.getManagedArrays().size();
    NDArray hidden = f.hidden(2, 1);
    int own = manager.getManagedArrays().size();
    for (int call = 0; call < 1000; call++) {
      switch (call % 3) {
        case 0 -> head.topK(hidden, 3).close();
        case 1 -> head.sample(hidden, Sampling.plain(), 1, call).close();
        default -> head.sample(hidden, new Sampling(1, 0, 0.9), 1, call).close();
      }
    }
    assertEquals(before, f.model.getManagedArrays().size());
    assertEquals(own, manager.getManagedArrays().size());
  }

  @Test
  void recordsNoGradient() {
    VocabularyHead head = f.head(500, null);
    NDArray hidden = f.hidden(2, 1);
    hidden.setRequiresGradient(true);
    try (ai.djl.training.GradientCollector collector = manager.getEngine().newGradientCollector()) {
      assertFalse(head.topK(hidden, 2).logProbabilities().hasGradient());
      assertEquals(new Shape(2), head.sample(hidden, Sampling.plain(), 1, 1).getShape());
    }
  }
}
