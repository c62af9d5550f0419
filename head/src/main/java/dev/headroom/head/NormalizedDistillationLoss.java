package dev.headroom.head;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.listener.TrainingListener;
import ai.djl.training.loss.Loss;
import dev.headroom.head.internal.DivergenceProblem;
import dev.headroom.head.internal.HeadProblem;
import dev.headroom.head.internal.Shapes;
import java.util.function.Supplier;

/**
 * Normalised knowledge distillation (NKD): the target's cross-entropy weighted by what the teacher
 * gives it, and the divergence of the two softmaxes over all other classes, without ever holding
 * the N x V logits of student or teacher.
 *
 * <pre>
 *   -(alpha + q_t) log p_t + gamma tau^2 sum over v other than t of q'_v log(q'_v / p'_v)
 *   d/dz_v = (alpha + q_t) (p_v - [v = t]) + gamma tau (p'_v - q'_v) [v is not t]
 * </pre>
 *
 * <p>p and q are the softmaxes of student and teacher at temperature 1, p' and q' those of the
 * logits over tau without the target's. The authors write {@code -q' log p'} for the last sum: the
 * difference, the teacher's entropy there, has no gradient. With alpha their cross-entropy of the
 * targets is added, at 1 in full. Gradients are the student's alone.
 *
 * <p>Composed of a {@link HeadLoss} with token weights {@code alpha + q_t} and of {@link
 * Distillation#withoutTarget}; labels, predictions, reductions, deliveries and threads are those of
 * {@link DistillationLoss}, memory too with a workspace for each of the three; a mean runs over
 * token weights. Class weights, smoothing, z-loss, row losses, reweighting and strictMean do not
 * enter. Both sides have the same classes. With kept logits 1 matrix product more for q_t than the
 * cross-entropy and the distillation have between them, 8 in all.
 *
 * <p>Not where targets are noise: the first term trusts them. Where p' matters as much as p_t,
 * {@link Distillation#forwardKl} over all classes has one term and costs about half. Source: Yang
 * et al. 2023, From knowledge distillation to self-knowledge distillation: a unified approach with
 * normalized loss and customized soft labels, section 3.1, who use gamma 1.5 and tau 1 on ImageNet.
 */
public final class NormalizedDistillationLoss extends Loss {
  private final HeadOptions options;
  private final double gamma;
  private final double alpha;
  private final Supplier<DivergenceProblem.Teacher> teacher;
  private final HeadLoss targetPart;
  private final DistillationLoss others;

  // (a teacher may be made, but not be initialised, before its loss is)
  private HeadLoss likelihoods;

  /**
   * Creates the loss of a student against a teacher, on the best backend of this process.
   *
   * @param temperature tau of the part without the target, positive
   * @param gamma share of that part, positive
   * @param alpha share of the plain cross-entropy, 0 or positive
   */
  public NormalizedDistillationLoss(
      VocabularyHead student,
      VocabularyHead teacher,
      double temperature,
      double gamma,
      double alpha) {
    this(
        student.options(),
        DistillationLoss.supplier(teacher),
        Distillation.forwardKl().withTemperature(temperature, true),
        gamma,
        alpha,
        null);
  }

  NormalizedDistillationLoss(
      HeadOptions student,
      Supplier<DivergenceProblem.Teacher> teacher,
      Distillation how,
      double gamma,
      double alpha,
      Backend backend) {
    super("NormalizedDistillationLoss");
    DivergenceProblem.checkOptions(student, how);
    boolean share = gamma > 0 && gamma < Double.POSITIVE_INFINITY;
    require(share, "gamma", gamma, "a positive number");
    boolean good = alpha >= 0 && alpha < Double.POSITIVE_INFINITY;
    require(good, "alpha", alpha, "0 or a positive number");
    this.gamma = gamma;
    this.alpha = alpha;
    this.teacher = teacher;
    // (a mean is a sum of weights that are divided already)
    options = DivergenceProblem.tempered(student, 1);
    boolean rows = options.reduction() == Reduction.NONE;
    HeadOptions own =
        options.withReduction(rows ? Reduction.NONE : Reduction.SUM).withCausalShift(false);
    others = new DistillationLoss(own, teacher, how.withoutTarget(true), backend);
    targetPart = new HeadLoss(own, others.backend());
  }

  private static void require(boolean good, String name, Object actual, String rule) {
    if (!good) {
      throw new IllegalArgumentException(name + ": " + actual + " (expected: " + rule + ")");
    }
  }

  @Override
  public NDArray evaluate(NDList labels, NDList predictions) {
    require(
        labels.size() == 2 || labels.size() == 3,
        "labels",
        labels.size() + " arrays",
        "targets, the teacher's hidden states and, at most, token weights");
    try (NDManager scratch = predictions.head().getManager().newSubManager()) {
      HeadProblem read = Shapes.problem(DivergenceProblem.targets(labels), predictions, options);
      close(read.e());
      close(read.b());
      // (targets are those of their own row from here on, whatever the shift)
      Shape rows = predictions.head().getShape();
      Shape leading = rows.slice(0, rows.dimension() - 1);
      NDArray targets = scratch.create(read.targets(), leading);
      float[] q = likelihoods(targets, labels.get(1), scratch);
      float[] weights = read.rZ();
      float[] otherWeights = new float[weights.length];
      for (int i = 0; i < weights.length; i++) {
        otherWeights[i] = (float) (weights[i] * gamma);
        q[i] = (float) (weights[i] * (alpha + q[i]));
      }
      NDList own = new NDList(targets, scratch.create(q, leading));
      NDList their = new NDList(targets, labels.get(1), scratch.create(otherWeights, leading));
      return targetPart.evaluate(own, predictions).add(others.evaluate(their, predictions));
    }
  }

  /** Returns the teacher's probability of each row's target. */
  private float[] likelihoods(NDArray targets, NDArray hidden, NDManager scratch) {
    DivergenceProblem.Teacher its = teacher.get();
    NDList frozen = new NDList(detached(hidden, scratch), detached(its.weight(), scratch));
    if (its.bias() != null) {
      frozen.add(detached(its.bias(), scratch));
    }
    if (likelihoods == null) {
      likelihoods = new HeadLoss(teacherOptions(its.options()), targetPart.backend());
    }
    likelihoods.evaluate(new NDList(targets), frozen);
    float[] q = likelihoods.output().nll();
    for (int i = 0; i < q.length; i++) {
      q[i] = (float) Math.exp(-q[i]);
    }
    return q;
  }

  private HeadOptions teacherOptions(HeadOptions its) {
    long classes = its.classes();
    require(classes == options.classes(), "teacher classes", classes, "" + options.classes());
    return DivergenceProblem.tempered(its, 1)
        .withReduction(Reduction.SUM)
        .withDelivery(Delivery.AUTOGRAD)
        .withCausalShift(false)
        .withIgnoreIndex(options.ignoreIndex())
        .withCompute(options.compute())
        .withWorkspaceBytes(options.workspaceBytes())
        .withThreads(options.threads());
  }

  private static void close(NDArray view) {
    if (view != null) {
      view.close();
    }
  }

  private static NDArray detached(NDArray array, NDManager scratch) {
    NDArray detached = array.stopGradient();
    detached.attach(scratch);
    return detached;
  }

  /** Returns the rows of the last evaluation of which a part is not finite, counted for each. */
  public int nonFiniteRows() {
    return targetPart.nonFiniteRows() + others.nonFiniteRows();
  }

  /** Gives the workspaces, which are kept for the next evaluation, back to the system. */
  public void releaseMemory() {
    if (likelihoods != null) {
      likelihoods.releaseMemory();
    }
    targetPart.releaseMemory();
    others.releaseMemory();
  }

  /** As {@link HeadLoss#finishBackward}. */
  public void finishBackward() {
    try {
      targetPart.finishBackward();
    } finally {
      others.finishBackward();
    }
  }

  /** As {@link HeadLoss#listener}. */
  public TrainingListener listener() {
    return Upstream.listener(this::finishBackward);
  }
}
