package dev.headroom.head.training;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import ai.djl.training.optimizer.Optimizer;
import com.sun.jna.Pointer;
import dev.headroom.head.internal.NativeLibrary;
import dev.headroom.head.internal.TorchTensors;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongToDoubleFunction;

/**
 * Updates parameters by AdamW in one in-place pass: decay, clip scale, update, zero the gradient.
 *
 * <p>{@code g = scale grad / divisor; m = b1 m + (1-b1) g; s = b2 s + (1-b2) g^2; param = param (1
 * - lr decay) - lr m' / (sqrt(s') + eps)} with the bias-corrected m', s'. Parameters with fewer
 * than two dimensions (biases, norms) are not decayed. float32 arrays in CPU memory only,
 * accumulated in float32.
 *
 * <p>Same bits for any number of threads, and with or without the native library. Extra memory: the
 * moments, 8 bytes an element, and nothing else; DJL's own needs six temporaries of the parameter's
 * size. Use it as the optimiser of a DJL {@code Trainer} or call {@link #update} in an own loop;
 * {@link GlobalNorm} sets {@link #scale}, {@link Accumulation} sets {@link #divisor}, and {@link
 * AdaptiveNorm} clips each parameter by itself.
 *
 * <p>Source: Loshchilov and Hutter, Decoupled Weight Decay Regularization (2019), algorithm 2.
 */
public final class AdamW extends Optimizer {
  private final LongToDoubleFunction rate;
  private final double beta1;
  private final double beta2;
  private final double eps;
  private final int threads;
  private final Map<String, Moments> moments = new ConcurrentHashMap<>();
  private final AdaptiveNorm adaptiveNorm;
  private double scale = 1;
  private double divisor = 1;
  private long updates;

  private AdamW(Builder builder) {
    super(builder);
    rate = builder.rate;
    beta1 = builder.beta1;
    beta2 = builder.beta2;
    eps = builder.eps;
    threads = builder.threads;
    adaptiveNorm = builder.adaptiveNorm;
  }

  /**
   * Starts a builder.
   *
   * @param rate learning rate of each update, which are counted from 1
   */
  public static Builder builder(LongToDoubleFunction rate) {
    return new Builder(rate);
  }

  /**
   * Sets the factor by which the gradients of the next updates are multiplied (clipping by global
   * norm); where each parameter is clipped by {@link AdaptiveNorm}, it serves the warm-up only.
   */
  public void scale(double newScale) {
    if (!(newScale >= 0) || Double.isInfinite(newScale)) {
      throw new IllegalArgumentException(
          "scale: " + newScale + " (expected: a finite number, at least 0)");
    }
    scale = newScale;
  }

  /**
   * Sets by what the gradients of the next updates are divided: they are sums over so many rows
   * ({@link Accumulation}). Norms are those of the divided gradients.
   */
  public void divisor(double newDivisor) {
    if (!(newDivisor > 0) || Double.isInfinite(newDivisor)) {
      throw new IllegalArgumentException(
          "divisor: " + newDivisor + " (expected: a finite number above 0)");
    }
    divisor = newDivisor;
  }

  /** Returns the factor of all gradients that is no clipping. */
  double gradientScale() {
    return rescaleGrad / divisor;
  }

  /** Returns how many updates of a parameter were made in all. */
  long updates() {
    return updates;
  }

  /** Returns the number of threads of the native pass. */
  public int threads() {
    return threads;
  }

  /**
   * Updates one parameter in place and zeroes its gradient.
   *
   * @throws IllegalArgumentException where an array is not float32 in CPU memory, or sizes differ
   * @throws IllegalStateException where the gradient's norm is not finite and each parameter is
   *     clipped by {@link AdaptiveNorm}; this parameter is left as it was
   */
  @Override
  public void update(String parameterId, NDArray weight, NDArray grad) {
    check("weight", weight);
    check("gradient", grad);
    if (weight.size() != grad.size()) {
      throw new IllegalArgumentException(
          "gradient: "
              + grad.getShape()
              + " (expected: "
              + weight.getShape()
              + ", the parameter's)");
    }
    Moments state = moments.computeIfAbsent(parameterId, id -> new Moments(weight.size()));
    if (state.count() != weight.size()) {
      throw new IllegalArgumentException(
          "weight: " + weight.size() + " elements (expected: " + state.count() + ", as before)");
    }
    NativeLibrary.AdamW u = new NativeLibrary.AdamW();
    u.count = weight.size();
    u.param = TorchTensors.data(weight);
    u.grad = TorchTensors.data(grad);
    u.m = state.m();
    u.s = state.s();
    u.step = state.step() + 1;
    u.scale = gradientScale() * clip(parameterId, state, u);
    u.lr = rate.applyAsDouble(u.step);
    u.beta1 = beta1;
    u.beta2 = beta2;
    u.eps = eps;
    u.decay = weight.getShape().dimension() >= 2 ? getWeightDecay() : 0;
    u.zeroGrad = 1;
    u.threads = threads;
    Passes.adamw(u);
    state.step(u.step);
    updates++;
    zeroOwnGradient(weight, u.grad);
  }

  /** Returns the clipping factor, and remembers the norm where the parameter has its own. */
  private double clip(String parameterId, Moments state, NativeLibrary.AdamW u) {
    if (adaptiveNorm == null) {
      return scale;
    }
    double norm = gradientScale() * Math.sqrt(Passes.sumSquares(u.grad, u.count, threads));
    if (!Double.isFinite(norm)) {
      throw new IllegalStateException(
          "gradient norm of "
              + parameterId
              + ": "
              + norm
              + " (expected: finite; lower the learning rate)");
    }
    double factor = adaptiveNorm.factor(u.step, norm, state.norm(), scale);
    state.norm(adaptiveNorm.remember(u.step, factor * norm, state.norm()));
    return factor;
  }

  /** A Trainer hands over a copy of the gradient; the buffer that autograd adds to is another. */
  private static void zeroOwnGradient(NDArray weight, Pointer handed) {
    if (!weight.hasGradient()) {
      return;
    }
    try (NDArray own = weight.getGradient()) {
      Pointer buffer = TorchTensors.data(own);
      if (!buffer.equals(handed)) {
        buffer.setMemory(0, 4 * own.size(), (byte) 0);
      }
    }
  }

  private static void check(String name, NDArray array) {
    if (array.getDataType() != DataType.FLOAT32) {
      throw new IllegalArgumentException(
          name + ": " + array.getDataType() + " (expected: FLOAT32)");
    }
    if (!Device.Type.CPU.equals(array.getDevice().getDeviceType())) {
      throw new IllegalArgumentException(
          name
              + ": on "
              + array.getDevice()
              + " (expected: CPU; use DJL's AdamW on other devices)");
    }
  }

  /** Returns the state of a parameter, made of zeros where there is none yet. */
  Moments moments(String parameterId, long count) {
    return moments.computeIfAbsent(parameterId, id -> new Moments(count));
  }

  /** Collects the settings of an {@link AdamW}. */
  public static final class Builder extends OptimizerBuilder<Builder> {
    private final LongToDoubleFunction rate;
    private double beta1 = 0.9;
    private double beta2 = 0.95;
    private double eps = 1e-8;
    private int threads = Runtime.getRuntime().availableProcessors();
    private AdaptiveNorm adaptiveNorm;

    private Builder(LongToDoubleFunction rate) {
      this.rate = rate;
    }

    /** Sets the decay rates of the two moments; 0.9 and 0.95 where not set. */
    public Builder betas(double newBeta1, double newBeta2) {
      beta1 = newBeta1;
      beta2 = newBeta2;
      return this;
    }

    /** Sets the term that keeps the division finite; 1e-8 where not set. */
    public Builder eps(double newEps) {
      eps = newEps;
      return this;
    }

    /** Clips each parameter by the norms it had so far; not where not set. */
    public Builder adaptiveNorm(AdaptiveNorm newAdaptiveNorm) {
      adaptiveNorm = newAdaptiveNorm;
      return this;
    }

    /** Sets the threads of the native pass; all processors where not set. */
    public Builder threads(int newThreads) {
      threads = newThreads;
      return this;
    }

    @Override
    protected Builder self() {
      return this;
    }

    /** Returns the optimiser. */
    public AdamW build() {
      return new AdamW(this);
    }
  }
}
