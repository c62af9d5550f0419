package dev.headroom.head.internal;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import dev.headroom.head.Distillation;
import dev.headroom.head.Divergence;
import java.util.Arrays;

/** The sums over tiles of a chunk of rows whose two softmaxes are compared, in float64. */
final class PortableSums {
  final Distillation how;
  private final LogSum x;
  private final LogSum y;
  private final LogSum overlap;
  private final double[] first;
  private final double[] second;
  private final float[][] normalisers = new float[4][];

  PortableSums(int rows, Distillation how) {
    this.how = how;
    x = new LogSum(rows);
    y = new LogSum(rows);
    overlap = new LogSum(rows);
    first = new double[rows];
    second = new double[rows];
  }

  /** Sums of exponentials relative to the largest logit, which both grow tile by tile. */
  private static final class LogSum {
    final double[] max;
    final double[] sum;

    LogSum(int rows) {
      max = new double[rows];
      // finite, so that a difference of two of them is a number
      Arrays.fill(max, -Float.MAX_VALUE);
      sum = new double[rows];
    }

    void add(NDArray z) {
      int[] along = {1};
      NDArray origin = z.max(along, true).maximum(-Float.MAX_VALUE);
      float[] tileSum = z.sub(origin).exp().sum(along).toFloatArray();
      float[] tileMax = origin.toFloatArray();
      for (int i = 0; i < max.length; i++) {
        double larger = Math.max(max[i], tileMax[i]);
        sum[i] = sum[i] * Math.exp(max[i] - larger) + tileSum[i] * Math.exp(tileMax[i] - larger);
        max[i] = larger;
      }
    }

    float[] maxima() {
      float[] values = new float[max.length];
      for (int i = 0; i < values.length; i++) {
        values[i] = (float) max[i];
      }
      return values;
    }

    float[] logs() {
      float[] values = new float[sum.length];
      for (int i = 0; i < values.length; i++) {
        // no class, no softmax: NaN
        values[i] = sum[i] == 0 ? Float.NaN : (float) Math.log(sum[i]);
      }
      return values;
    }
  }

  void addExponentials(NDArray logitsX, NDArray logitsY) {
    x.add(logitsX);
    y.add(logitsY);
  }

  /** Fixes the normalisers, once all tiles are added. */
  void normalise() {
    normalisers[0] = x.maxima();
    normalisers[1] = x.logs();
    normalisers[2] = y.maxima();
    normalisers[3] = y.logs();
  }

  /** Returns log p of logits of the student. */
  NDArray logP(NDArray z) {
    return normalised(z, normalisers[0], normalisers[1]);
  }

  /** Returns log q of logits of the teacher. */
  NDArray logQ(NDArray z) {
    return normalised(z, normalisers[2], normalisers[3]);
  }

  // taken off one after the other: the logits' size costs log p none of its digits
  private static NDArray normalised(NDArray z, float[] max, float[] log) {
    return z.sub(column(z.getManager(), max)).sub(column(z.getManager(), log));
  }

  private static NDArray column(NDManager manager, float[] values) {
    return manager.create(values, new Shape(values.length, 1));
  }

  /** Adds a tile's part of the values. */
  void addTerms(PortableEntries entries) {
    if (how.divergence() == Divergence.INNER_PRODUCT) {
      overlap.add(entries.logProducts());
      return;
    }
    add(first, entries.firstTerms());
    if (entries.hasSecond()) {
      add(second, entries.secondTerms());
    }
  }

  private static void add(double[] sums, NDArray terms) {
    float[] tile = terms.sum(new int[] {1}).toFloatArray();
    for (int i = 0; i < sums.length; i++) {
      sums[i] += tile[i];
    }
  }

  private boolean empty(int i) {
    return Float.isNaN(normalisers[1][i]) || Float.isNaN(normalisers[3][i]);
  }

  /** Returns the divergence of a row; NaN where a side has no class, or a logit is NaN. */
  float value(int i) {
    double value =
        switch (how.divergence()) {
          case FORWARD_KL, REVERSE_KL, EXPECTED_LOGIT -> first[i];
          case JENSEN_SHANNON -> how.beta() * first[i] + (1 - how.beta()) * second[i];
          case SYMMETRIC_CROSS_ENTROPY -> first[i] + second[i];
          case INNER_PRODUCT -> -(overlap.max[i] + Math.log(overlap.sum[i]));
        };
    return empty(i) ? Float.NaN : (float) value;
  }

  /** Returns what the entries of each row's gradient lose, as a column. */
  NDArray centers(NDManager manager) {
    float[] centers = new float[first.length];
    for (int i = 0; i < centers.length; i++) {
      centers[i] =
          switch (how.divergence()) {
            case FORWARD_KL -> 0;
            case REVERSE_KL, EXPECTED_LOGIT -> (float) first[i];
            case JENSEN_SHANNON -> (float) second[i];
            case SYMMETRIC_CROSS_ENTROPY -> (float) -second[i];
            case INNER_PRODUCT -> -value(i);
          };
    }
    return column(manager, centers);
  }
}
