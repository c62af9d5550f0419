package dev.headroom.head.losses;

import dev.headroom.head.RowBatch;
import java.util.Arrays;
import java.util.Random;

/**
 * Replaces the cross-entropy by the augment-and-reduce bound, estimated from a sample of classes.
 *
 * <pre>
 *   nll = log X &lt;= log eta + X / eta - 1,   X = 1 + sum over v other than t of exp(z_v - z_t)
 *   eta = 1 + (V - 1) / |A|  sum over A of exp(z_v - z_t)
 *   X   ~ 1 + sum over A of exp(z_v - z_t) + (V - 1 - |A|) / |B|  sum over B of exp(z_v - z_t)
 *   d/dz_v = exp(z_v - z_t) / eta, in B times (V - 1 - |A|) / |B|;   d/dz_t = -(sum of these)
 * </pre>
 *
 * <p>A and B are halves of the sample, without the row's target, split by a seed made of the
 * sample. The bound holds for any positive eta and is tight at {@code eta = X}, so an eta from A
 * alone keeps it: given A, the mean over B is {@code log eta + X / eta - 1} with the exact X, never
 * below nll. No gradient goes through eta, which at the tight point has none. Given A the mean
 * gradient of a row is then {@code X / eta} times that of the cross-entropy: its direction is
 * exact, its size is not, and over A the mean of {@code X / eta} is at least 1 (Jensen). An eta
 * from B too would make the sum look certain where A and B miss the same classes, and the value no
 * bound.
 *
 * <p>Terms above {@code e^40 eta} grow linearly from there, with that slope.
 *
 * <p>Not where few classes outweigh all others and the sample misses them mostly: {@code X / eta}
 * then has a heavy tail, up to {@code V / |B|} and more a class. {@link OneVsEach} is looser and
 * never so noisy. As there, its use is to compare with it: the head's own products give X exactly.
 * Source: Ruiz, Titsias, Dieng and Blei 2018, Augment and reduce: stochastic inference for large
 * categorical distributions, section 3.2 (the softmax model), with eta from a sample in place of
 * one kept for each row of the data.
 */
public final class AugmentAndReduce extends SampledLoss {
  private static final double MOST = 40;

  private final boolean[] first;

  /**
   * Takes a sample; draw another for each step.
   *
   * @param sample at least 4 different classes, ascending, drawn uniformly
   * @param classes V
   */
  public AugmentAndReduce(long[] sample, long classes) {
    this(sample, classes, split(sample));
  }

  /**
   * Takes a sample that is split already.
   *
   * @param sample different classes, ascending, drawn uniformly
   * @param classes V
   * @param first which of them are A: at least 2, and 2 are not, chosen without looking at logits
   */
  public AugmentAndReduce(long[] sample, long classes, boolean[] first) {
    super(sample, classes, 4, "two halves, in each of which one may be the target");
    this.first = first.clone();
    int inA = 0;
    for (boolean of : first) {
      inA += of ? 1 : 0;
    }
    if (first.length != sample.length || inA < 2 || inA > sample.length - 2) {
      throw new IllegalArgumentException(
          "first: "
              + inA
              + " of "
              + first.length
              + " (expected: as many places as the sample's "
              + sample.length
              + ", with at least 2 classes in each half, one may be the target)");
    }
  }

  /** Returns a half of the places, as random as the sample. */
  private static boolean[] split(long[] sample) {
    int[] order = new int[sample.length];
    Random random = new Random(Arrays.hashCode(sample));
    for (int k = 0; k < order.length; k++) {
      int at = random.nextInt(k + 1);
      order[k] = order[at];
      order[at] = k;
    }
    boolean[] first = new boolean[sample.length];
    for (int k = 0; k < order.length / 2; k++) {
      first[order[k]] = true;
    }
    return first;
  }

  @Override
  public void form(RowBatch rows) {
    double[] x = new double[sample.length];
    double[] slopes = new double[sample.length];
    for (int i = 0; i < rows.size(); i++) {
      double target = rows.lse(i) - rows.nll(i);
      for (int k = 0; k < x.length; k++) {
        x[k] = rows.listed(i, k) - target;
      }
      int drawn = Arrays.binarySearch(sample, rows.target(i));
      double value = value(x, drawn, slopes);
      double sum = 0;
      for (int k = 0; k < x.length; k++) {
        sum += slopes[k];
        rows.setListed(i, k, slopes[k]);
      }
      // z_t = L - nll: the two parts cancel but for the target's entry
      rows.set(i, value, sum, -sum, 0);
    }
  }

  /**
   * Returns the value of a row.
   *
   * @param x z_v - z_t of the sample
   * @param drawn the target's place in it, or below 0
   * @param slopes the derivatives by x, written
   */
  double value(double[] x, int drawn, double[] slopes) {
    int inA = 0;
    for (int k = 0; k < x.length; k++) {
      inA += first[k] && k != drawn ? 1 : 0;
    }
    int inB = x.length - inA - (drawn >= 0 ? 1 : 0);
    double logEta = logEta(x, drawn, (classes - 1.0) / inA);
    double each = (classes - 1.0 - inA) / inB;
    double value = logEta + Math.exp(-logEta) - 1;
    for (int k = 0; k < x.length; k++) {
      double y = x[k] - logEta;
      double share = k == drawn ? 0 : first[k] ? 1 : each;
      slopes[k] = share * Math.exp(Math.min(y, MOST));
      value += k == drawn ? 0 : slopes[k] * (1 + Math.max(0, y - MOST));
    }
    return value;
  }

  /** Returns the log of 1 + each x the sum of exp(x) over A. */
  private double logEta(double[] x, int drawn, double each) {
    double most = 0;
    for (int k = 0; k < x.length; k++) {
      most = first[k] && k != drawn ? Math.max(most, x[k]) : most;
    }
    double sum = 0;
    for (int k = 0; k < x.length; k++) {
      sum += first[k] && k != drawn ? Math.exp(x[k] - most) : 0;
    }
    return most + Math.log(Math.exp(-most) + each * sum);
  }

  @Override
  public String toString() {
    return "augment-and-reduce of " + sample.length + " classes";
  }
}
