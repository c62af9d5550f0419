package dev.headroom.head;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.training.listener.TrainingListener;
import ai.djl.training.loss.Loss;
import dev.headroom.head.internal.DivergenceKernels;
import dev.headroom.head.internal.DivergenceProblem;
import dev.headroom.head.internal.DivergenceResult;
import dev.headroom.head.internal.HeadProblem;
import dev.headroom.head.internal.TorchTensors;
import dev.headroom.head.internal.Wanted;
import java.lang.ref.WeakReference;
import java.util.List;
import java.util.function.Supplier;

/**
 * Computes how far a student's softmax is from that of a frozen teacher with a head of its own
 * width, and the student's exact gradients, without ever holding the N x V logits of either.
 *
 * <p>Formula: {@code alpha CE + (1 - alpha) tau^2 D(q, p)} in nats, tau^2 only where {@link
 * Distillation#temperatureSquared} asks for it, with p and q the softmaxes of student and teacher
 * over logits divided by tau; D is one of {@link Divergence}. Gradient by the student's logits over
 * tau: {@code p - q} for the forward KL, {@code p (log(p/q) - D)} for the reverse, {@code (1 -
 * beta) p (log(p/m) - KL(p | m))} for Jensen-Shannon. Each side's logits have the scale and cap of
 * its own options. Mean over kept rows, sum, or one value a row, as the student's options say;
 * class weights, smoothing, z-loss and {@link RowLoss} enter the cross-entropy alone.
 *
 * <p>Labels: N targets, int32 or int64, of which the ignore index takes rows out (any class id
 * serves otherwise where alpha is 0); the teacher's hidden states [..., D_T], float32 or float16; N
 * token weights, float32, where there are any. Predictions: as {@link VocabularyHead} returns them.
 *
 * <p>Vocabularies of different sizes share their first ids. Classes that the student does not have
 * are taken out of the teacher's softmax, which runs over the rest. Classes that the teacher does
 * not have get q = 0, which pushes their p down; the reverse KL and the symmetric cross-entropy
 * would be infinite there, so for them p too runs over the shared classes alone. A bias of minus
 * infinity makes a class one that its side does not have. A row with NaN or infinity in its logits,
 * or without a class, has a value that is not finite and counts in {@link #nonFiniteRows}.
 *
 * <p>Sums are float32 within a tile, float64 over tiles; the KL terms are formed so that none is
 * negative and nothing cancels where the two are alike. Extra memory: the workspace, N x D for dE,
 * and for {@link Delivery#AUTOGRAD} 2 x V x D at the peak of the backward pass. Not for use by
 * several threads at once.
 *
 * <p>Do not use it where the two tokenizers differ (ids must mean the same), nor where the teacher
 * is still training: it gets no gradient. For few known teacher probabilities a row {@link
 * HeadOptions#withSoftTargets} is cheaper.
 *
 * <p>Sources: Hinton et al. 2015 (temperature); Agarwal et al. 2024, On-Policy Distillation of
 * Language Models, section 2 (generalised Jensen-Shannon); Zhao et al. 2022 and Yang et al. 2023
 * (without the target).
 */
public final class DistillationLoss extends Loss {
  private final HeadOptions options;
  private final Distillation how;
  private final Supplier<DivergenceProblem.Teacher> teacher;
  private final DivergenceKernels kernels;
  private final HeadLoss crossEntropy;
  private final Upstream upstream = new Upstream();

  private WeakReference<NDArray> lastLabels = new WeakReference<>(null);
  private WeakReference<NDArray> lastHidden = new WeakReference<>(null);
  private int lastBits;
  private DivergenceRows last;

  /** Creates the loss of a student against a teacher, on the best backend of this process. */
  public DistillationLoss(VocabularyHead student, VocabularyHead teacher, Distillation how) {
    this(student.options(), supplier(teacher), how, null);
  }

  /**
   * Creates the loss of a student against a teacher's plain classifier, on the best backend.
   *
   * @param weight classifier [V_T,D_T], float32 or float16, kept open by the caller
   * @param bias [V_T] or null
   */
  public DistillationLoss(VocabularyHead student, NDArray weight, NDArray bias, Distillation how) {
    this(student.options(), () -> teacherOf(weight, bias), how, null);
  }

  /** Creates the loss of a student with these options on one backend. */
  public DistillationLoss(
      HeadOptions student, NDArray weight, NDArray bias, Distillation how, Backend backend) {
    this(student, () -> teacherOf(weight, bias), how, backend);
  }

  DistillationLoss(
      HeadOptions options,
      Supplier<DivergenceProblem.Teacher> teacher,
      Distillation how,
      Backend backend) {
    super("DistillationLoss");
    DivergenceProblem.checkOptions(options, how);
    this.options = options;
    this.teacher = teacher;
    this.how = how;
    HeadLoss head = backend == null ? new HeadLoss(options) : new HeadLoss(options, backend);
    kernels = DivergenceKernels.of(head.backend());
    crossEntropy = how.crossEntropy() == 0 ? null : head;
  }

  /** Returns a head's classifier as it is when it is asked for. */
  static Supplier<DivergenceProblem.Teacher> supplier(VocabularyHead head) {
    return () ->
        new DivergenceProblem.Teacher(head.weight().getArray(), head.biasArray(), head.options());
  }

  private static DivergenceProblem.Teacher teacherOf(NDArray weight, NDArray bias) {
    long classes = weight.getShape().get(0);
    HeadOptions its = HeadOptions.of(classes, weight.size() / classes);
    return new DivergenceProblem.Teacher(weight, bias, its.withBias(bias != null));
  }

  /** Returns the backend that serves this loss. */
  public Backend backend() {
    return kernels.backend();
  }

  /** Returns the rows of the last evaluation whose divergence is not finite. */
  public int nonFiniteRows() {
    return last == null ? 0 : last.nonFinite();
  }

  /**
   * Returns the divergence of each row of the last evaluation, 0 on ignored rows: without weights,
   * tau^2 and the share of the cross-entropy.
   *
   * @throws IllegalStateException before the first evaluation
   */
  public float[] divergences() {
    if (last == null) {
      throw new IllegalStateException("divergences: none (expected: an evaluation before it)");
    }
    return last.values().clone();
  }

  /** Gives the workspace, which is kept for the next evaluation, back to the system. */
  public void releaseMemory() {
    kernels.releaseMemory();
    if (crossEntropy != null) {
      crossEntropy.releaseMemory();
    }
  }

  @Override
  public NDArray evaluate(NDList labels, NDList predictions) {
    boolean gradients = TorchTensors.gradModeIsOn();
    upstream.check();
    NDArray divergence;
    try (DivergenceProblem problem =
        DivergenceProblem.of(labels, predictions, options, teacher.get(), how)) {
      boolean same = labels.head() == lastLabels.get() && predictions.head() == lastHidden.get();
      HeadProblem own = problem.student();
      int bits = own.e().getDevice().isGpu() ? lastBits + 1 : TorchTensors.sampleBits(own);
      if (!gradients && same && bits == lastBits) {
        divergence = value(own.e().getManager());
      } else {
        Wanted wanted = gradients ? Wanted.of(predictions) : Wanted.NOTHING;
        divergence = evaluate(problem, predictions, wanted);
      }
      lastBits = bits;
    }
    lastLabels = new WeakReference<>(labels.head());
    lastHidden = new WeakReference<>(predictions.head());
    if (crossEntropy == null) {
      return divergence;
    }
    NDArray hard = crossEntropy.evaluate(DivergenceProblem.targets(labels), predictions);
    // an array that lives as long as the graph: a number would be one that may be collected before
    NDArray share = hard.getManager().create((float) how.crossEntropy());
    return divergence.add(hard.mul(share));
  }

  private NDArray evaluate(DivergenceProblem problem, NDList predictions, Wanted wanted) {
    if (options.reduction() == Reduction.NONE) {
      return eachRow(problem, predictions, wanted);
    }
    if (options.delivery() == Delivery.FUSED && wanted.parameters()) {
      NDArray fused =
          Autograd.fused(
              predictions,
              wanted,
              into -> {
                DivergenceResult result = kernels.run(problem, into);
                NDArray value = valueOf(problem, result);
                NDArray dE = result.gradients().dE();
                return upstream.addScalarProbe(
                    dE == null ? value : Autograd.attach(value, predictions.get(0), dE));
              });
      if (fused != null) {
        return fused;
      }
    }
    DivergenceResult result = kernels.run(problem, wanted);
    return Autograd.attachAll(valueOf(problem, result), predictions, result.gradients());
  }

  /** One value a row: the parameters' gradients once the upstream gradient is known. */
  private NDArray eachRow(DivergenceProblem problem, NDList predictions, Wanted wanted) {
    DivergenceResult result = kernels.run(problem, wanted.hiddenAlone());
    NDArray loss = valueOf(problem, result);
    if (wanted.hidden()) {
      loss = Autograd.attachRows(loss, predictions.get(0), result.gradients().dE());
    }
    if (!wanted.parameters()) {
      return loss;
    }
    DelayedRows delayed =
        new DelayedRows(problem.e().getDevice(), predictions, manager -> later(problem, manager));
    upstream.add(delayed);
    return delayed.probed(loss);
  }

  private DelayedRows.Pass later(DivergenceProblem problem, NDManager manager) {
    DivergenceProblem kept =
        problem.withHidden(
            DelayedRows.copy(problem.student().e(), manager),
            DelayedRows.copy(problem.student().b(), manager),
            DelayedRows.copy(problem.e(), manager),
            DelayedRows.copy(problem.b(), manager));
    return (upstreams, wanted) -> kernels.run(scaled(kept, upstreams), wanted).gradients();
  }

  private static DivergenceProblem scaled(DivergenceProblem problem, List<float[]> upstreams) {
    float[] r = problem.student().r().clone();
    for (int i = 0; i < r.length; i++) {
      r[i] *= upstreams.get(0)[i];
    }
    return problem.withScales(r);
  }

  private NDArray valueOf(DivergenceProblem problem, DivergenceResult result) {
    last = DivergenceRows.of(problem, result.values());
    return value(problem.student().e().getManager());
  }

  private NDArray value(NDManager manager) {
    return options.reduction() == Reduction.NONE
        ? manager.create(last.scaled())
        : manager.create((float) last.sum());
  }

  /** As {@link HeadLoss#finishBackward}. */
  public void finishBackward() {
    try {
      upstream.finish();
    } finally {
      if (crossEntropy != null) {
        crossEntropy.finishBackward();
      }
    }
  }

  /** As {@link HeadLoss#listener}. */
  public TrainingListener listener() {
    return Upstream.listener(this::finishBackward);
  }

  /**
   * What an evaluation leaves.
   *
   * @param values divergence of each row
   * @param scaled the same times the row's scale
   * @param sum of the scaled ones
   * @param nonFinite how many values are not finite
   */
  private record DivergenceRows(float[] values, float[] scaled, double sum, int nonFinite) {
    static DivergenceRows of(DivergenceProblem problem, float[] values) {
      HeadOptions options = problem.student().options();
      float[] scaled = new float[values.length];
      double sum = 0;
      double scales = 0;
      int bad = 0;
      for (int i = 0; i < values.length; i++) {
        if (problem.student().targets()[i] == options.ignoreIndex()) {
          continue;
        }
        double row = (double) problem.student().r()[i] * values[i];
        scaled[i] = (float) row;
        sum += row;
        scales += problem.student().r()[i];
        bad += Float.isFinite(values[i]) ? 0 : 1;
      }
      boolean empty = options.reduction() == Reduction.MEAN && scales == 0;
      return new DivergenceRows(
          values, scaled, empty && options.strictMean() ? Double.NaN : sum, bad);
    }
  }
}
