package dev.headroom.head;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Holds topK and sample against all logits in float64. */
class PredictionTest {
  private static final int WIDTH = 8;
  private static final float MASKED = Float.NEGATIVE_INFINITY;

  private NDManager model;
  private NDManager manager;

  @BeforeEach
  void open() {
    model = NDManager.newBaseManager();
    manager = NDManager.newBaseManager();
  }

  @AfterEach
  void close() {
    manager.close();
    model.close();
  }

  private static float[] noise(int count, long seed, double deviation) {
    java.util.Random random = new java.util.Random(seed);
    float[] x = new float[count];
    for (int i = 0; i < count; i++) {
      x[i] = (float) (deviation * random.nextGaussian());
    }
    return x;
  }

  private VocabularyHead head(HeadOptions options, float[] bias) {
    VocabularyHead head = new VocabularyHead(options.withBias(bias != null));
    int classes = (int) options.classes();
    head.initialize(model, DataType.FLOAT32, new Shape(1, options.width()));
    set(head, "weight", noise(classes * (int) options.width(), 5, 0.5));
    if (bias != null) {
      set(head, "bias", bias);
    }
    return head;
  }

  private VocabularyHead head(int classes, float[] bias) {
    return head(HeadOptions.of(classes, WIDTH), bias);
  }

  private void set(VocabularyHead head, String name, float[] values) {
    NDArray array = head.getParameters().get(name).getArray();
    try (NDArray source = manager.create(values, array.getShape())) {
      source.copyTo(array);
    }
  }

  private NDArray hidden(int rows, double deviation) {
    return manager.create(noise(rows * WIDTH, 9, deviation), new Shape(rows, WIDTH));
  }

  /** Returns the logits that the head forms at once, as float64. */
  private static double[][] logits(VocabularyHead head, NDArray hidden) {
    int classes = (int) head.options().classes();
    float[] flat = head.logits(hidden).toFloatArray();
    double[][] z = new double[flat.length / classes][classes];
    for (int i = 0; i < flat.length; i++) {
      z[i / classes][i % classes] = flat[i];
    }
    return z;
  }

  private static double lse(double[] z, double temperature) {
    double max = Arrays.stream(z).max().orElseThrow();
    return max / temperature
        + Math.log(Arrays.stream(z).map(x -> Math.exp((x - max) / temperature)).sum());
  }

  private static int[] ranked(double[] z) {
    return IntStream.range(0, z.length)
        .boxed()
        .sorted(Comparator.<Integer>comparingDouble(v -> -z[v]).thenComparingInt(v -> v))
        .mapToInt(v -> v)
        .toArray();
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
      VocabularyHead head = head(classes, classes == 4097 ? null : noise(classes, 3, 1));
      for (int rows : new int[] {1, 2, 7}) {
        checkTopK(head, hidden(rows, 1), Math.min(classes, 5));
        checkTopK(head, hidden(rows, 1), classes);
      }
      checkTopK(head, hidden(3, 1e4), 1);
    }
  }

  @Test
  void worksInChunksOfRowsThatTheWorkspaceHolds() {
    HeadOptions options = HeadOptions.of(5000, WIDTH).withWorkspaceBytes(200_000);
    checkTopK(head(options, null), hidden(23, 1), 6);
  }

  @Test
  void givesEqualLogitsInTheOrderOfTheirIds() {
    VocabularyHead head = head(9000, null);
    float[] zeros = new float[9000 * WIDTH];
    set(head, "weight", zeros);
    try (TopK top = head.topK(hidden(2, 1), 4)) {
      assertArrayEquals(new long[] {0, 1, 2, 3, 0, 1, 2, 3}, top.ids().toLongArray());
    }
    zeros[8000 * WIDTH] = 1;
    zeros[5000 * WIDTH] = 1;
    set(head, "weight", zeros);
    NDArray hidden = manager.ones(new Shape(1, WIDTH));
    try (TopK top = head.topK(hidden, 4)) {
      assertArrayEquals(new long[] {5000, 8000, 0, 1}, top.ids().toLongArray());
    }
  }

  @Test
  void keepsTheLeadingShapeAndTheManagerOfTheHiddenStates() {
    VocabularyHead head = head(50, null);
    NDArray hidden = hidden(6, 1).reshape(2, 3, WIDTH);
    TopK top = head.topK(hidden, 4);
    assertEquals(new Shape(2, 3, 4), top.ids().getShape());
    assertEquals(DataType.INT64, top.ids().getDataType());
    assertEquals(new Shape(2, 3, 4), top.logProbabilities().getShape());
    assertEquals(manager, top.ids().getManager());
    assertEquals(new Shape(4), head.topK(hidden(1, 1).flatten(), 4).ids().getShape());
    Sampling nucleus = new Sampling(1, 0, 0.5);
    assertEquals(new Shape(2, 3), head.sample(hidden, nucleus, 1, 1).getShape());
    NDArray none = manager.zeros(new Shape(0, WIDTH));
    assertEquals(new Shape(0, 4), head.topK(none, 4).ids().getShape());
    assertEquals(new Shape(0), head.sample(none, Sampling.plain(), 1, 1).getShape());
  }

  @Test
  void readsHiddenStatesThatAreNotContiguous() {
    VocabularyHead head = head(300, null);
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
    VocabularyHead head = head(9000, bias);
    NDArray hidden = hidden(40, 3);
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
    VocabularyHead head = head(5000, new float[5000]);
    for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY}) {
      NDArray hidden = hidden(4, 1);
      hidden.set(new ai.djl.ndarray.index.NDIndex("2, 3"), bad);
      refuses("logits of row 2: NaN or infinite", () -> head.topK(hidden, 3));
      refuses("logits of row 2: NaN", () -> head.sample(hidden, Sampling.plain(), 1, 1));
      refuses("logits of row 2: NaN", () -> head.sample(hidden, new Sampling(1, 2, 1), 1, 1));
    }
    float[] bias = new float[5000];
    Arrays.fill(bias, MASKED);
    VocabularyHead masked = head(5000, bias);
    NDArray hidden = hidden(1, 1);
    refuses("logits of row 0: all -Infinity", () -> masked.sample(hidden, Sampling.plain(), 1, 1));
    refuses(
        "logits of row 0: all -Infinity",
        () -> masked.sample(hidden, new Sampling(1, 0, 0.5), 1, 1));
    assertEquals(MASKED, masked.topK(hidden, 1).logProbabilities().getFloat(0, 0));
  }

  @Test
  void namesWhatIsWrong() {
    VocabularyHead head = head(20, null);
    NDArray hidden = hidden(2, 1);
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

  private static void refuses(String start, org.junit.jupiter.api.function.Executable call) {
    String message = assertThrows(IllegalArgumentException.class, call).getMessage();
    assertTrue(message.startsWith(start), message);
  }

  /** The shares in float64: temperature, then the best k, then the nucleus of these. */
  private static double[] shares(double[] z, Sampling sampling) {
    int[] order = ranked(z);
    int kept = sampling.topK() == 0 ? z.length : sampling.topK();
    double[] share = new double[z.length];
    double total = 0;
    for (int rank = 0; rank < kept; rank++) {
      share[order[rank]] = Math.exp((z[order[rank]] - z[order[0]]) / sampling.temperature());
      total += share[order[rank]];
    }
    double sum = 0;
    for (int v : order) {
      share[v] = sum < sampling.topP() * total ? share[v] : 0;
      sum += share[v];
    }
    for (int v = 0; v < z.length; v++) {
      share[v] /= sum;
    }
    return share;
  }

  @Test
  void drawsEachClassAsOftenAsItsShare() {
    int draws = 12_000;
    // most of the mass lies in a few classes of two groups
    float[] bias = noise(4200, 21, 1);
    for (int v : new int[] {3, 700, 4100, 4101, 4150, 4199}) {
      bias[v] += 9;
    }
    VocabularyHead head = head(4200, bias);
    NDArray row = hidden(1, 0.5);
    double[] z = logits(head, row)[0];
    NDArray hidden = row.repeat(0, 2000);
    for (Sampling sampling :
        List.of(
            Sampling.plain(),
            new Sampling(1.4, 0, 1),
            new Sampling(0.7, 4, 1),
            new Sampling(1, 0, 0.6),
            new Sampling(1.3, 0, 0.97),
            new Sampling(1.2, 6, 0.8))) {
      int[] counts = new int[z.length];
      for (int step = 0; step < draws / 2000; step++) {
        for (long id : head.sample(hidden, sampling, 12345, step).toLongArray()) {
          counts[(int) id]++;
        }
      }
      compare(sampling, counts, shares(z, sampling), draws);
    }
  }

  /** Chi-square over the classes that are expected 20 times, the others in one cell. */
  private static void compare(Sampling sampling, int[] counts, double[] shares, int draws) {
    double statistic = 0;
    int cells = 0;
    double restShare = 0;
    int restCount = 0;
    for (int v = 0; v < counts.length; v++) {
      assertFalse(shares[v] == 0 && counts[v] > 0, sampling + ": class " + v);
      double expected = draws * shares[v];
      if (expected >= 20) {
        statistic += (counts[v] - expected) * (counts[v] - expected) / expected;
        cells++;
      } else {
        restShare += shares[v];
        restCount += counts[v];
      }
    }
    if (restShare * draws >= 20) {
      double expected = draws * restShare;
      statistic += (restCount - expected) * (restCount - expected) / expected;
      cells++;
    }
    // mean and deviation of chi-square: freedom, sqrt(2 freedom)
    double freedom = Math.max(1, cells - 1);
    assertTrue(
        statistic < freedom + 4 * Math.sqrt(2 * freedom),
        sampling + ": " + statistic + " over " + cells + " cells");
  }

  @Test
  void drawsTheSameFromSeedAndStepAlone() {
    VocabularyHead head = head(6000, null);
    NDArray hidden = hidden(64, 0.3);
    for (Sampling sampling : List.of(Sampling.plain(), new Sampling(1, 0, 0.9))) {
      long[] first = head.sample(hidden, sampling, 7, 1).toLongArray();
      manager.getEngine().setRandomSeed(99);
      assertArrayEquals(first, head.sample(hidden, sampling, 7, 1).toLongArray());
      assertFalse(Arrays.equals(first, head.sample(hidden, sampling, 8, 1).toLongArray()));
      assertFalse(Arrays.equals(first, head.sample(hidden, sampling, 7, 2).toLongArray()));
      assertTrue(Arrays.stream(first).distinct().count() > 30, "rows draw apart");
    }
  }

  @Test
  void takesTheMostProbableClassWhereOnlyOneIsKept() {
    VocabularyHead head = head(6000, null);
    NDArray hidden = hidden(9, 1);
    long[] best = head.topK(hidden, 1).ids().toLongArray();
    for (Sampling sampling :
        List.of(new Sampling(5, 1, 1), new Sampling(1, 0, 1e-9), new Sampling(1e-6, 0, 1))) {
      assertArrayEquals(best, head.sample(hidden, sampling, 3, 1).toLongArray());
    }
  }

  @Test
  void leavesNoArrayBehindOverAThousandCalls() {
    VocabularyHead head = head(60, new float[60]);
    int before = model.getManagedArrays().size();
    NDArray hidden = hidden(2, 1);
    int own = manager.getManagedArrays().size();
    for (int call = 0; call < 1000; call++) {
      switch (call % 3) {
        case 0 -> head.topK(hidden, 3).close();
        case 1 -> head.sample(hidden, Sampling.plain(), 1, call).close();
        default -> head.sample(hidden, new Sampling(1, 0, 0.9), 1, call).close();
      }
    }
    assertEquals(before, model.getManagedArrays().size());
    assertEquals(own, manager.getManagedArrays().size());
  }

  @Test
  void recordsNoGradient() {
    VocabularyHead head = head(500, null);
    NDArray hidden = hidden(2, 1);
    hidden.setRequiresGradient(true);
    try (ai.djl.training.GradientCollector collector = manager.getEngine().newGradientCollector()) {
      assertFalse(head.topK(hidden, 2).logProbabilities().hasGradient());
      assertEquals(new Shape(2), head.sample(hidden, Sampling.plain(), 1, 1).getShape());
    }
  }

  @Test
  void growsTheNucleusOfAFlatDistribution() {
    VocabularyHead head = head(9000, null);
    set(head, "weight", new float[9000 * WIDTH]);
    NDArray hidden = hidden(60, 1);
    long[] ids = head.sample(hidden, new Sampling(1, 0, 0.9), 3, 1).toLongArray();
    // equal shares: the nucleus is the first 90 % of the ids
    assertTrue(Arrays.stream(ids).max().orElseThrow() > 7000);
    assertTrue(Arrays.stream(ids).max().orElseThrow() < 8101);
  }
}
