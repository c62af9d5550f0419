package dev.headroom.head.internal;

import ai.djl.ndarray.NDArray;
import dev.headroom.head.HeadOptions;

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
    HeadOptions options) {

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
   */
  public record RowUpstream(float[] lse, float[] entropy, float[] logProb) {}

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
    return new HeadProblem(e, c, b, targets, soft, newR, newRz, upstream, options);
  }

  /** Returns the same call with other arrays of hidden states and bias. */
  public HeadProblem withHidden(NDArray newE, NDArray newB) {
    return new HeadProblem(newE, c, newB, targets, soft, r, rZ, upstream, options);
  }

  /** Returns the same call with upstream gradients of its other outputs. */
  public HeadProblem withUpstream(RowUpstream newUpstream) {
    return new HeadProblem(e, c, b, targets, soft, r, rZ, newUpstream, options);
  }

  /** Returns the same call with other options. */
  public HeadProblem withOptions(HeadOptions newOptions) {
    return new HeadProblem(e, c, b, targets, soft, r, rZ, upstream, newOptions);
  }
}
