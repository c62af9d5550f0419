package dev.headroom.head.internal;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import dev.headroom.head.Distillation;
import dev.headroom.head.GradientFilter;
import dev.headroom.head.HeadOptions;

/**
 * One checked call of the kernels that compare two heads.
 *
 * @param student the student's head; its targets mark the rows that count, its r scales their
 *     gradients, its logit scale and cap contain the temperature
 * @param e the teacher's hidden states [N,D_T]
 * @param c the teacher's classifier [V_T,D_T]
 * @param b the teacher's bias [V_T], float32, or null
 * @param teacher the teacher's sizes, logit scale and cap, which contain the temperature
 * @param how how the two are compared
 */
public record DivergenceProblem(
    HeadProblem student, NDArray e, NDArray c, NDArray b, HeadOptions teacher, Distillation how)
    implements AutoCloseable {

  /**
   * A teacher's classifier.
   *
   * @param weight [V_T,D_T], float32 or float16
   * @param bias [V_T] or null
   * @param options sizes, logit scale and cap
   */
  public record Teacher(NDArray weight, NDArray bias, HeadOptions options) {}

  /**
   * Makes a problem of DJL's labels and predictions.
   *
   * @param labels targets, the teacher's hidden states [..., D_T] and, at most, token weights
   * @param predictions as VocabularyHead returns them
   * @param options of the student
   * @return the problem, whose hidden states and biases are detached views, for the caller to close
   */
  public static DivergenceProblem of(
      NDList labels, NDList predictions, HeadOptions options, Teacher teacher, Distillation how) {
    Shapes.require(
        labels.size() == 2 || labels.size() == 3,
        "labels",
        labels.size() + " arrays",
        "targets, the teacher's hidden states and, at most, token weights");
    HeadOptions its = tempered(teacher.options, how.temperature());
    checkTeacher(labels.get(1), teacher, predictions.head().getShape());
    HeadProblem student =
        Shapes.problem(targets(labels), predictions, tempered(options, how.temperature()));
    // r_z is the token weight over its sum, r would know of class weights
    float[] r = student.rZ().clone();
    double factor = 1 - how.crossEntropy();
    if (how.temperatureSquared()) {
      factor *= how.temperature() * how.temperature();
    }
    for (int i = 0; i < r.length; i++) {
      r[i] *= (float) factor;
    }
    return new DivergenceProblem(
        student.withScales(r, student.rZ()),
        Shapes.matrix(labels.get(1), its.width()),
        teacher.weight,
        teacher.bias == null ? null : Shapes.float32(teacher.bias, predictions.head()),
        its,
        how);
  }

  /** Returns targets and token weights, as the cross-entropy takes them. */
  public static NDList targets(NDList labels) {
    NDList targets = new NDList(labels.head());
    if (labels.size() > 2) {
      targets.add(labels.get(2));
    }
    return targets;
  }

  /**
   * Checks that options of the student mean something here.
   *
   * @throws IllegalArgumentException for those that do not
   */
  public static void checkOptions(HeadOptions options, Distillation how) {
    Shapes.require(
        !options.filter().on(),
        "filter",
        options.filter(),
        GradientFilter.OFF + ", gradients of a distillation are not filtered");
    Shapes.require(
        options.softTargets() == 0,
        "softTargets",
        options.softTargets(),
        "0, the teacher's probabilities are the soft targets");
    Shapes.require(
        !options.stableMax(), "stableMax", true, "false, a distillation compares softmaxes");
    boolean fused = options.delivery() == dev.headroom.head.Delivery.FUSED;
    Shapes.require(
        !fused || how.crossEntropy() == 0,
        "delivery",
        "FUSED with a cross-entropy share of " + how.crossEntropy(),
        "AUTOGRAD, since FUSED needs an upstream gradient of 1");
  }

  private static void checkTeacher(NDArray hidden, Teacher teacher, Shape student) {
    HeadOptions its = teacher.options;
    Shapes.checkType("teacher hidden states", hidden);
    Shape leading = student.slice(0, student.dimension() - 1);
    Shape expected = leading.add(its.width());
    Shapes.require(
        hidden.getShape().equals(expected),
        "teacher hidden states",
        hidden.getShape(),
        expected + ", rows as the student's " + student + " and the teacher's width");
    Shapes.checkType("teacher classifier", teacher.weight);
    Shape weights = new Shape(its.classes(), its.width());
    Shapes.require(
        teacher.weight.getShape().equals(weights),
        "teacher classifier",
        teacher.weight.getShape(),
        weights);
    if (teacher.bias != null) {
      Shapes.checkType("teacher bias", teacher.bias);
      Shape classes = new Shape(its.classes());
      Shapes.require(
          teacher.bias.getShape().equals(classes),
          "teacher bias",
          teacher.bias.getShape(),
          classes);
    }
  }

  /** Returns what of the options the divergence looks at, its logits divided by tau. */
  public static HeadOptions tempered(HeadOptions options, double tau) {
    // (cap tanh(s / cap)) / tau is a cap of cap / tau on s / tau
    return HeadOptions.of(options.classes(), options.width())
        .withBias(options.bias())
        .withIgnoreIndex(options.ignoreIndex())
        .withReduction(options.reduction())
        .withStrictMean(options.strictMean())
        .withCausalShift(options.causalShift())
        .withLogitScale(options.logitScale() / tau)
        .withSoftCap(options.softCap() / tau)
        .withCompute(options.compute())
        .withEngine(options.engine())
        .withDelivery(options.delivery())
        .withWorkspaceBytes(options.workspaceBytes())
        .withThreads(options.threads());
  }

  /** Returns the same call with other gradient scales of the rows. */
  public DivergenceProblem withScales(float[] r) {
    return new DivergenceProblem(student.withScales(r, student.rZ()), e, c, b, teacher, how);
  }

  /** Returns the same call with other arrays of hidden states and biases. */
  public DivergenceProblem withHidden(
      NDArray newE, NDArray newB, NDArray newTeacherE, NDArray newTeacherB) {
    return new DivergenceProblem(
        student.withHidden(newE, newB), newTeacherE, c, newTeacherB, teacher, how);
  }

  /** Returns whether a class that the teacher lacks is absent from the student's softmax too. */
  boolean restrictsStudent() {
    return switch (how.divergence()) {
      case REVERSE_KL, SYMMETRIC_CROSS_ENTROPY, EXPECTED_LOGIT -> true;
      case FORWARD_KL, JENSEN_SHANNON, INNER_PRODUCT -> false;
    };
  }

  /** Closes the views that {@link #of} has made. */
  @Override
  public void close() {
    student.e().close();
    e.close();
    if (student.b() != null) {
      student.b().close();
    }
    if (b != null) {
      b.close();
    }
  }
}
