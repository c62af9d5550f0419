package dev.headroom.head.internal;

import ai.djl.ndarray.NDArray;
import dev.headroom.head.HeadOptions;
import java.util.stream.IntStream;

/**
 * One checked call of the head's kernels; {@link Shapes} makes it, nothing else checks.
 *
 * @param e hidden states [N,D], float32 or float16, detached from autograd
 * @param c classifier [V,D], float32 or float16, detached from autograd
 * @param b bias [V], float32, or null
 * @param targets N class ids; the ignore index marks rows that do not count
 * @param soft the rows' soft targets, which then take the place of the class ids, or null
 * @param r scale of each row's cross-entropy term, 0 on ignored rows
 * @param rZ scale of each row's z-loss term, 0 on ignored rows
 * @param upstream gradients that reach a row's other outputs, or null
 * @param listed classes whose logits some rows hand out, or null
 * @param between what happens between the statistics and the gradients of {@link
 *     HeadKernels#forwardBackward}, or null
 * @param options what to compute
 */
public record HeadProblem(
    NDArray e,
    NDArray c,
    NDArray b,
    long[] targets,
    SoftTargets soft,
    float[] r,
    float[] rZ,
    RowUpstream upstream,
    Listed listed,
    Between between,
    HeadOptions options) {

  /** A call without listed classes. */
  public HeadProblem(
      NDArray e,
      NDArray c,
      NDArray b,
      long[] targets,
      SoftTargets soft,
      float[] r,
      float[] rZ,
      RowUpstream upstream,
      HeadOptions options) {
    this(e, c, b, targets, soft, r, rZ, upstream, null, null, options);
  }

  /**
   * Pairs (class, weight) a row, weights of any sign and sum; a pair whose class is the ignore
   * index counts for nothing.
   *
   * @param ids [N,k] class ids
   * @param weights [N,k]
   */
  public record SoftTargets(long[] ids, float[] weights) {}

  /**
   * Upstream gradients of a row's differentiable outputs, each [N] or null.
   *
   * @param lse of the log-sum-exp L
   * @param entropy of the entropy H
   * @param logProb of the target's log-probability z_t - L
   * @param listed of the logits of listed classes, [places,k]
   * @param rest of the log-sum-exp over classes that a row does not list, [places]
   */
  public record RowUpstream(
      float[] lse, float[] entropy, float[] logProb, float[] listed, float[] rest) {

    /** Upstream gradients of the outputs that every row has. */
    public RowUpstream(float[] lse, float[] entropy, float[] logProb) {
      this(lse, entropy, logProb, null, null);
    }
  }

  /**
   * Classes whose logits some rows hand out.
   *
   * @param kind whose classes a row lists
   * @param ids SHARED: k classes, ascending; BY_ROW: [places,k] in any order, a class once a row, a
   *     negative id lists none; TOP: null, the first k of the row's {@code topIds}
   * @param each k
   * @param places N places of rows in lists [places,k], in the order of rows; -1 for a row without
   * @param count how many places there are
   * @param rest whether the log-sum-exp over classes that a row does not list is wanted; not SHARED
   */
  public record Listed(Kind kind, long[] ids, int each, long[] places, int count, boolean rest) {

    /** Whose classes a row lists, by the codes of {@code headroom_listed}. */
    public enum Kind {
      /** One list for all rows. */
      SHARED,
      /** Ids of each row's own. */
      BY_ROW,
      /** The largest logits, as the forward pass finds them. */
      TOP
    }

    /** One list for all rows. */
    public Listed(long[] ids, long[] places, int count) {
      this(Kind.SHARED, ids, ids.length, places, count, false);
    }

    /** Returns the k-th class of a row that has a place, negative where there is none. */
    public long id(HeadResult.Rows statistics, int row, int k) {
      return switch (kind) {
        case SHARED -> ids[k];
        case BY_ROW -> ids[(int) places[row] * each + k];
        case TOP -> statistics.topIds()[topAt(statistics, row, k)];
      };
    }

    /** Returns the logit of the k-th class of a row that has a place. */
    public float logit(HeadResult.Rows statistics, int row, int k) {
      return kind == Kind.TOP
          ? statistics.topLogits()[topAt(statistics, row, k)]
          : statistics.listed()[(int) places[row] * each + k];
    }

    private int topAt(HeadResult.Rows statistics, int row, int k) {
      return row * (statistics.topIds().length / places.length) + k;
    }
  }

  /**
   * Forms what the gradients of rows need from their statistics: may write these rows of r, rZ and
   * the upstream gradients. Called with rows that are not ignored, ascending, each once.
   */
  public interface Between {
    /** Forms it for some rows, whose statistics are written by now. */
    void form(HeadResult.Rows statistics, int[] rows);
  }

  /** Returns how many rows count. */
  public int kept() {
    int kept = 0;
    for (int i = 0; i < n(); i++) {
      kept += ignored(i) ? 0 : 1;
    }
    return kept;
  }

  int n() {
    return targets.length;
  }

  boolean ignored(int row) {
    return targets[row] == options.ignoreIndex();
  }

  /** Returns a row's place in the lists, or -1. */
  int place(int row) {
    return listed == null ? -1 : (int) listed.places[row];
  }

  /** Returns the upstream gradient of the k-th listed logit of a row. */
  double uListed(int row, int k) {
    boolean any = place(row) >= 0 && upstream != null && upstream.listed != null;
    return any ? upstream.listed[place(row) * listed.each + k] : 0;
  }

  /** Returns the upstream gradient of the log-sum-exp over classes that a row does not list. */
  double uRest(int row) {
    boolean any = place(row) >= 0 && upstream != null && upstream.rest != null;
    return any ? upstream.rest[place(row)] : 0;
  }

  /** Calls {@link #between}, where there is one, for the kept rows of a range. */
  void formBetween(HeadResult.Rows statistics, int first, int end) {
    if (between != null) {
      between.form(statistics, IntStream.range(first, end).filter(i -> !ignored(i)).toArray());
    }
  }

  double uLse(int row) {
    return upstream == null || upstream.lse == null ? 0 : upstream.lse[row];
  }

  double uEntropy(int row) {
    return upstream == null || upstream.entropy == null ? 0 : upstream.entropy[row];
  }

  double uLogProb(int row) {
    return upstream == null || upstream.logProb == null ? 0 : upstream.logProb[row];
  }

  /** Returns the k-th class of so many rows; -1 where a pair counts for nothing. */
  long[] softIds(int k, int first, int rows) {
    long[] ids = new long[rows];
    for (int i = 0; i < rows; i++) {
      long id = soft.ids[(first + i) * options.softTargets() + k];
      ids[i] = id == options.ignoreIndex() || ignored(first + i) ? -1 : id;
    }
    return ids;
  }

  /** Returns the weight of the k-th class of so many rows; 0 where a pair counts for nothing. */
  float[] softWeights(int k, int first, int rows) {
    float[] weights = new float[rows];
    long[] ids = softIds(k, first, rows);
    for (int i = 0; i < rows; i++) {
      weights[i] = ids[i] < 0 ? 0 : soft.weights[(first + i) * options.softTargets() + k];
    }
    return weights;
  }

  /** Returns the same call with other row scales. */
  public HeadProblem withScales(float[] newR, float[] newRz) {
    return new HeadProblem(e, c, b, targets, soft, newR, newRz, upstream, listed, between, options);
  }

  /** Returns the same call with other arrays of hidden states and bias. */
  public HeadProblem withHidden(NDArray newE, NDArray newB) {
    return new HeadProblem(newE, c, newB, targets, soft, r, rZ, upstream, listed, between, options);
  }

  /** Returns the same call with upstream gradients of its other outputs. */
  public HeadProblem withUpstream(RowUpstream newUpstream) {
    return new HeadProblem(e, c, b, targets, soft, r, rZ, newUpstream, listed, between, options);
  }

  /** Returns the same call with other options. */
  public HeadProblem withOptions(HeadOptions newOptions) {
    return new HeadProblem(e, c, b, targets, soft, r, rZ, upstream, listed, between, newOptions);
  }

  /** Returns the same call with listed classes and what happens once their logits are known. */
  public HeadProblem withListed(Listed newListed, Between newBetween) {
    return new HeadProblem(e, c, b, targets, soft, r, rZ, upstream, newListed, newBetween, options);
  }
}
