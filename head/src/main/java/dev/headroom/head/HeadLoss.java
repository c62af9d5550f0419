package dev.headroom.head;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.listener.TrainingListener;
import ai.djl.training.loss.Loss;
import dev.headroom.head.internal.Backends;
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
 * <p>Formula: that of {@link HeadOptions}, in nats. Labels: N class ids, int32 or int64, of the
 * leading shape of the hidden states, and N token weights, float32, where there are any; with
 * {@link HeadOptions#withSoftTargets} ids [..., k] and weights [..., k] take the place of the ids.
 * The value is a float32 scalar (or [N] for {@link Reduction#NONE}).
 *
 * <p>Gradients are formed only while gradients are being recorded, so validation costs the forward
 * pass alone; a second evaluation of the same pair costs nothing. They reach autograd as {@code
 * value + (s - s.stopGradient())} with {@code s = sum(e * dE)}: the value keeps its bits and the
 * gradient is exactly upstream x dE.
 *
 * <p>Extra memory: the workspace, N x D for dE, and for {@link Delivery#AUTOGRAD} 2 x V x D at the
 * peak of the backward pass. Threads: evaluations of one loss take turns, those of two losses, of
 * one head too, run side by side; the numbers are those of each alone. {@link #output} tells of the
 * last evaluation of any thread, and while one thread is between evaluation and {@link
 * #finishBackward} of a FUSED head or of {@link Reduction#NONE}, others are to use a loss of their
 * own. DJL itself lets one thread of a process record gradients at a time.
 */
public final class HeadLoss extends Loss {
  private final HeadOptions options;
  private final HeadKernels kernels;
  private final Upstream upstream;

  private WeakReference<NDArray> lastLabels = new WeakReference<>(null);
  private WeakReference<NDArray> lastHidden = new WeakReference<>(null);
  private int lastBits;
  private RowLosses lastLosses;
  private float[] lastDropped;
  private HeadResult.Rows lastRows;
  private long[] lastTargets;
  private RowTerms terms;

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
    this.upstream = new Upstream();
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
  public synchronized int nonFiniteRows() {
    return lastLosses == null ? 0 : lastLosses.nonFinite;
  }

  /**
   * Returns what the last evaluation knows of each row.
   *
   * @throws IllegalStateException before the first evaluation
   */
  public synchronized HeadOutput output() {
    if (lastRows == null) {
      throw new IllegalStateException("output: none (expected: an evaluation before it)");
    }
    return new HeadOutput(
        options,
        lastTargets,
        lastRows.nll(),
        lastRows.lse(),
        lastLosses.zLoss,
        lastRows.entropy(),
        lastRows.squares(),
        lastRows.variance(),
        terms == null ? new double[0][] : terms.values(),
        lastRows.topIds(),
        lastRows.topLogits(),
        lastDropped);
  }

  @Override
  public synchronized NDArray evaluate(NDList labels, NDList predictions) {
    boolean gradients = TorchTensors.gradModeIsOn();
    upstream.check();
    HeadProblem problem = Shapes.problem(labels, predictions, options);
    boolean samePair = labels.head() == lastLabels.get() && predictions.head() == lastHidden.get();
    NDArray loss;
    try (NDArray hidden = problem.e();
        NDArray bias = problem.b()) {
      boolean onCpu = !hidden.getDevice().isGpu();
      int bits = onCpu ? TorchTensors.sampleBits(problem) : lastBits + 1;
      if (!gradients && samePair && bits == lastBits) {
        return value(hidden.getManager());
      }
      lastBits = bits;
      Wanted wanted = gradients ? Wanted.of(predictions) : null;
      loss = evaluate(problem, predictions, wanted);
    }
    lastLabels = new WeakReference<>(labels.head());
    lastHidden = new WeakReference<>(predictions.head());
    return loss;
  }

  private NDArray evaluate(HeadProblem given, NDList predictions, Wanted wanted) {
    terms = options.rowLosses().isEmpty() ? null : new RowTerms(given, length(predictions));
    HeadProblem problem = terms == null ? given : terms.problem();
    HeadResult.Rows forward = null;
    lastDropped = null;
    boolean gradients = wanted != null && (wanted.hidden() || wanted.parameters());
    boolean coupled = terms != null && !terms.eachRowAlone();
    if (options.reweighting() != null || coupled || !gradients) {
      forward = kernels.forward(problem).rows();
      problem = RowLosses.reweighted(problem, forward);
      if (terms != null) {
        terms.formAll(forward);
      }
    }
    if (!gradients) {
      return valueOf(problem, forward);
    }
    if (options.reduction() == Reduction.NONE) {
      return eachRow(problem, forward, predictions, wanted);
    }
    if (options.delivery() == Delivery.FUSED && wanted.parameters()) {
      NDArray fused = fused(problem, forward, predictions, wanted);
      if (fused != null) {
        return fused;
      }
    }
    HeadResult result = gradients(problem, forward, wanted);
    return Autograd.attachAll(valueOf(problem, result.rows()), predictions, result);
  }

  /** Returns the length of a sequence of hidden states [..., T, D]; all rows of [N,D]. */
  private static long length(NDList predictions) {
    Shape shape = predictions.head().getShape();
    long length = shape.get(Math.max(0, shape.dimension() - 2));
    return Math.max(1, length);
  }

  private HeadResult gradients(HeadProblem problem, HeadResult.Rows forward, Wanted wanted) {
    HeadResult result =
        forward == null
            ? kernels.forwardBackward(problem, wanted)
            : kernels.backward(problem, forward, wanted);
    lastDropped = result.dropped();
    return result;
  }

  /** Returns null where the engine gives no gradient buffer that stays: AUTOGRAD serves instead. */
  private NDArray fused(
      HeadProblem problem, HeadResult.Rows forward, NDList predictions, Wanted wanted) {
    return Autograd.fused(
        predictions,
        wanted,
        into -> {
          HeadResult result = gradients(problem, forward, into);
          NDArray value = valueOf(problem, result.rows());
          NDArray loss =
              into.hidden() ? Autograd.attach(value, predictions.get(0), result.dE()) : value;
          return upstream.addScalarProbe(loss);
        });
  }

  /**
   * One loss a row: dE through autograd, the classifier's gradient once the upstream gradient is
   * known.
   */
  private NDArray eachRow(
      HeadProblem problem, HeadResult.Rows forward, NDList predictions, Wanted wanted) {
    HeadResult.Rows rows = forward;
    NDArray dE = null;
    if (wanted.hidden()) {
      HeadResult result = gradients(problem, forward, wanted.hiddenAlone());
      rows = result.rows();
      dE = result.dE();
    } else if (rows == null) {
      rows = kernels.forward(problem).rows();
      if (terms != null) {
        terms.formAll(rows);
      }
    }
    NDArray loss = valueOf(problem, rows);
    if (dE != null) {
      loss = Autograd.attachRows(loss, predictions.get(0), dE);
    }
    if (!wanted.parameters()) {
      return loss;
    }
    DelayedRows delayed = new DelayedRows(kernels, problem, rows, predictions, RowLosses::scaled);
    upstream.add(delayed);
    return delayed.probed(loss);
  }

  /**
   * Computes the differentiable outputs of each row: log-probability of the target, log-sum-exp
   * and, where {@link HeadOptions#entropy} is on, entropy.
   *
   * <p>Any loss may be made of them, of several calls too: gradients of the hidden states go
   * through autograd, those of the classifier and its bias are added by {@link #finishBackward},
   * which must follow the backward pass. Weights, smoothing, z-loss and reduction do not enter.
   * Costs a forward pass, one gradient pass an output for the hidden states, and one for the
   * parameters; memory N x D an output and once more until the gradients are finished.
   *
   * @param labels as for {@link #evaluate}
   * @param predictions as for {@link #evaluate}
   */
  public synchronized HeadRows rows(NDList labels, NDList predictions) {
    boolean gradients = TorchTensors.gradModeIsOn();
    upstream.check();
    HeadProblem problem = Shapes.problem(labels, predictions, options);
    try (NDArray hidden = problem.e();
        NDArray bias = problem.b()) {
      HeadResult.Rows forward = kernels.forward(problem).rows();
      Wanted wanted = gradients ? Wanted.of(predictions) : Wanted.NOTHING;
      RowOutputs outputs = new RowOutputs(kernels, problem, forward, predictions, wanted);
      HeadRows rows = outputs.rows();
      if (wanted.parameters()) {
        upstream.add(outputs.delayed());
      }
      return rows;
    }
  }

  /**
   * Checks the upstream gradient of {@link Delivery#FUSED}, and finishes the classifier's gradient
   * of {@link Reduction#NONE} and of {@link #rows}: call it, or add {@link #listener}, between the
   * backward pass and the optimiser's step.
   */
  public synchronized void finishBackward() {
    upstream.finish();
  }

  /**
   * Returns a listener that calls {@link #finishBackward} after each training batch, before the
   * step.
   */
  public TrainingListener listener() {
    return Upstream.listener(this::finishBackward);
  }

  private NDArray valueOf(HeadProblem problem, HeadResult.Rows statistics) {
    lastLosses = new RowLosses(problem, statistics, terms);
    lastRows = statistics;
    lastTargets = problem.targets();
    return value(problem.e().getManager());
  }

  private NDArray value(NDManager manager) {
    return options.reduction() == Reduction.NONE
        ? manager.create(lastLosses.rows)
        : manager.create((float) lastLosses.sum);
  }
}
