package dev.headroom.head.losses;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** The bound of one row, over all samples there are. */
class AugmentAndReduceTest {
  private static final int CLASSES = 8;
  private static final double INF = Double.POSITIVE_INFINITY;

  private static final boolean[] SPLIT = {true, false, true, false};

  /** z_v - z_t of every class, the target's 0. */
  private static double[] gaps(int target) {
    Random random = new Random(5);
    double[] x = new double[CLASSES];
    for (int v = 0; v < CLASSES; v++) {
      x[v] = v == target ? 0 : 2 * random.nextGaussian();
    }
    return x;
  }

  private static double exact(double[] x) {
    return Arrays.stream(x).map(Math::exp).sum();
  }

  @Test
  void isInTheMeanAnUpperBoundWithTheExactDirection() {
    int target = 3;
    double[] x = gaps(target);
    double value = 0;
    double[] gradient = new double[CLASSES];
    int count = 0;
    double ratio = 0;
    // each pair of halves, 2 classes each, as often as a uniform sample and split give it
    for (int mask = 0; mask < 1 << CLASSES; mask++) {
      if (Integer.bitCount(mask) != 4) {
        continue;
      }
      int all = mask;
      long[] sample = LongStream.range(0, CLASSES).filter(v -> (all >> v & 1) == 1).toArray();
      for (int half = 0; half < 16; half++) {
        if (Integer.bitCount(half) != 2) {
          continue;
        }
        boolean[] first = new boolean[4];
        double[] own = new double[4];
        double inA = 0;
        double sum = 0;
        for (int k = 0; k < 4; k++) {
          first[k] = (half >> k & 1) == 1;
          own[k] = x[(int) sample[k]];
          boolean counts = first[k] && sample[k] != target;
          inA += counts ? 1 : 0;
          sum += counts ? Math.exp(own[k]) : 0;
        }
        AugmentAndReduce loss = new AugmentAndReduce(sample, CLASSES, first);
        double[] slopes = new double[4];
        value += loss.value(own, Arrays.binarySearch(sample, target), slopes);
        ratio += exact(x) / (1 + (CLASSES - 1) / inA * sum);
        for (int k = 0; k < 4; k++) {
          gradient[(int) sample[k]] += slopes[k];
        }
        count++;
      }
    }
    assertTrue(value / count > Math.log(exact(x)) + 0.1, "bound: " + value / count);
    double factor = ratio / count;
    assertTrue(factor > 1.1, "X / eta: " + factor);
    for (int v = 0; v < CLASSES; v++) {
      double softmax = v == target ? 0 : Math.exp(x[v]) / exact(x);
      // samples with the target in A, in B and without it have means of X / eta of their own, so
      // that every other class still has one factor
      assertEquals(factor * softmax, gradient[v] / count, 1e-12, "class " + v);
    }
  }

  @Test
  void isTightWhereOneTermIsLikeAnother() {
    double[] x = {1.5, 1.5, 1.5, 1.5};
    AugmentAndReduce loss = new AugmentAndReduce(new long[] {0, 1, 2, 3}, 101, SPLIT);
    double[] slopes = new double[4];
    double all = 1 + 100 * Math.exp(1.5);
    assertEquals(Math.log(all), loss.value(x, -1, slopes), 1e-12);
    assertEquals(100 * Math.exp(1.5) / all, Arrays.stream(slopes).sum(), 1e-12);
    assertEquals(Math.log(all), loss.value(x, 2, slopes), 1e-12);
    assertEquals(0, slopes[2]);
  }

  @Test
  void slopesAreThoseOfTheValueWithEtaHeld() {
    AugmentAndReduce loss = new AugmentAndReduce(new long[] {0, 1, 2, 3}, 101, SPLIT);
    double[] slopes = new double[4];
    double[] none = new double[4];
    for (double far : new double[] {0.5, 30, 39, 44, 800}) {
      double[] x = {-0.3, far, 0.2, -2};
      loss.value(x, -1, slopes);
      for (int k : new int[] {1, 3}) {
        double h = 1e-6;
        double kept = x[k];
        x[k] = kept + h;
        double above = loss.value(x, -1, none);
        x[k] = kept - h;
        double slope = (above - loss.value(x, -1, none)) / (2 * h);
        x[k] = kept;
        double rounding = 4e-16 * Math.abs(above) / h;
        assertEquals(slope, slopes[k], 1e-7 * Math.abs(slope) + rounding, far + " place " + k);
      }
    }
  }

  @Test
  void staysFiniteWithFiniteLogits() {
    AugmentAndReduce loss = new AugmentAndReduce(new long[] {0, 1, 2, 3}, 200_000, SPLIT);
    double[] slopes = new double[4];
    for (double[] x :
        new double[][] {
          {6e38, -6e38, 1, 2},
          {-6e38, 6e38, 1, 2},
          {-INF, -INF, -INF, -INF},
          {-INF, 3, -INF, -INF},
          {800, -800, 0, 0}
        }) {
      double value = loss.value(x, -1, slopes);
      assertTrue(Double.isFinite(value) && value >= 0, Arrays.toString(x) + ": " + value);
      for (double slope : slopes) {
        assertTrue(slope >= 0 && slope < Float.MAX_VALUE, Arrays.toString(slopes));
      }
    }
    assertEquals(0, loss.value(new double[] {-INF, -INF, -INF, -INF}, -1, slopes));
    assertTrue(Double.isNaN(loss.value(new double[] {Double.NaN, 0, 0, 0}, -1, slopes)));
    assertTrue(Double.isNaN(loss.value(new double[] {0, Double.NaN, 0, 0}, -1, slopes)));
  }

  @Test
  void splitsASampleInHalvesThatItTellsAlone() {
    long[] sample = LongStream.range(0, 1001).map(v -> 3 * v).toArray();
    double[] x = new double[1001];
    Arrays.fill(x, -INF);
    double[] slopes = new double[1001];
    int early = 0;
    int first = 0;
    double[] before = null;
    for (int time = 0; time < 2; time++) {
      AugmentAndReduce loss = new AugmentAndReduce(sample, 4000);
      double[] found = new double[1001];
      for (int k = 0; k < 1001; k++) {
        x[k] = 0;
        loss.value(x, -1, slopes);
        x[k] = -INF;
        // a class of A is in eta, one of B is not
        found[k] = slopes[k] < 1 ? 1 : 0;
        first += time == 0 && found[k] == 1 ? 1 : 0;
        early += time == 0 && found[k] == 1 && k < 500 ? 1 : 0;
      }
      if (before != null) {
        assertEquals(Arrays.toString(before), Arrays.toString(found));
      }
      before = found;
    }
    assertEquals(500, first);
    assertTrue(early > 200 && early < 300, "of the first half of the ids: " + early);
  }

  @Test
  void namesWhatIsWrong() {
    refused("sample: 3 classes", () -> new AugmentAndReduce(new long[] {1, 2, 3}, 9));
    long[] four = {1, 2, 3, 4};
    boolean[] one = {true, false, false, false};
    refused("first: 1 of 4", () -> new AugmentAndReduce(four, 9, one));
    refused("first: 2 of 5", () -> new AugmentAndReduce(four, 9, Arrays.copyOf(SPLIT, 5)));
  }

  private static void refused(String start, Executable call) {
    String message = assertThrows(IllegalArgumentException.class, call).getMessage();
    assertTrue(message.startsWith(start) && message.contains(" (expected: "), message);
  }
}
