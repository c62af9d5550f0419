package dev.headroom.head;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.listener.TrainingListener;
import ai.djl.training.loss.Loss;
import dev.headroom.head.internal.DivergenceProblem;
import dev.headroom.head.internal.TorchTensors;
import java.util.ArrayList;
import java.util.List;

/**
 * The earth mover's distance between a head's softmax and the target, where moving mass between two
 * classes costs one minus the cosine of their rows in the classifier (EMO), without ever holding
 * the N x V logits, beside the cross-entropy.
 *
 * <pre>
 *   alpha CE + (1 - alpha) D,   D = 1 - sum_v p_v y_v,   y_v = cos(c_v, c_t)
 *   d D / dz_v = -p_v (y_v - sum p y)
 * </pre>
 *
 * <p>A wrong class costs less the closer its row lies to the target's. Costs are held constant, as
 * the authors do: no gradient goes through y. Formed as {@link Divergence#EXPECTED_LOGIT} of {@link
 * DistillationLoss} with the normalised classifier for a teacher, so its classes, labels and
 * deliveries are those (targets and, where there are any, token weights), with up to 7 matrix
 * products and a copy of the classifier, V x D.
 *
 * <p>Not from scratch: rows of an untrained classifier have no meaning, and D alone is least
 * wherever the classes near the target are, not at the data's distribution. Source: Ren, Wu and Liu
 * 2024, EMO: Earth Mover Distance Optimization for Auto-Regressive Language Modeling.
 */
public final class EarthMoverLoss extends Loss {
  private final HeadOptions options;
  private final DistillationLoss distance;
  private final List<NDManager> open = new ArrayList<>();

  // of the evaluation at hand: the normalised classifier, and a bias of -1, which makes logits of
  // minus the costs
  private NDArray costs;
  private NDArray minusOnes;

  /**
   * Creates the loss of a head.
   *
   * @param crossEntropy alpha, in [0, 1]; above 0 the delivery has to be AUTOGRAD
   */
  public EarthMoverLoss(VocabularyHead head, double crossEntropy) {
    this(head.options(), crossEntropy, null);
  }

  /** Creates a loss with these options on one backend, or on the best where that is null. */
  public EarthMoverLoss(HeadOptions options, double crossEntropy, Backend backend) {
    super("EarthMoverLoss");
    this.options = options;
    HeadOptions teacher = HeadOptions.of(options.classes(), options.width()).withBias(true);
    Distillation how = Distillation.expectedLogit().withCrossEntropy(crossEntropy);
    distance =
        new DistillationLoss(
            options, () -> new DivergenceProblem.Teacher(costs, minusOnes, teacher), how, backend);
  }

  @Override
  public NDArray evaluate(NDList labels, NDList predictions) {
    NDManager scratch = predictions.head().getManager().newSubManager();
    try {
      costs = normalised(predictions.get(1), scratch);
      minusOnes = scratch.full(new Shape(options.classes()), -1f);
      NDList own = new NDList(labels.head(), rows(labels.head(), scratch));
      if (labels.size() > 1) {
        own.add(labels.get(1));
      }
      return distance.evaluate(own, predictions);
    } finally {
      // gradients of one loss a row are formed later, and need the costs again
      if (options.reduction() == Reduction.NONE && TorchTensors.gradModeIsOn()) {
        open.add(scratch);
      } else {
        scratch.close();
      }
    }
  }

  /** Returns c / |c|, row by row; a row of zeros stays. */
  private static NDArray normalised(NDArray classifier, NDManager scratch) {
    try (NDArray detached = classifier.stopGradient()) {
      // (of the same type this is no copy: nothing may be done in place)
      NDArray c = detached.toType(DataType.FLOAT32, true);
      c.attach(scratch);
      NDArray norm = c.mul(c).sum(new int[] {1}, true).sqrt().maximum(Float.MIN_NORMAL);
      return c.div(norm);
    }
  }

  /** Returns the normalised row of each position's target; any row where it is ignored. */
  private NDArray rows(NDArray targets, NDManager scratch) {
    NDArray all = targets.toType(DataType.INT64, true);
    all.attach(scratch);
    long[] ids = all.toLongArray();
    int ahead = options.causalShift() ? 1 : 0;
    long[] held = new long[ids.length];
    for (int i = 0; i + ahead < ids.length; i++) {
      boolean good = ids[i + ahead] >= 0 && ids[i + ahead] < options.classes();
      held[i] = good ? ids[i + ahead] : 0;
    }
    Shape shape = targets.getShape().add(options.width());
    return costs.get(scratch.create(held)).reshape(shape);
  }

  /** Returns the rows of the last evaluation whose distance is not finite. */
  public int nonFiniteRows() {
    return distance.nonFiniteRows();
  }

  /** Gives the workspace, which is kept for the next evaluation, back to the system. */
  public void releaseMemory() {
    distance.releaseMemory();
  }

  /** As {@link HeadLoss#finishBackward}. */
  public void finishBackward() {
    try {
      distance.finishBackward();
    } finally {
      open.forEach(NDManager::close);
      open.clear();
    }
  }

  /** As {@link HeadLoss#listener}. */
  public TrainingListener listener() {
    return Upstream.listener(this::finishBackward);
  }
}
