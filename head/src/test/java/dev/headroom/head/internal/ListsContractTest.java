package dev.headroom.head.internal;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import dev.headroom.head.Backend;
import dev.headroom.head.ComputeType;
import dev.headroom.head.HeadOptions;
import dev.headroom.head.internal.HeadProblem.Listed;
import dev.headroom.head.internal.HeadProblem.Listed.Kind;
import dev.headroom.head.internal.HeadProblem.RowUpstream;
import java.util.Arrays;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Holds the classes that rows list of their own on every rung, where numbers are extreme. */
class ListsContractTest extends KernelsContract {

  /** One row after the other over the same logits, each with its list and upstream gradients. */
  private HeadProblem problem(
      HeadOptions options, float[] logits, long[] targets, Listed listed, float[] u, float[] rest) {
    int n = targets.length;
    float[] off = new float[n];
    NDArray e = manager.ones(new Shape(n, 1));
    NDArray c = manager.create(logits, new Shape(logits.length, 1));
    return new HeadProblem(
            e,
            c,
            null,
            targets,
            null,
            off,
            off,
            new RowUpstream(null, null, null, u, rest),
            options)
        .withListed(listed, null);
  }

  private static Listed byRow(int each, long... ids) {
    long[] places = new long[ids.length / each];
    Arrays.setAll(places, i -> i);
    return new Listed(Kind.BY_ROW, ids, each, places, places.length, true);
  }

  @ParameterizedTest
  @MethodSource("rungs")
  void keepsTheDigitsOfWhatIsLeftBesideListedClasses(Rung rung) {
    HeadKernels kernels = rung.kernels();
    int tile = (int) rung.tile(kernels, 1).columns();
    // powers of two, exact in bfloat16 too; the listed classes hold all but a trace of the mass
    for (float size : new float[] {16, 32, 64, 256}) {
      float[] logits = new float[2 * tile + 3];
      logits[tile + 1] = size;
      logits[3] = size;
      logits[5] = Float.NEGATIVE_INFINITY;
      HeadOptions options = rung.apply(HeadOptions.of(logits.length, 1).withEntropy(true));
      long[] ids = {tile + 1, -1, 3, 5, tile + 1, 3, 5, -9};
      float[] u = {0, 0, 0, 0, -2e-6f, 3e-6f, 1, 1};
      float[] rest = {1, 0};
      long[] targets = {3, 0};
      HeadProblem problem = problem(options, logits, targets, byRow(4, ids), u, rest);
      HeadResult.Rows rows = kernels.forward(problem).rows();
      double left = Math.log(logits.length - 3);
      assertEquals(left, rows.rest()[0], 1e-6 * left, rung + " " + size);
      assertEquals(size, rows.listed()[2]);
      assertEquals(Float.NEGATIVE_INFINITY, rows.listed()[1], "no class");
      assertEquals(Float.NEGATIVE_INFINITY, rows.listed()[3], "an absent class");
      assertEquals(size + Math.log(2 + Math.exp(left - size)), rows.lse()[0], 1e-5 * size);
      float[] dC = kernels.backward(problem, rows, Wanted.all(problem)).dC().toFloatArray();
      // nothing but what was given, though p is 1/2 there
      boolean bfloat16 = rung.compute() == ComputeType.BFLOAT16;
      assertEquals(-2e-6, dC[tile + 1], bfloat16 ? 1e-8 : 1e-12, rung + " " + size);
      assertEquals(3e-6, dC[3], bfloat16 ? 1e-8 : 1e-12, rung + " " + size);
      assertEquals(0, dC[5], "an absent class");
      // (256 nats below the rest of the mass, p is 0 in float32)
      double each = size > 80 ? 0 : 1.0 / (logits.length - 3);
      assertEquals(each, dC[0], (bfloat16 ? 5e-3 : 1e-4) * each, rung + " " + size);
    }
  }

  @ParameterizedTest
  @MethodSource("rungs")
  void survivesListsOfEverythingAndLogitsThatAreNoNumbers(Rung rung) {
    HeadKernels kernels = rung.kernels();
    for (float poison : new float[] {Float.NaN, Float.POSITIVE_INFINITY}) {
      float[] logits = {1, 2, poison, 0};
      HeadOptions options = rung.apply(HeadOptions.of(4, 1).withTopK(2));
      Listed lists = byRow(2, 2, 0, 1, 3);
      HeadProblem problem =
          problem(options, logits, new long[] {0, 0}, lists, new float[4], new float[2]);
      HeadResult.Rows rows = kernels.forward(problem).rows();
      // in the list or not, the row tells
      assertTrue(!Float.isFinite(rows.lse()[0]) && !Float.isFinite(rows.lse()[1]), rung + "");
      assertTrue(!Float.isFinite(rows.nll()[0]), rung + " " + poison);
      Listed top = new Listed(Kind.TOP, null, 2, new long[] {0}, 1, true);
      HeadProblem best = problem(options, logits, new long[] {0}, top, new float[2], new float[1]);
      rows = kernels.forward(best).rows();
      assertArrayEquals(new long[] {-1, -1}, rows.topIds(), rung + " " + poison);
      assertTrue(!Float.isFinite(rows.rest()[0]), rung + " " + poison);
      kernels.forwardBackward(best, Wanted.all(best));
    }
    float[] logits = {1, 2, Float.NEGATIVE_INFINITY};
    HeadOptions options = rung.apply(HeadOptions.of(3, 1).withTopK(3));
    Listed all = new Listed(Kind.TOP, null, 3, new long[] {0}, 1, true);
    for (Listed listed : new Listed[] {byRow(3, 1, 2, 0), all}) {
      float[] u = {1, 1, 1};
      HeadProblem problem = problem(options, logits, new long[] {0}, listed, u, new float[] {1});
      HeadResult result = kernels.forwardBackward(problem, Wanted.all(problem));
      assertEquals(Float.NEGATIVE_INFINITY, result.rows().rest()[0], rung + " nothing left");
      assertArrayEquals(new float[] {1, 1, 0}, result.dC().toFloatArray(), 1e-6f, rung + "");
    }
  }

  @ParameterizedTest
  @MethodSource("rungs")
  void agreesOverManyTilesChunksAndIgnoredRows(Rung rung) {
    HeadKernels kernels = rung.kernels();
    int tile = (int) rung.tile(kernels, 7).columns();
    for (int n : new int[] {1, 75, 300}) {
      HeadOptions options = rung.apply(everything(HeadOptions.of(3 * tile + 1, 7)).withBias(true));
      HeadProblem random = Problems.random(manager, n, options, SEED, 4);
      HeadProblem problem = Problems.upstream(random, SEED, true, true, true);
      rung.compare(kernels, Problems.listedByRow(problem, SEED, 40));
      rung.compare(kernels, Workspace.tight(kernels, Problems.listedByRow(problem, SEED, 5)));
      boolean rest = rung.compute() == ComputeType.FLOAT32;
      rung.compare(kernels, Problems.listedTop(problem, SEED, rest));
    }
  }

  @ParameterizedTest
  @MethodSource("rungs")
  void nativeKernelsNameWhatIsWrongInAList(Rung rung) {
    if (rung.backend() != Backend.NATIVE_CPU) {
      return;
    }
    HeadKernels kernels = rung.kernels();
    HeadOptions options = rung.apply(HeadOptions.of(4, 1));
    for (long[] wrong : new long[][] {{2, 2}, {4, 1}}) {
      HeadProblem problem =
          problem(options, new float[4], new long[1], byRow(2, wrong), new float[2], new float[1]);
      String message =
          assertThrows(IllegalArgumentException.class, () -> kernels.forward(problem)).getMessage();
      assertEquals(
          "listed class of row 0: "
              + wrong[0]
              + " (expected: below 4, once a row, negative for none)",
          message);
    }
    Listed top = new Listed(Kind.TOP, null, 2, new long[1], 1, false);
    HeadProblem problem = problem(options, new float[4], new long[1], top, new float[2], null);
    assertEquals(
        "listed_count: 2 (expected: at most top_count 0 with TOP lists)",
        assertThrows(IllegalArgumentException.class, () -> kernels.forward(problem)).getMessage());
  }
}
