package dev.headroom.head.internal;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import dev.headroom.head.HeadOptions;
import dev.headroom.head.internal.HeadProblem.Listed;
import dev.headroom.head.internal.HeadProblem.Listed.Kind;
import dev.headroom.head.internal.HeadProblem.RowUpstream;
import dev.headroom.head.internal.HeadProblem.SoftTargets;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import java.util.stream.LongStream;

/** Makes seeded problems for the tests of the kernels. */
final class Problems {

  private Problems() {}

  /**
   * A problem with random hidden states, classifier, targets and row scales; every `ignoreEvery`-th
   * row ignored.
   */
  static HeadProblem random(
      NDManager manager, int n, HeadOptions options, long seed, int ignoreEvery) {
    Random random = new Random(seed);
    int d = (int) options.width();
    int v = (int) options.classes();
    NDArray e = manager.create(gaussians(random, n * d, 1), new Shape(n, d));
    NDArray c = manager.create(gaussians(random, v * d, 0.5), new Shape(v, d));
    NDArray b = options.bias() ? manager.create(gaussians(random, v, 1), new Shape(v)) : null;
    long[] targets = new long[n];
    float[] r = new float[n];
    float[] rZ = new float[n];
    for (int i = 0; i < n; i++) {
      boolean ignored = ignoreEvery > 0 && i % ignoreEvery == ignoreEvery - 1;
      targets[i] = ignored ? options.ignoreIndex() : random.nextInt(v);
      r[i] = ignored ? 0 : (float) random.nextGaussian();
      rZ[i] = ignored ? 0 : (float) random.nextGaussian();
    }
    SoftTargets soft = options.softTargets() > 0 ? soft(random, n, options) : null;
    return new HeadProblem(e, c, b, targets, soft, r, rZ, null, options);
  }

  /** Pairs of any sign and sum; some count for nothing, some name a class twice. */
  private static SoftTargets soft(Random random, int n, HeadOptions options) {
    int k = options.softTargets();
    long[] ids = new long[n * k];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = random.nextInt((int) options.classes());
      ids[i] = i % 7 == 3 ? options.ignoreIndex() : ids[i];
      ids[i] = i % 5 == 4 && i % k > 0 ? ids[i - 1] : ids[i];
    }
    return new SoftTargets(ids, gaussians(random, n * k, 0.5));
  }

  /** The same problem with random upstream gradients of the outputs that are asked for. */
  static HeadProblem upstream(
      HeadProblem problem, long seed, boolean lse, boolean entropy, boolean logProb) {
    Random random = new Random(seed);
    int n = problem.n();
    return problem.withUpstream(
        new RowUpstream(
            lse ? gaussians(random, n, 1) : null,
            entropy ? gaussians(random, n, 1) : null,
            logProb ? gaussians(random, n, 1) : null));
  }

  /**
   * The same problem with every so many-th class listed by two rows of three, with random upstream
   * gradients; those of the rows come only between statistics and gradients.
   */
  static HeadProblem listed(HeadProblem problem, long seed, int every) {
    long[] ids =
        LongStream.range(0, problem.options().classes()).filter(v -> v % every == 0).toArray();
    long[] places = places(problem);
    int count = (int) Arrays.stream(places).max().orElse(-1) + 1;
    return lateUpstream(problem, new Listed(ids, places, count), seed);
  }

  /**
   * The same problem with classes of two rows of three listed by row, in no order, some places
   * empty, among them targets; with random upstream gradients of them and of the rest.
   */
  static HeadProblem listedByRow(HeadProblem problem, long seed, int each) {
    Random random = new Random(seed);
    int classes = (int) problem.options().classes();
    long[] places = places(problem);
    int count = (int) Arrays.stream(places).max().orElse(-1) + 1;
    long[] ids = new long[count * each];
    Arrays.fill(ids, -1);
    for (int i = 0; i < problem.n(); i++) {
      Set<Long> own = new HashSet<>();
      for (int k = 0; places[i] >= 0 && k < each; k++) {
        long id = k == i % each ? problem.targets()[i] : random.nextInt(classes);
        if (random.nextInt(4) > 0 && own.add(id)) {
          ids[(int) places[i] * each + k] = id;
        }
      }
    }
    return lateUpstream(problem, new Listed(Kind.BY_ROW, ids, each, places, count, true), seed);
  }

  /** The same problem with the largest logits of two rows of three listed. */
  static HeadProblem listedTop(HeadProblem problem, long seed, boolean rest) {
    long[] places = places(problem);
    int count = (int) Arrays.stream(places).max().orElse(-1) + 1;
    int each = problem.options().topK();
    return lateUpstream(problem, new Listed(Kind.TOP, null, each, places, count, rest), seed);
  }

  private static long[] places(HeadProblem problem) {
    long[] places = new long[problem.n()];
    int count = 0;
    for (int i = 0; i < places.length; i++) {
      places[i] = i % 3 == 1 || problem.ignored(i) ? -1 : count++;
    }
    return places;
  }

  /** Upstream gradients of lists that come between statistics and gradients, by class and row. */
  private static HeadProblem lateUpstream(HeadProblem problem, Listed listed, long seed) {
    RowUpstream own = problem.upstream();
    float[] late = gaussians(new Random(seed), 1009, 1);
    int each = listed.each();
    float[] upstream = new float[listed.count() * each];
    float[] rest = listed.rest() ? new float[listed.count()] : null;
    return problem
        .withUpstream(new RowUpstream(own.lse(), own.entropy(), own.logProb(), upstream, rest))
        .withListed(
            listed,
            (statistics, rows) -> {
              for (int row : rows) {
                int place = (int) listed.places()[row];
                for (int k = 0; place >= 0 && k < each; k++) {
                  // wrong where the logit is not known yet
                  boolean unknown = listed.logit(statistics, row, k) == 0;
                  int id = (int) Math.max(0, listed.id(statistics, row, k));
                  double fades = unknown ? 1 : fades(statistics, listed, row, k);
                  upstream[place * each + k] =
                      unknown ? 7 : (float) (fades * late[(31 * id + row) % 1009]);
                }
                if (rest != null && place >= 0) {
                  // by the share of the mass, so that the entries stay bounded
                  double share = Math.exp(statistics.rest()[place] - statistics.lse()[row]);
                  rest[place] = (float) (late[row % 1009] * Math.min(1, share));
                }
              }
            });
  }

  /** Which class comes last among the largest is up to rounding: its gradient is to be 0. */
  private static double fades(HeadResult.Rows statistics, Listed listed, int row, int k) {
    if (listed.kind() != Kind.TOP) {
      return 1;
    }
    double last = listed.logit(statistics, row, listed.each() - 1);
    double z = listed.logit(statistics, row, k);
    return z == Double.NEGATIVE_INFINITY ? 0 : Math.tanh(z - last);
  }

  /** The same problem with hidden states or classifier rounded to float16. */
  static HeadProblem halved(HeadProblem p, boolean e, boolean c) {
    return new HeadProblem(
        e ? p.e().toType(DataType.FLOAT16, true) : p.e(),
        c ? p.c().toType(DataType.FLOAT16, true) : p.c(),
        p.b(),
        p.targets(),
        p.soft(),
        p.r(),
        p.rZ(),
        p.upstream(),
        p.listed(),
        p.between(),
        p.options());
  }

  /** V class weights from 0 up, one of them 0. */
  static float[] classWeights(int v, long seed) {
    Random random = new Random(seed);
    float[] weights = new float[v];
    for (int i = 0; i < v; i++) {
      weights[i] = i == v / 2 ? 0 : 2 * random.nextFloat();
    }
    return weights;
  }

  static float[] gaussians(Random random, int count, double deviation) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) (random.nextGaussian() * deviation);
    }
    return values;
  }
}
