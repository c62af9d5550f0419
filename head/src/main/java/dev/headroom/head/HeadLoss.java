package dev.headroom.head;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.Trainer;
import ai.djl.training.listener.TrainingListener;
import ai.djl.training.listener.TrainingListenerAdapter;
import ai.djl.training.loss.Loss;
import dev.headroom.head.internal.Backends;
import dev.headroom.head.internal.FusedDelivery;
import dev.headroom.head.internal.HeadKernels;
import dev.headroom.head.internal.HeadProblem;
import dev.headroom.head.internal.HeadResult;
import dev.headroom.head.internal.Shapes;
import dev.headroom.head.internal.TorchTensors;
import dev.headroom.head.internal.Wanted;
import java.lang.ref.WeakReference;

/**
 * Computes the loss of a {@link VocabularyHead} and its exact gradients without ever holding the N
 * x V logits.
 *
 * <p>Formula, for kept rows: {@code loss = mean or sum of (lse(z_i) - z_{i,t}) + lambda lse(z_i)^2}
 * with {@code z_i = c e_i + b}, in nats. Labels: N class ids, int32 or int64, of the leading shape
 * of the hidden states. The value is a float32 scalar (or [N] for {@link Reduction#NONE}).
 *
 * <p>Gradients are formed only while gradients are being recorded, so validation costs the forward
 * pass alone; a second evaluation of the same pair costs nothing. They reach autograd as {@code
 * value + (s - s.stopGradient())} with {@code s = sum(e * dE)}: the value keeps its bits and the
 * gradient is exactly upstream x dE.
 *
 * <p>Extra memory: the workspace, N x D for dE, and for {@link Delivery#AUTOGRAD} 2 x V x D at the
 * peak of the backward pass. Not for use by several threads at once; two losses on two threads are
 * fine.
 */
public final class HeadLoss extends Loss {
  private final HeadOptions options;
  private final HeadKernels kernels;
  private final Upstream upstream;

  private WeakReference<NDArray> lastLabels = new WeakReference<>(null);
  private WeakReference<NDArray> lastHidden = new WeakReference<>(null);
  private int lastBits;
  private float[] lastValue;
  private int nonFiniteRows;

  /** Creates the loss of a head, on the best backend of this process. */
  public HeadLoss(VocabularyHead head) {
    this(head.options());
  }

  /** Creates a loss with these options, on the best backend of this process. */
  public HeadLoss(HeadOptions options) {
    this("HeadLoss", options, Backends.chosen().kernels());
  }

  /** Creates a loss with these options, on one backend. */
  public HeadLoss(HeadOptions options, Backend backend) {
    this("HeadLoss", options, Backends.of(backend));
  }

  HeadLoss(String name, HeadOptions options, HeadKernels kernels) {
    super(name);
    this.options = options;
    this.kernels = kernels;
    this.upstream = new Upstream(options.delivery());
  }

  /** Returns the backend that serves this loss. */
  public Backend backend() {
    return kernels.backend();
  }

  /** Returns how the gradients of so many rows come by the probabilities. */
  public Engine engine(long rows) {
    return kernels.engine(options, rows);
  }

  /** Gives the workspace, which is kept for the next evaluation, back to the system. */
  public void releaseMemory() {
    kernels.releaseMemory();
  }

  /**
   * Returns how many rows of the last evaluation had a loss that is not finite (NaN or infinity in
   * e or c).
   */
  public int nonFiniteRows() {
    return nonFiniteRows;
  }

  @Override
  public NDArray evaluate(NDList labels, NDList predictions) {
    boolean gradients = TorchTensors.gradModeIsOn();
    upstream.check();
    HeadProblem problem = Shapes.problem(labels, predictions, options);
    boolean samePair = labels.head() == lastLabels.get() && predictions.head() == lastHidden.get();
    NDArray loss;
    try (NDArray hidden = problem.e()) {
      boolean onCpu = !problem.e().getDevice().isGpu();
      int bits =
          onCpu
              ? TorchTensors.sampleBits(problem.e(), problem.c(), problem.targets())
              : lastBits + 1;
      if (!gradients && samePair && bits == lastBits) {
        return scalarOrRows(predictions.head().getManager(), lastValue);
      }
      lastBits = bits;
      loss =
          gradients
              ? withGradients(problem, predictions)
              : valueOf(problem, kernels.forward(problem));
    }
    lastLabels = new WeakReference<>(labels.head());
    lastHidden = new WeakReference<>(predictions.head());
    return loss;
  }

  /**
   * Checks the upstream gradient of {@link Delivery#FUSED}, and finishes the classifier's gradient
   * of {@link Reduction#NONE}: call it, or add {@link #listener}, between the backward pass and the
   * optimiser's step.
   */
  public void finishBackward() {
    upstream.check();
  }

  /**
   * Returns a listener that calls {@link #finishBackward} after each training batch, before the
   * step.
   */
  public TrainingListener listener() {
    return new TrainingListenerAdapter() {
      @Override
      public void onTrainingBatch(Trainer trainer, BatchData batchData) {
        finishBackward();
      }
    };
  }

  private NDArray valueOf(HeadProblem problem, HeadResult result) {
    float[] rows = new float[problem.targets().length];
    double sum = 0;
    nonFiniteRows = 0;
    for (int i = 0; i < rows.length; i++) {
      double lse = result.rows().lse()[i];
      double row =
          problem.r()[i] * (double) result.rows().nll()[i]
              + problem.rZ()[i] * options.zLoss() * lse * lse;
      rows[i] = (float) row;
      sum += row;
      nonFiniteRows += Double.isFinite(row) ? 0 : 1;
    }
    lastValue = options.reduction() == Reduction.NONE ? rows : new float[] {(float) sum};
    return scalarOrRows(problem.e().getManager(), lastValue);
  }

  private NDArray scalarOrRows(NDManager manager, float[] value) {
    return options.reduction() == Reduction.NONE ? manager.create(value) : manager.create(value[0]);
  }

  private NDArray withGradients(HeadProblem problem, NDList predictions) {
    NDArray weight = predictions.get(1);
    NDArray bias = options.bias() ? predictions.get(2) : null;
    boolean classifier = weight.hasGradient();
    if (!classifier && (bias == null || !bias.hasGradient())) {
      return hiddenOnly(problem, predictions.get(0));
    }
    if (options.reduction() == Reduction.NONE) {
      return rowsWithGradients(problem, predictions);
    }
    boolean biasWanted = bias != null && bias.hasGradient();
    if (options.delivery() == Delivery.FUSED) {
      NDArray fused = fused(problem, predictions, classifier, biasWanted);
      if (fused != null) {
        return fused;
      }
    }
    HeadResult result =
        kernels.forwardBackward(problem, new Wanted(true, classifier, biasWanted, null, null));
    NDArray loss = attach(valueOf(problem, result), predictions.get(0), result.dE());
    loss = classifier ? attach(loss, weight, result.dC()) : loss;
    return biasWanted ? attach(loss, bias, result.dB()) : loss;
  }

  private NDArray hiddenOnly(HeadProblem problem, NDArray hidden) {
    HeadResult result =
        kernels.forwardBackward(problem, new Wanted(true, false, false, null, null));
    NDArray value = valueOf(problem, result);
    return options.reduction() == Reduction.NONE
        ? attachRows(value, hidden, result.dE())
        : attach(value, hidden, result.dE());
  }

  /** Returns null where the engine gives no gradient buffer that stays: AUTOGRAD serves instead. */
  private NDArray fused(
      HeadProblem problem, NDList predictions, boolean classifier, boolean biasWanted) {
    try (NDArray intoC = classifier ? FusedDelivery.buffer(predictions.get(1)) : null;
        NDArray intoB = biasWanted ? FusedDelivery.buffer(predictions.get(2)) : null) {
      if ((classifier && intoC == null) || (biasWanted && intoB == null)) {
        return null;
      }
      HeadResult result =
          kernels.forwardBackward(problem, new Wanted(true, classifier, biasWanted, intoC, intoB));
      NDArray loss = attach(valueOf(problem, result), predictions.get(0), result.dE());
      return upstream.addScalarProbe(loss);
    }
  }

  /**
   * One loss a row: dE through autograd, the classifier's gradient once the upstream gradient is
   * known.
   */
  private NDArray rowsWithGradients(HeadProblem problem, NDList predictions) {
    HeadResult result =
        kernels.forwardBackward(problem, new Wanted(true, false, false, null, null));
    NDArray loss = attachRows(valueOf(problem, result), predictions.get(0), result.dE());
    return upstream.addRowProbe(
        loss, predictions, new Upstream.Rows(kernels, problem, result.rows()));
  }

  /** Adds a term of value 0 whose gradient with respect to the operand is upstream x gradient. */
  private static NDArray attach(NDArray loss, NDArray operand, NDArray gradient) {
    NDManager manager = loss.getManager();
    // operand first would put every intermediate into the operand's manager, the model's for a
    // parameter
    NDArray flat = operand.flatten();
    flat.attach(manager);
    NDArray s = gradient.flatten().dot(flat);
    return loss.add(s.sub(s.stopGradient()));
  }

  private static NDArray attachRows(NDArray loss, NDArray hidden, NDArray gradient) {
    NDArray rows = hidden.reshape(gradient.getShape());
    NDArray s = gradient.mul(rows).sum(new int[] {1});
    return loss.add(s.sub(s.stopGradient())).reshape(new Shape(loss.size()));
  }
}
