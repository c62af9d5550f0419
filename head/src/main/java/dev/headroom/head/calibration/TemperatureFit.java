package dev.headroom.head.calibration;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import dev.headroom.head.HeadLoss;
import dev.headroom.head.HeadOptions;
import dev.headroom.head.HeadOutput;
import java.util.List;

/**
 * The temperature at which a head's probabilities fit held-out targets best, by Newton's method on
 * the logit scale {@code alpha = 1 / T}.
 *
 * <p>With raw logits a and {@code p = softmax(alpha a)}, the mean nll is convex in alpha, and its
 * two derivatives come from the statistics of one forward pass at alpha:
 *
 * <pre>
 *   d nll / d alpha    = mean_i (E_p[a] - a_t) = mean_i (nll_i - H_i) / alpha
 *   d2 nll / d alpha2  = mean_i Var_p[a]       = mean_i Var_p[log p] / alpha^2
 * </pre>
 *
 * <p>A step that leaves the bracket found so far is halved into it. Each step is a forward pass
 * over all batches; four or five are the rule. Source: Guo et al. 2017, On Calibration of Modern
 * Neural Networks (temperature scaling). The order of classes stays as it is, so accuracy does too;
 * what is wrong for some classes or inputs only stays wrong.
 *
 * @param logitScale the alpha found, for {@link HeadOptions#withLogitScale}
 * @param nll mean nll there, in nats
 * @param nllBefore mean nll at the alpha that it began with
 * @param passes forward passes made
 * @param converged whether the last step was below 1e-6 of alpha
 */
public record TemperatureFit(
    double logitScale, double nll, double nllBefore, int passes, boolean converged) {
  private static final int MOST_PASSES = 40;
  private static final double LEAST = 1e-4;
  private static final double MOST = 1e4;

  /** Returns {@code T = 1 / alpha}. */
  public double temperature() {
    return 1 / logitScale;
  }

  /**
   * Fits the temperature.
   *
   * @param options of the head; its logit scale is where the search begins
   * @param labels of each batch, as for {@link HeadLoss#evaluate}
   * @param predictions of each batch, as for {@link HeadLoss#evaluate}
   * @throws IllegalArgumentException with a soft cap, under which nll is not convex in alpha; where
   *     no row counts
   * @throws IllegalStateException where the nll is not finite
   */
  public static TemperatureFit of(
      HeadOptions options, List<NDList> labels, List<NDList> predictions) {
    if (options.softCap() != 0) {
      throw new IllegalArgumentException(
          "softCap: " + options.softCap() + " (expected: 0, the scale acts before the cap)");
    }
    if (labels.size() != predictions.size()) {
      throw new IllegalArgumentException(
          "batches of labels: " + labels.size() + " (expected: " + predictions.size() + ")");
    }
    double alpha = options.logitScale();
    double low = LEAST;
    double high = MOST;
    double before = Double.NaN;
    for (int pass = 1; ; pass++) {
      Slope slope = slope(options, alpha, labels, predictions);
      before = pass == 1 ? slope.nll : before;
      if (slope.first > 0) {
        high = alpha;
      } else {
        low = alpha;
      }
      double next = alpha - slope.first / slope.second;
      boolean inside = next > low && next < high;
      next = inside ? next : Math.sqrt(low * high);
      boolean done = slope.first == 0 || Math.abs(next - alpha) <= 1e-6 * alpha;
      if (done || pass == MOST_PASSES) {
        return new TemperatureFit(alpha, slope.nll, before, pass, done);
      }
      alpha = next;
    }
  }

  private record Slope(double nll, double first, double second) {}

  private static Slope slope(
      HeadOptions options, double alpha, List<NDList> labels, List<NDList> predictions) {
    HeadLoss loss = new HeadLoss(options.withLogitScale(alpha).withMoments(true));
    double nll = 0;
    double first = 0;
    double second = 0;
    long rows = 0;
    for (int batch = 0; batch < labels.size(); batch++) {
      try (NDArray value = loss.evaluate(labels.get(batch), predictions.get(batch))) {
        HeadOutput output = loss.output();
        for (int i = 0; i < output.nll().length; i++) {
          if (output.targets()[i] == options.ignoreIndex()) {
            continue;
          }
          rows++;
          nll += output.nll()[i];
          first += (output.nll()[i] - output.entropy()[i]) / alpha;
          second += output.variance()[i] / alpha / alpha;
        }
      }
    }
    loss.releaseMemory();
    if (rows == 0) {
      throw new IllegalArgumentException("rows: 0 (expected: at least one that counts)");
    }
    if (!Double.isFinite(nll)) {
      throw new IllegalStateException(
          "mean nll: " + nll / rows + " (expected: a finite number; e or c hold NaN or infinity)");
    }
    return new Slope(nll / rows, first / rows, second / rows);
  }
}
