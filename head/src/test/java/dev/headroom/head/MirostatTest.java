package dev.headroom.head;

import static dev.headroom.head.PredictionFixture.logits;
import static dev.headroom.head.PredictionFixture.lse;
import static dev.headroom.head.PredictionFixture.noise;
import static dev.headroom.head.PredictionFixture.refuses;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.index.NDIndex;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Holds Mirostat's draws and its state against the formula in float64. */
class MirostatTest {
  private static final int CLASSES = 3000;

  private PredictionFixture f;
  private VocabularyHead head;

  @BeforeEach
  void open() {
    f = new PredictionFixture();
    head = f.head(CLASSES, noise(CLASSES, 4, 2));
  }

  @AfterEach
  void close() {
    f.close();
  }

  @Test
  void movesEachBoundByTheSurpriseOfItsDraw() {
    int rows = 20;
    NDArray hidden = f.hidden(rows, 0.7);
    double[][] z = logits(head, hidden);
    Sampling sampling = Sampling.plain().withTemperature(1.3);
    // bounds that few classes meet, and such that thousands do
    for (double target : new double[] {1.5, 6}) {
      Mirostat mirostat = new Mirostat(rows, target, 0.2);
      double[] mu = new double[rows];
      Arrays.fill(mu, 2 * target);
      assertArrayEquals(mu, mirostat.boundsNats());
      for (int step = 0; step < 10; step++) {
        long[] drawn = head.sample(hidden, sampling, mirostat, 3, step).toLongArray();
        for (int i = 0; i < rows; i++) {
          double surprise = lse(z[i], 1.3) - z[i][(int) drawn[i]] / 1.3;
          double least = lse(z[i], 1.3) - Arrays.stream(z[i]).max().orElseThrow() / 1.3;
          assertTrue(surprise <= Math.max(mu[i], least) + 1e-5, "row " + i + " step " + step);
          mu[i] -= 0.2 * (surprise - target);
        }
        assertArrayEquals(mu, mirostat.boundsNats(), 1e-4);
      }
    }
  }

  @Test
  void drawsFromTheClassesWithinTheBoundByTheirShares() {
    NDArray row = f.hidden(1, 0.7);
    double[] z = logits(head, row)[0];
    for (double bound : new double[] {4, 6, 8, 12}) {
      double[] bounds = new double[2000];
      Arrays.fill(bounds, bound);
      double[] shares = new double[CLASSES];
      for (int v = 0; v < CLASSES; v++) {
        double surprise = lse(z, 1) - z[v];
        shares[v] = surprise <= bound ? Math.exp(-surprise) : 0;
      }
      double mass = Arrays.stream(shares).sum();
      shares = Arrays.stream(shares).map(p -> p / mass).toArray();
      int[] counts = new int[CLASSES];
      for (int step = 0; step < 6; step++) {
        Mirostat mirostat = new Mirostat(bounds, 2, 0.1);
        NDArray rows = row.repeat(0, 2000);
        for (long id : head.sample(rows, Sampling.plain(), mirostat, 77, step).toLongArray()) {
          counts[(int) id]++;
        }
      }
      SamplingTest.compare("bound " + bound, counts, shares);
    }
  }

  @Test
  void keepsTheMeanSurpriseAtItsTarget() {
    int rows = 50;
    int steps = 300;
    NDArray hidden = f.hidden(rows, 0.7);
    double[][] z = logits(head, hidden);
    Mirostat mirostat = new Mirostat(rows, 4, 0.1);
    double sum = 0;
    for (int step = 0; step < steps; step++) {
      long[] drawn = head.sample(hidden, Sampling.plain(), mirostat, 5, step).toLongArray();
      for (int i = 0; step >= 100 && i < rows; i++) {
        sum += lse(z[i], 1) - z[i][(int) drawn[i]];
      }
    }
    assertEquals(4, sum / rows / (steps - 100), 0.03);
  }

  @Test
  void goesOnFromABoundThatWasKept() {
    NDArray hidden = f.hidden(4, 0.7);
    Mirostat whole = new Mirostat(4, 3, 0.1);
    head.sample(hidden, Sampling.plain(), whole, 5, 0).close();
    Mirostat resumed = new Mirostat(whole.boundsNats(), 3, 0.1);
    assertArrayEquals(
        head.sample(hidden, Sampling.plain(), whole, 5, 1).toLongArray(),
        head.sample(hidden, Sampling.plain(), resumed, 5, 1).toLongArray());
    assertArrayEquals(whole.boundsNats(), resumed.boundsNats());
    whole.boundsNats()[0] = 99;
    assertArrayEquals(resumed.boundsNats(), whole.boundsNats());
  }

  @Test
  void staysAsItIsWhereTheCallThrows() {
    NDArray hidden = f.hidden(3, 1);
    hidden.set(new NDIndex("2, 3"), Float.NaN);
    Mirostat mirostat = new Mirostat(3, 3, 0.1);
    assertThrows(
        IllegalArgumentException.class,
        () -> head.sample(hidden, Sampling.plain(), mirostat, 1, 1));
    assertArrayEquals(new double[] {6, 6, 6}, mirostat.boundsNats());
  }

  @Test
  void namesWhatIsWrong() {
    NDArray hidden = f.hidden(2, 1);
    Mirostat two = new Mirostat(2, 3, 0.1);
    Sampling plain = Sampling.plain();
    refuses("sequences: -1 (expected: 0 or more)", () -> new Mirostat(-1, 3, 0.1));
    refuses("targetNats: 0.0 (expected: a positive", () -> new Mirostat(2, 0, 0.1));
    refuses("targetNats: NaN (expected: ", () -> new Mirostat(2, Double.NaN, 0.1));
    refuses("rate: 0.0 (expected: a positive", () -> new Mirostat(2, 3, 0));
    refuses("rate: Infinity (expected: ", () -> new Mirostat(2, 3, 1 / 0.0));
    refuses(
        "boundsNats[1]: NaN (expected: a finite",
        () -> new Mirostat(new double[] {1, Double.NaN}, 3, 0.1));
    refuses(
        "mirostat sequences: 2 (expected: 3, one for each row",
        () -> head.sample(f.hidden(3, 1), plain, two, 1, 1));
    refuses(
        "sampling topK: 5 (expected: 0 with Mirostat",
        () -> head.sample(hidden, plain.withTopK(5), two, 1, 1));
    refuses(
        "sampling topP: 0.9 (expected: 1 with Mirostat",
        () -> head.sample(hidden, plain.withTopP(0.9), two, 1, 1));
    refuses(
        "sampling minP: 0.1 (expected: 0 with Mirostat",
        () -> head.sample(hidden, plain.withMinP(0.1), two, 1, 1));
    refuses(
        "sampling topNSigma: 1.0 (expected: 0 with Mirostat",
        () -> head.sample(hidden, plain.withTopNSigma(1), two, 1, 1));
  }
}
