package dev.headroom.head.internal;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;

/**
 * Runs the spherical family with DJL operations: products of centred tiles in float32, sums over
 * tiles and everything of a row in float64. Extra memory: a few N x D and D x D arrays in float64,
 * and a tile of the classifier.
 */
final class PortableSpherical implements SphericalKernels.Pass {
  private static final long TILE_ROWS = 4096;
  private static final int ROWS = 2048;
  private static final double NOISE = 0x1p-24;

  private final HeadProblem problem;
  private final Wanted wanted;
  private final int n;
  private final int k;
  private final long v;
  private final long[] ids;
  private final NDManager manager;
  private final NDArray c;
  private final NDArray e;
  private NDArray mean;
  private NDArray products;

  PortableSpherical(HeadProblem problem, Wanted wanted) {
    this.problem = problem;
    this.wanted = wanted;
    n = problem.n();
    k = SphericalRows.targetCount(problem);
    v = problem.options().classes();
    ids = SphericalRows.ids(problem);
    manager = problem.e().getManager().newSubManager();
    c = problem.c().stopGradient();
    c.attach(manager);
    NDArray hidden = PortableTile.float32(manager, problem.e().stopGradient());
    // ignored rows at 0: what they hold must not reach a sum
    NDArray counts = manager.create(counts(), new Shape(n, 1)).broadcast(hidden.getShape());
    NDArray zeros = manager.zeros(hidden.getShape(), DataType.FLOAT32);
    e = ai.djl.ndarray.NDArrays.where(counts, hidden, zeros);
  }

  private boolean[] counts() {
    boolean[] counts = new boolean[n];
    for (int i = 0; i < n; i++) {
      counts[i] = !problem.ignored(i);
    }
    return counts;
  }

  /** What is done with a tile of the classifier, float32; everything in its manager is closed. */
  private interface Body {
    void run(NDArray tile, long begin, long end);
  }

  private void eachTile(Body body) {
    for (long begin = 0; begin < v; begin += TILE_ROWS) {
      long end = Math.min(v, begin + TILE_ROWS);
      try (NDManager scratch = manager.newSubManager()) {
        NDArray rows = c.get(new NDIndex("{}:{}", begin, end));
        body.run(PortableTile.float32(scratch, rows), begin, end);
      }
    }
  }

  private static NDArray wide(NDArray array) {
    return array.toType(DataType.FLOAT64, true);
  }

  private static NDArray narrow(NDArray array) {
    return array.toType(DataType.FLOAT32, true);
  }

  private NDArray centred(NDArray tile) {
    return narrow(wide(tile).sub(mean));
  }

  @Override
  public SphericalRows.Statistics statistics() {
    long d = problem.options().width();
    NDArray sum = manager.zeros(new Shape(1, d), DataType.FLOAT64);
    eachTile((tile, begin, end) -> sum.addi(wide(tile).sum(new int[] {0}, true)));
    mean = sum.div(v);
    NDArray gram = manager.zeros(new Shape(d, d), DataType.FLOAT64);
    eachTile(
        (tile, begin, end) -> {
          NDArray rows = centred(tile);
          gram.addi(wide(rows.transpose().matMul(rows)));
        });
    NDArray hidden = wide(e);
    NDArray diagonal = diagonal(gram);
    products = wide(e.matMul(apart(gram))).add(hidden.mul(diagonal));
    double[] spread = sums(hidden.mul(products));
    double[] size = sums(hidden.mul(hidden));
    double trace = diagonal.sum().getDouble();
    for (int i = 0; i < n; i++) {
      // (a loss divides by it: where it has left the range no wrong number may look right)
      spread[i] = Double.isFinite(spread[i]) ? spread[i] : Double.NaN;
      spread[i] = spread[i] <= NOISE * trace * size[i] ? 0 : spread[i];
    }
    return new SphericalRows.Statistics(sums(hidden.mul(mean)), spread, targets(hidden));
  }

  private NDArray identity(long d) {
    return manager.eye((int) d).toType(DataType.FLOAT64, false);
  }

  /** Returns the diagonal [1,D] of a product that is symmetric. */
  private NDArray diagonal(NDArray gram) {
    return gram.mul(identity(gram.getShape().get(0))).sum(new int[] {0}, true);
  }

  /**
   * Returns what a product is without its diagonal, in float32: often that is the largest term of a
   * sum, which would cost the others their last digits.
   */
  private NDArray apart(NDArray gram) {
    return narrow(gram.mul(identity(gram.getShape().get(0)).neg().add(1)));
  }

  /** Returns o_t - mu of every target; 0 where one counts for nothing. */
  private double[] targets(NDArray hidden) {
    double[] y = new double[n * k];
    for (int place = 0; place < k; place++) {
      double[] sums = sums(classesOf(place).sub(mean).mul(hidden));
      for (int i = 0; i < n; i++) {
        y[i * k + place] = skipped(i * k + place) ? 0 : sums[i];
      }
    }
    return y;
  }

  private boolean skipped(int at) {
    return ids[at] == problem.options().ignoreIndex();
  }

  /** Returns the classifier's rows of each row's target at one place, [N,D] in float64. */
  private NDArray classesOf(int place) {
    long[] rows = new long[n];
    for (int i = 0; i < n; i++) {
      rows[i] = skipped(i * k + place) ? 0 : ids[i * k + place];
    }
    NDArray gathered = c.get(manager.create(rows));
    gathered.attach(manager);
    return wide(gathered);
  }

  private static double[] sums(NDArray rows) {
    return rows.sum(new int[] {1}).toDoubleArray();
  }

  @Override
  public HeadResult gradients(SphericalRows rows) {
    NDArray dE = null;
    if (wanted.hidden()) {
      dE = hiddenGradient(rows);
      dE.attach(problem.e().getManager());
    }
    return new HeadResult(
        rows.statistics(), dE, wanted.classifier() ? classifierGradient(rows) : null, null);
  }

  private NDArray column(double[] values) {
    return manager.create(values, new Shape(values.length, 1));
  }

  /** As (u_mean + sum u_target) m + ... (c_t - m): a large mean cancels in the bracket. */
  private NDArray hiddenGradient(SphericalRows rows) {
    NDArray sum = products.mul(column(rows.uSpread()));
    double[] ofMean = rows.uMean().clone();
    for (int place = 0; place < k; place++) {
      double[] u = new double[n];
      for (int i = 0; i < n; i++) {
        u[i] = rows.uTarget()[i * k + place];
        ofMean[i] += u[i];
      }
      sum = sum.add(classesOf(place).sub(mean).mul(column(u)));
    }
    return narrow(sum.add(column(ofMean).mul(mean)));
  }

  private NDArray classifierGradient(SphericalRows rows) {
    long d = problem.options().width();
    NDArray products = manager.zeros(new Shape(d, d), DataType.FLOAT64);
    NDArray constant = manager.zeros(new Shape(1, d), DataType.FLOAT64);
    for (int first = 0; first < n; first += ROWS) {
      String range = first + ":" + Math.min(n, first + ROWS);
      NDArray part = e.get(range);
      NDArray spread = narrow(column(rows.uSpread()).get(range));
      products.addi(wide(part.mul(spread).transpose().matMul(part)));
      constant.addi(wide(part).mul(column(rows.uMean()).get(range)).sum(new int[] {0}, true));
    }
    NDArray square = apart(products);
    NDArray diagonal = narrow(diagonal(products));
    NDArray row = narrow(constant.div(v));
    NDArray dC =
        wanted.intoC() != null
            ? wanted.intoC()
            : problem.e().getManager().zeros(new Shape(v, d), DataType.FLOAT32);
    SphericalTargets targets = new SphericalTargets(ids, problem.options().ignoreIndex());
    eachTile(
        (tile, begin, end) -> {
          NDArray part = dC.get(new NDIndex("{}:{}", begin, end));
          part.attach(tile.getManager());
          NDArray centred = centred(tile);
          part.addi(centred.matMul(square).add(centred.mul(diagonal)).add(row));
          targets.each(begin, end, ROWS, places -> addTargets(part, begin, places, rows));
        });
    return dC;
  }

  /** Adds u_target e to the rows of some targets, as the product of a selection with rows of e. */
  private void addTargets(NDArray part, long begin, int[] places, SphericalRows rows) {
    int classes = (int) part.getShape().get(0);
    float[] selection = new float[Math.multiplyExact(classes, places.length)];
    long[] from = new long[places.length];
    for (int j = 0; j < places.length; j++) {
      from[j] = places[j] / k;
      int row = (int) (ids[places[j]] - begin);
      selection[row * places.length + j] = (float) rows.uTarget()[places[j]];
    }
    try (NDManager scratch = part.getManager().newSubManager()) {
      NDArray hidden = e.get(manager.create(from));
      hidden.attach(scratch);
      part.addi(scratch.create(selection, new Shape(classes, places.length)).matMul(hidden));
    }
  }

  @Override
  public void close() {
    manager.close();
  }
}
