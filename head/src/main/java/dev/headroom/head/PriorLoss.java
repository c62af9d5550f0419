package dev.headroom.head;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.listener.TrainingListener;
import ai.djl.training.loss.Loss;
import dev.headroom.head.internal.DivergenceProblem;
import dev.headroom.head.internal.TorchTensors;

/**
 * Draws the mean of a head's probabilities over the rows of a batch, m of {@link PredictedUnigram},
 * to a given distribution q of the classes, without ever holding the N x V probabilities.
 *
 * <pre>
 *   FORWARD_KL  weight x sum_v q_v log(q_v / m_v)    g_v = -weight q_v / m_v
 *   REVERSE_KL  weight x sum_v m_v log(m_v / q_v)    g_v = weight log(m_v / q_v)
 *   d/dz_iv = w_i p_iv (g_v - sum_u p_iu g_u)
 * </pre>
 *
 * <p>The forward direction asks for some probability wherever q has some, the reverse one for none
 * where it has none; with equal q the reverse is minus the entropy of m, up to a constant. One
 * number for a batch, whatever the reduction. The gradient is that of {@link
 * Divergence#EXPECTED_LOGIT} with a teacher of a bias alone, so classes and deliveries are those of
 * {@link DistillationLoss}, and so is the memory, but for a second workspace; labels and
 * predictions are those of {@link HeadLoss}, with token weights of at least 0. Cost: the column
 * sums, 1 matrix product, and 3 for the gradients with kept logits (2 and 5 with recomputed ones),
 * beside as many as 3 (4) for the cross-entropy; without gradients the first alone.
 *
 * <p>What is tiny, {@code f = 1e-30}, is defined so that value and gradient stay finite and belong
 * together: below f, {@code -log m_v} goes on as its tangent, {@code -log f + 1 - m_v / f}; q_v
 * below f counts as f in the reverse direction, which pushes such a class down as far as log f
 * does. A masked class (bias of minus infinity) gets no gradient: give it no share of q, or the
 * forward value carries a constant of up to 70 q_v. No row kept: 0, or NaN with {@link
 * HeadOptions#strictMean}. A row with NaN among its logits makes the value NaN.
 *
 * <p>It is added to a cross-entropy; DJL's own composite does it, with either delivery:
 *
 * <pre>{@code
 * PriorLoss prior = new PriorLoss(head, counts, Divergence.REVERSE_KL, 0.1);
 * Loss both = new SimpleCompositeLoss().addLoss(new HeadLoss(head)).addLoss(prior);
 * }</pre>
 *
 * <p>Not for small batches: m of a batch is not that of the data, the divergence of a noisy m is
 * above that of its mean, and every batch is drawn to q by itself. Not as a replacement of data
 * where q is not known to hold. Sources: Krause, Perona and Gomes 2010, Discriminative clustering
 * by regularized information maximization (the entropy of m); Tanaka et al. 2018, Joint
 * optimization framework for learning with noisy labels, section 3.3 (the forward direction).
 */
public final class PriorLoss extends Loss {
  private static final double LEAST = 1e-30;

  private final HeadOptions options;
  private final Divergence divergence;
  private final double weight;
  private final double[] prior;
  private final PredictedUnigram unigram;
  private final DistillationLoss pull;

  private float[] predicted;
  // of the evaluation at hand: a teacher whose logits are -g in every row
  private NDArray zeros;
  private NDArray minusG;

  /**
   * Creates the loss of a head, on the best backend of this process.
   *
   * @param prior q [V] up to a factor: counts will do
   * @param divergence FORWARD_KL or REVERSE_KL
   * @param weight a positive number
   */
  public PriorLoss(VocabularyHead head, double[] prior, Divergence divergence, double weight) {
    this(head.options(), prior, divergence, weight, null);
  }

  /** Creates a loss with these options on one backend, or on the best where that is null. */
  public PriorLoss(
      HeadOptions options, double[] prior, Divergence divergence, double weight, Backend backend) {
    super("PriorLoss");
    boolean known = divergence == Divergence.FORWARD_KL || divergence == Divergence.REVERSE_KL;
    require(known, "divergence", divergence, "FORWARD_KL or REVERSE_KL");
    require(weight > 0 && weight <= 1e6, "weight", weight, "a positive number up to 1e6");
    this.options = options;
    this.divergence = divergence;
    this.weight = weight;
    this.prior = shares(prior, options.classes());
    unigram = new PredictedUnigram(options, backend);
    HeadOptions teacher = HeadOptions.of(options.classes(), 1).withBias(true);
    pull =
        new DistillationLoss(
            options.withReduction(Reduction.MEAN),
            () -> new DivergenceProblem.Teacher(zeros, minusG, teacher),
            Distillation.expectedLogit(),
            backend);
  }

  private static double[] shares(double[] prior, long classes) {
    require(prior.length == classes, "prior", prior.length + " classes", classes);
    double sum = 0;
    for (int v = 0; v < prior.length; v++) {
      boolean good = prior[v] >= 0 && prior[v] < Double.POSITIVE_INFINITY;
      require(good, "prior of class " + v, prior[v], "0 or a positive number");
      sum += prior[v];
    }
    boolean good = sum > 0 && sum < Double.POSITIVE_INFINITY;
    require(good, "sum of the prior", sum, "a positive number");
    double[] shares = new double[prior.length];
    for (int v = 0; v < shares.length; v++) {
      shares[v] = prior[v] / sum;
    }
    return shares;
  }

  private static void require(boolean good, String name, Object actual, Object rule) {
    if (!good) {
      throw new IllegalArgumentException(name + ": " + actual + " (expected: " + rule + ")");
    }
  }

  @Override
  public NDArray evaluate(NDList labels, NDList predictions) {
    predicted = unigram.of(labels, predictions);
    boolean none = true;
    for (float share : predicted) {
      none &= share == 0;
    }
    float empty = options.strictMean() ? Float.NaN : 0;
    NDManager manager = predictions.head().getManager();
    NDArray value = manager.create(none ? empty : (float) value());
    return TorchTensors.gradModeIsOn() ? pulled(value, none, labels, predictions) : value;
  }

  /** Returns the value with the gradient of sum_v m_v g_v, g held. */
  private NDArray pulled(NDArray value, boolean none, NDList labels, NDList predictions) {
    try (NDManager scratch = value.getManager().newSubManager()) {
      zeros = scratch.zeros(new Shape(prior.length, 1));
      minusG = scratch.create(none ? new float[prior.length] : minusG());
      Shape rows = predictions.head().getShape();
      NDArray hidden = scratch.zeros(rows.slice(0, rows.dimension() - 1).add(1));
      NDList own = new NDList(labels.head(), hidden);
      if (labels.size() > 1) {
        own.add(labels.get(1));
      }
      NDArray s = pull.evaluate(own, predictions);
      return value.add(s.sub(s.stopGradient()));
    }
  }

  private double value() {
    double sum = 0;
    for (int v = 0; v < prior.length; v++) {
      sum += term(prior[v], predicted[v]);
    }
    return weight * sum;
  }

  private double term(double q, double m) {
    if (divergence == Divergence.REVERSE_KL) {
      return m == 0 ? 0 : m * Math.log(m / Math.max(q, LEAST));
    }
    double minusLog = m < LEAST ? 1 - Math.log(LEAST) - m / LEAST : -Math.log(m);
    // (NaN of m does not get lost where q is 0: some class has a share)
    return q == 0 ? 0 : q * (Math.log(q) + minusLog);
  }

  private float[] minusG() {
    float[] g = new float[prior.length];
    for (int v = 0; v < g.length; v++) {
      double m = Math.max(predicted[v], LEAST);
      // a constant in g changes nothing: 1 keeps digits where m is near q
      boolean forward = divergence == Divergence.FORWARD_KL;
      double slope = forward ? prior[v] / m - 1 : -Math.log(m / Math.max(prior[v], LEAST));
      g[v] = (float) (weight * slope);
    }
    return g;
  }

  /**
   * Returns m of the last evaluation.
   *
   * @throws IllegalStateException before the first evaluation
   */
  public float[] predicted() {
    if (predicted == null) {
      throw new IllegalStateException("predicted: none (expected: an evaluation before it)");
    }
    return predicted.clone();
  }

  /** Gives the workspace, which is kept for the next evaluation, back to the system. */
  public void releaseMemory() {
    unigram.releaseMemory();
    pull.releaseMemory();
  }

  /** As {@link HeadLoss#finishBackward}. */
  public void finishBackward() {
    pull.finishBackward();
  }

  /** As {@link HeadLoss#listener}. */
  public TrainingListener listener() {
    return Upstream.listener(this::finishBackward);
  }
}
