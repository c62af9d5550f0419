package dev.headroom.head;

import dev.headroom.head.internal.HeadProblem;
import dev.headroom.head.internal.HeadProblem.Listed;
import dev.headroom.head.internal.HeadProblem.RowUpstream;
import dev.headroom.head.internal.HeadResult;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Turns the {@link RowLoss}es of a head into values of rows and upstream gradients for the kernels,
 * each row times the loss's scale.
 */
final class RowTerms implements HeadProblem.Between {
  private final HeadProblem given;
  private final HeadProblem problem;
  private final List<RowLoss> losses;
  private final long length;
  private final float[][] scales;
  private final RowUpstream upstream;
  private final double[][] values;

  /**
   * Prepares the losses of a call.
   *
   * @param given as it came, with the scales of its cross-entropy
   * @param length of a sequence
   */
  RowTerms(HeadProblem given, long length) {
    this.given = given;
    HeadOptions options = given.options();
    losses = options.rowLosses();
    this.length = length;
    int n = given.targets().length;
    scales = new float[losses.size()][];
    values = new double[losses.size()][n];
    for (int j = 0; j < scales.length; j++) {
      scales[j] = scales(losses.get(j));
    }
    Listed listed = RowLists.of(given, losses, length);
    upstream =
        new RowUpstream(
            new float[n],
            options.entropy() ? new float[n] : null,
            new float[n],
            listed == null ? null : new float[Math.multiplyExact(listed.count(), listed.each())],
            listed == null || !listed.rest() ? null : new float[listed.count()]);
    HeadProblem own = replaceCrossEntropy() ? given.withScales(new float[n], given.rZ()) : given;
    problem = own.withUpstream(upstream).withListed(listed, this);
  }

  /** Returns the call for the kernels. */
  HeadProblem problem() {
    return problem;
  }

  /** Returns the call as it came. */
  HeadProblem given() {
    return given;
  }

  /** Returns whether a loss takes the place of the cross-entropy. */
  boolean replaceCrossEntropy() {
    return losses.stream().anyMatch(RowLoss::replacesCrossEntropy);
  }

  /** Returns whether gradients may be formed chunk by chunk. */
  boolean eachRowAlone() {
    return losses.stream().allMatch(RowLoss::eachRowAlone);
  }

  /** Returns what the losses add to a row, each times its scale. */
  double value(int row) {
    double sum = 0;
    for (double[] loss : values) {
      sum += loss[row];
    }
    return sum;
  }

  /** Returns what each loss adds to the rows, in the order of the options, for logging. */
  double[][] values() {
    return values;
  }

  @Override
  public void form(HeadResult.Rows statistics, int[] rows) {
    for (int j = 0; j < losses.size(); j++) {
      int of = j;
      RowLoss loss = losses.get(of);
      int[] taking = Arrays.stream(rows).filter(i -> takesPart(loss, i, of)).toArray();
      if (taking.length > 0) {
        loss.form(new RowBatch(problem, statistics, taking, length, sink(of, statistics)));
      }
    }
  }

  private boolean takesPart(RowLoss loss, int row, int of) {
    boolean weighs = !loss.perSequence() || scales[of][row] != 0;
    return weighs && loss.takesPart(problem.targets()[row]);
  }

  /** Forms the terms of all kept rows. */
  void formAll(HeadResult.Rows statistics) {
    long[] targets = problem.targets();
    form(
        statistics,
        IntStream.range(0, targets.length)
            .filter(i -> targets[i] != problem.options().ignoreIndex())
            .toArray());
  }

  private RowBatch.Sink sink(int loss, HeadResult.Rows statistics) {
    return new RowBatch.Sink() {
      @Override
      public void row(int row, double value, double dNll, double dLse, double dEntropy) {
        float scale = scales[loss][row];
        // a loss bounded above would hide an infinite logit
        double sound = Float.isFinite(statistics.lse()[row]) ? value : Double.NaN;
        // (a weight of 0 takes a row out, whatever its loss)
        values[loss][row] = scale == 0 ? 0 : scale * sound;
        upstream.logProb()[row] -= scaled(scale, dNll);
        upstream.lse()[row] += scaled(scale, dLse);
        if (upstream.entropy() != null) {
          upstream.entropy()[row] += scaled(scale, dEntropy);
        }
      }

      @Override
      public void listed(int row, int at, double d) {
        upstream.listed()[at] = scaled(scales[loss][row], d);
      }

      @Override
      public void rest(int row, int place, double d) {
        upstream.rest()[place] = scaled(scales[loss][row], d);
      }

      @Override
      public double scale(int row) {
        return scales[loss][row];
      }
    };
  }

  private static float scaled(float scale, double derivative) {
    return scale == 0 ? 0 : (float) (scale * derivative);
  }

  /**
   * Returns the scale of each row: that of the cross-entropy times the class weight for a loss in
   * its place; for one that is added, the row's token weight; in a mean over the sum of those that
   * take part.
   */
  private float[] scales(RowLoss loss) {
    long[] targets = given.targets();
    float[] classWeights = given.options().classWeights();
    float[] own = new float[targets.length];
    for (int i = 0; i < own.length; i++) {
      if (targets[i] == given.options().ignoreIndex() || !loss.takesPart(targets[i])) {
        continue;
      }
      float weight = classWeights == null ? 1 : classWeights[(int) targets[i]];
      own[i] = loss.replacesCrossEntropy() ? given.r()[i] * weight : given.rZ()[i];
    }
    double sum = loss.perSequence() ? sumOverSequences(own) : sum(own);
    boolean mean = given.options().reduction() == Reduction.MEAN;
    for (int i = 0; mean && sum != 0 && i < own.length; i++) {
      own[i] = (float) (own[i] / sum);
    }
    return own;
  }

  private static double sum(float[] values) {
    double sum = 0;
    for (float value : values) {
      sum += value;
    }
    return sum;
  }

  private double sumOverSequences(float[] own) {
    double sum = 0;
    int last = -1;
    for (int i = 0; i < own.length; i++) {
      if (own[i] == 0) {
        continue;
      }
      if (last < 0 || i / length != last / length) {
        sum += own[i];
        last = i;
      } else if (own[i] != own[last]) {
        throw new IllegalArgumentException(
            "weight of row "
                + i
                + ": "
                + own[i] / own[last]
                + " times that of row "
                + last
                + " (expected: 0 or the same, since a sequence has one loss; class weights differ by row)");
      }
    }
    return sum;
  }
}
