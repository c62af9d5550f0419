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
   */
  public record RowUpstream(float[] lse, float[] entropy, float[] logProb, float[] listed) {

    /** Upstream gradients of the outputs that every row has. */
    public RowUpstream(float[] lse, float[] entropy, float[] logProb) {
      this(lse, entropy, logProb, null);
    }
  }

  /**
   * Classes whose logits some rows hand out.
   *
   * @param ids k classes, ascending
   * @param places N places of rows in lists [places,k], in the order of rows; -1 for a row without
   * @param count how many places there are
   */
  public record Listed(long[] ids, long[] places, int count) {}

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
