package dev.headroom.head.internal;

import ai.djl.ndarray.NDArray;
import dev.headroom.head.HeadOptions;
import java.util.Arrays;

/**
 * What the kernels return. Arrays of the engine are float32 and belong to the manager of the hidden
 * states; what was not wanted is null.
 *
 * @param rows statistics of each row
 * @param dE gradient of the hidden states [N,D], 0 on ignored rows
 * @param dC gradient of the classifier [V,D]: a new array, or the one it was added to
 * @param dB gradient of the bias [V], likewise
 * @param dropped mass of p that each row's gradient lacks under a gradient filter, or null
 */
public record HeadResult(Rows rows, NDArray dE, NDArray dC, NDArray dB, float[] dropped) {

  /** A result of which nothing was dropped. */
  HeadResult(Rows rows, NDArray dE, NDArray dC, NDArray dB) {
    this(rows, dE, dC, dB, null);
  }

  /**
   * Statistics of N rows, of logits z after scale and cap; 0 on ignored rows (class -1 in the
   * list).
   *
   * @param nll lse minus the target's logit, without class weight and smoothing
   * @param lse log-sum-exp L of the row's logits
   * @param smooth {@code (W L - sum_v w_v z_v) / V} over present classes, or null without smoothing
   * @param soft {@code sum_k w_k (L - z_k)} of soft targets, or null
   * @param entropy {@code L - sum_v p_v z_v}, or null
   * @param squares {@code sum_v p_v^2}, or null
   * @param variance {@code sum_v p_v (log p_v + H)^2}, or null
   * @param listed [places,k] logits z of listed classes, -infinity where none is; null where there
   *     are no lists or they are those of the largest logits
   * @param rest [places] log-sum-exp over classes that a row does not list, or null
   * @param topIds [N,k] classes of the largest logits, largest first, ties to the lower id, or
   *     null; absent classes are not listed, a place left over holds -1, and so does every place of
   *     a row with NaN or infinity among its logits
   * @param topLogits [N,k] those logits, minus infinity in a place left over, or null
   */
  public record Rows(
      float[] nll,
      float[] lse,
      float[] smooth,
      float[] soft,
      float[] entropy,
      float[] squares,
      float[] variance,
      float[] listed,
      float[] rest,
      long[] topIds,
      float[] topLogits) {

    /** Returns room for the statistics that a problem asks for, as ignored rows leave it. */
    static Rows empty(HeadProblem problem) {
      HeadOptions options = problem.options();
      int n = problem.n();
      long[] ids = options.topK() > 0 ? new long[n * options.topK()] : null;
      if (ids != null) {
        Arrays.fill(ids, -1);
      }
      return new Rows(
          new float[n],
          new float[n],
          options.labelSmoothing() > 0 ? new float[n] : null,
          problem.soft() != null ? new float[n] : null,
          options.entropy() ? new float[n] : null,
          options.moments() ? new float[n] : null,
          options.moments() ? new float[n] : null,
          listed(problem.listed()),
          problem.listed() == null || !problem.listed().rest()
              ? null
              : new float[problem.listed().count()],
          ids,
          ids == null ? null : new float[ids.length]);
    }

    private static float[] listed(HeadProblem.Listed listed) {
      if (listed == null || listed.kind() == HeadProblem.Listed.Kind.TOP) {
        return null;
      }
      float[] logits = new float[Math.multiplyExact(listed.count(), listed.each())];
      boolean byRow = listed.kind() == HeadProblem.Listed.Kind.BY_ROW;
      Arrays.fill(logits, byRow ? Float.NEGATIVE_INFINITY : 0);
      return logits;
    }
  }

  /** Closes the arrays that a call has made and will not hand out. */
  void discard(Wanted wanted) {
    close(dE);
    close(wanted == null || wanted.intoC() != null ? null : dC);
    close(wanted == null || wanted.intoB() != null ? null : dB);
  }

  private static void close(NDArray array) {
    if (array != null) {
      array.close();
    }
  }

  /** Returns the rows' losses, without class weight and smoothing. */
  public float[] nll() {
    return rows.nll;
  }

  float[] lse() {
    return rows.lse;
  }
}
