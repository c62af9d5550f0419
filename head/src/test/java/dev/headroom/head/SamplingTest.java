package dev.headroom.head;

import static dev.headroom.head.PredictionFixture.MASKED;
import static dev.headroom.head.PredictionFixture.logits;
import static dev.headroom.head.PredictionFixture.noise;
import static dev.headroom.head.PredictionFixture.ranked;
import static dev.headroom.head.PredictionFixture.refuses;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Holds the classes that sample draws against the rules' exact probabilities in float64. */
class SamplingTest {
  private static final int CLASSES = 4200;
  private static final int ROWS = 2000;
  private static final int CALLS = 6;

  private PredictionFixture f;

  @BeforeEach
  void open() {
    f = new PredictionFixture();
  }

  @AfterEach
  void close() {
    f.close();
  }

  /** Most of the mass lies in a few classes far apart; some are masked. */
  private VocabularyHead peaked(HeadOptions options) {
    float[] bias = noise(CLASSES, 21, 1);
    for (int v : new int[] {3, 700, 4100, 4101, 4150, 4199}) {
      bias[v] += 9;
    }
    Arrays.fill(bias, 1000, 1600, MASKED);
    bias[4101] = MASKED;
    return f.head(options, bias);
  }

  private static Sampling plain() {
    return Sampling.plain();
  }

  private static BitSet ids(int... ids) {
    BitSet set = new BitSet();
    Arrays.stream(ids).forEach(set::set);
    return set;
  }

  /** Every rule, alone and in pairs; ends among the 64 best, and beyond. */
  static List<Sampling> rules() {
    Sampling flat = plain().withTemperature(2.5);
    return List.of(
        plain(),
        plain().withTemperature(1.4),
        flat,
        plain().withUnused(ids(3, 4150)),
        new Sampling(0.7, 4, 1),
        flat.withTopK(150),
        new Sampling(1, 0, 0.6),
        new Sampling(1.3, 0, 0.97),
        flat.withTopP(0.3),
        new Sampling(1.2, 6, 0.8),
        flat.withTopK(150).withTopP(0.7),
        plain().withMinP(0.2),
        flat.withMinP(0.05),
        flat.withMinP(0.04).withUnused(ids(700)),
        plain().withTopNSigma(2.5),
        flat.withTopNSigma(5),
        flat.withTopNSigma(5).withUnused(ids(0, 3)),
        flat.withTopP(0.5).withMinP(0.05),
        flat.withTopP(0.5).withTopNSigma(4),
        new Sampling(1.5, 20, 0.9).withMinP(0.01).withTopNSigma(3));
  }

  /** The shares by the rules in their order, and the fewest classes that one of them keeps. */
  private static double[] shares(double[] logits, Sampling sampling) {
    double[] z = logits.clone();
    sampling.unused().stream().forEach(v -> z[v] = MASKED);
    int[] order = ranked(z);
    double best = z[order[0]];
    double[] p = Arrays.stream(z).map(x -> Math.exp((x - best) / sampling.temperature())).toArray();
    double[] present = Arrays.stream(z).filter(x -> x > MASKED).toArray();
    double mean = Arrays.stream(present).average().orElseThrow();
    double variance =
        Arrays.stream(present).map(x -> (x - mean) * (x - mean)).average().orElseThrow();
    int k = sampling.topK() == 0 ? present.length : sampling.topK();
    double total = IntStream.range(0, k).mapToDouble(rank -> p[order[rank]]).sum();
    double[] share = new double[z.length];
    double sum = 0;
    for (int rank = 0; rank < k; rank++) {
      int v = order[rank];
      boolean kept =
          sum < sampling.topP() * total
              && p[v] >= sampling.minP()
              && (sampling.topNSigma() == 0
                  || z[v] >= best - sampling.topNSigma() * Math.sqrt(variance));
      if (rank > 0 && !kept) {
        break;
      }
      share[v] = p[v];
      sum += p[v];
    }
    for (int v = 0; v < share.length; v++) {
      share[v] /= sum;
    }
    return share;
  }

  private void compare(VocabularyHead head, Sampling sampling) {
    NDArray row = f.hidden(1, 0.5);
    double[] shares = shares(logits(head, row)[0], sampling);
    NDArray hidden = row.repeat(0, ROWS);
    int[] counts = new int[CLASSES];
    for (int step = 0; step < CALLS; step++) {
      for (long id : head.sample(hidden, sampling, 12345, step).toLongArray()) {
        counts[(int) id]++;
      }
    }
    compare(sampling.toString(), counts, shares);
  }

  /** Chi-square over the classes that are expected 20 times, the others in one cell. */
  static void compare(String what, int[] counts, double[] shares) {
    int draws = Arrays.stream(counts).sum();
    double statistic = 0;
    int cells = 0;
    double restShare = 0;
    int restCount = 0;
    for (int v = 0; v < counts.length; v++) {
      assertFalse(shares[v] == 0 && counts[v] > 0, what + ": class " + v);
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
        what + ": " + statistic + " over " + cells + " cells");
  }

  @ParameterizedTest
  @MethodSource("rules")
  void drawsEachClassAsOftenAsItsShare(Sampling sampling) {
    compare(peaked(HeadOptions.of(CLASSES, PredictionFixture.WIDTH)), sampling);
  }

  @Test
  void drawsFromTheLogitsOfTheLoss() {
    HeadOptions options = HeadOptions.of(CLASSES, PredictionFixture.WIDTH);
    VocabularyHead head = peaked(options.withLogitScale(0.8).withSoftCap(6));
    for (Sampling sampling :
        List.of(
            plain().withTemperature(0.9),
            new Sampling(0.5, 0, 0.8),
            plain().withTemperature(0.6).withMinP(0.1),
            plain().withTemperature(0.5).withTopNSigma(3))) {
      compare(head, sampling);
    }
  }

  @Test
  void neverDrawsAMaskedOrUnusedClass() {
    float[] bias = new float[9000];
    Arrays.fill(bias, MASKED);
    bias[17] = 0;
    bias[4500] = 1;
    bias[8999] = 12;
    VocabularyHead head = f.head(9000, bias);
    NDArray hidden = f.hidden(900, 3);
    BitSet unused = ids(8999);
    for (Sampling sampling :
        List.of(
            plain(),
            new Sampling(1e6, 5, 1),
            new Sampling(1e6, 80, 1),
            new Sampling(3, 0, 0.999),
            plain().withTemperature(50).withMinP(1e-9),
            plain().withTopNSigma(9))) {
      long[] drawn = head.sample(hidden, sampling.withUnused(unused), 4, 2).toLongArray();
      assertArrayEquals(
          new long[] {17, 4500}, Arrays.stream(drawn).distinct().sorted().toArray(), "" + sampling);
    }
    Mirostat mirostat = new Mirostat(900, 3, 0.1);
    for (long id : head.sample(hidden, plain().withUnused(unused), mirostat, 1, 1).toLongArray()) {
      assertTrue(id == 17 || id == 4500, "" + id);
    }
    unused.set(17);
    unused.set(4500);
    refuses(
        "logits of row 0: all -Infinity",
        () -> head.sample(hidden, plain().withUnused(unused), 1, 1));
  }

  @Test
  void drawsTheSameWhateverTheNeighbours() {
    VocabularyHead head = f.head(9001, noise(9001, 3, 1));
    NDArray hidden = f.hidden(70, 0.5);
    NDArray head3 = hidden.get("0:3");
    NDArray others = NDArrays.concat(new NDList(head3, f.hidden(30, 3)));
    for (Sampling sampling : rules()) {
      long[] all = head.sample(hidden, sampling, 7, 1).toLongArray();
      long[] three = Arrays.copyOf(all, 3);
      assertArrayEquals(three, head.sample(head3, sampling, 7, 1).toLongArray(), "" + sampling);
      long[] apart = head.sample(others, sampling, 7, 1).toLongArray();
      assertArrayEquals(three, Arrays.copyOf(apart, 3), "" + sampling);
    }
  }

  @Test
  void namesWhatIsWrong() {
    VocabularyHead head = f.head(20, null);
    NDArray hidden = f.hidden(2, 1);
    refuses("temperature: 0.0 (expected: ", () -> new Sampling(0, 0, 1));
    refuses("temperature: NaN (expected: ", () -> plain().withTemperature(Double.NaN));
    refuses("topK: -1 (expected: ", () -> plain().withTopK(-1));
    refuses("topP: 0.0 (expected: above 0, at most 1)", () -> plain().withTopP(0));
    refuses("topP: 1.5 (expected: ", () -> plain().withTopP(1.5));
    refuses("topP: NaN (expected: ", () -> plain().withTopP(Double.NaN));
    refuses("minP: -0.1 (expected: 0 to 1)", () -> plain().withMinP(-0.1));
    refuses("minP: 1.1 (expected: 0 to 1)", () -> plain().withMinP(1.1));
    refuses("minP: NaN (expected: 0 to 1)", () -> plain().withMinP(Double.NaN));
    refuses("topNSigma: -1.0 (expected: a positive", () -> plain().withTopNSigma(-1));
    refuses("topNSigma: Infinity (expected: ", () -> plain().withTopNSigma(1 / 0.0));
    refuses("unused: null (expected: a set", () -> plain().withUnused(null));
    refuses(
        "sampling topK: 21 (expected: 0 to 20, the number of classes)",
        () -> head.sample(hidden, new Sampling(1, 21, 1), 1, 1));
    refuses(
        "sampling unused id: 20 (expected: 0 to 19)",
        () -> head.sample(hidden, plain().withUnused(ids(20)), 1, 1));
  }

  @Test
  void drawsFromStableMaxWithoutATemperature() {
    HeadOptions options = HeadOptions.of(CLASSES, PredictionFixture.WIDTH).withStableMax(true);
    VocabularyHead head = peaked(options.withLogitScale(3));
    compare(head, plain());
    compare(head, plain().withTopK(8));
    NDArray hidden = f.hidden(1, 1);
    refuses(
        "sampling temperature: 0.5 (expected: 1 with stableMax",
        () -> head.sample(hidden, plain().withTemperature(0.5), 1, 1));
  }

  @Test
  void keepsItsOwnSetOfUnusedClasses() {
    BitSet unused = ids(3);
    Sampling sampling = plain().withUnused(unused);
    unused.set(4);
    sampling.unused().set(5);
    assertEquals(ids(3), sampling.unused());
  }

  @Test
  void drawsTheSameFromSeedAndStepAlone() {
    VocabularyHead head = f.head(6000, null);
    NDArray hidden = f.hidden(64, 0.3);
    for (Sampling sampling : List.of(Sampling.plain(), new Sampling(1, 0, 0.9))) {
      long[] first = head.sample(hidden, sampling, 7, 1).toLongArray();
      f.manager.getEngine().setRandomSeed(99);
      assertArrayEquals(first, head.sample(hidden, sampling, 7, 1).toLongArray());
      assertFalse(Arrays.equals(first, head.sample(hidden, sampling, 8, 1).toLongArray()));
      assertFalse(Arrays.equals(first, head.sample(hidden, sampling, 7, 2).toLongArray()));
      assertTrue(Arrays.stream(first).distinct().count() > 30, "rows draw apart");
    }
  }

  @Test
  void takesTheMostProbableClassWhereOnlyOneIsKept() {
    VocabularyHead head = f.head(6000, null);
    NDArray hidden = f.hidden(9, 1);
    long[] best = head.topK(hidden, 1).ids().toLongArray();
    for (Sampling sampling :
        List.of(new Sampling(5, 1, 1), new Sampling(1, 0, 1e-9), new Sampling(1e-6, 0, 1))) {
      assertArrayEquals(best, head.sample(hidden, sampling, 3, 1).toLongArray());
    }
  }

  @Test
  void growsTheNucleusOfAFlatDistribution() {
    VocabularyHead head = f.head(9000, null);
    f.set(head, "weight", new float[9000 * PredictionFixture.WIDTH]);
    NDArray hidden = f.hidden(60, 1);
    long[] ids = head.sample(hidden, new Sampling(1, 0, 0.9), 3, 1).toLongArray();
    // equal shares: the nucleus is the first 90 % of the ids
    assertTrue(Arrays.stream(ids).max().orElseThrow() > 7000);
    assertTrue(Arrays.stream(ids).max().orElseThrow() < 8101);
  }
}
