package dev.headroom.head;

/**
 * Says what a vocabulary head computes and with how much memory.
 *
 * <p>The loss of a kept row i with logits {@code z = c e_i + b} is {@code lse(z) - z_t + lambda
 * lse(z)^2}, in nats.
 *
 * @param classes V, at least 1
 * @param width D, the width of the hidden states, at least 1
 * @param bias whether the classifier has a bias b of length V
 * @param ignoreIndex the target of rows that do not count (PyTorch's default is -100)
 * @param reduction mean over kept rows, sum, or one loss a row
 * @param zLoss lambda of {@code lambda lse^2}, not negative; its mean runs over kept rows
 * @param compute the type of the operands of the matrix products
 * @param engine how gradients come by the probabilities
 * @param delivery how the classifier's gradient reaches the parameter
 * @param workspaceBytes the scratch memory of a call, the only knob of memory
 * @param threads of the native CPU kernels
 */
public record HeadOptions(
    long classes,
    long width,
    boolean bias,
    long ignoreIndex,
    Reduction reduction,
    double zLoss,
    ComputeType compute,
    Engine engine,
    Delivery delivery,
    long workspaceBytes,
    int threads) {

  /** The workspace where none is given: 256 MiB. */
  public static final long DEFAULT_WORKSPACE_BYTES = 256L << 20;

  /** Checks every component. */
  public HeadOptions {
    require(classes >= 1, "classes", classes, "at least 1");
    require(width >= 1, "width", width, "at least 1");
    require(
        zLoss >= 0 && zLoss < Double.POSITIVE_INFINITY, "zLoss", zLoss, "0 or a positive number");
    require(workspaceBytes >= 1, "workspaceBytes", workspaceBytes, "at least 1");
    require(threads >= 1, "threads", threads, "at least 1");
    boolean clash = ignoreIndex >= 0 && classes == 1 && ignoreIndex == 0;
    require(!clash, "ignoreIndex", ignoreIndex, "not the only class");
    if (reduction == Reduction.NONE && delivery == Delivery.FUSED) {
      throw new IllegalArgumentException(
          "delivery: FUSED with reduction NONE (expected: AUTOGRAD, since FUSED needs an upstream gradient of 1)");
    }
  }

  private static void require(boolean good, String name, Object actual, String rule) {
    if (!good) {
      throw new IllegalArgumentException(name + ": " + actual + " (expected: " + rule + ")");
    }
  }

  /**
   * Returns the defaults for V classes and width D: no bias, mean, no z-loss, float32, AUTOGRAD,
   * 256 MiB.
   */
  public static HeadOptions of(long classes, long width) {
    return new HeadOptions(
        classes,
        width,
        false,
        -100,
        Reduction.MEAN,
        0,
        ComputeType.FLOAT32,
        Engine.AUTO,
        Delivery.AUTOGRAD,
        DEFAULT_WORKSPACE_BYTES,
        Runtime.getRuntime().availableProcessors());
  }

  /** Returns these options with or without a bias. */
  public HeadOptions withBias(boolean newBias) {
    return new HeadOptions(
        classes,
        width,
        newBias,
        ignoreIndex,
        reduction,
        zLoss,
        compute,
        engine,
        delivery,
        workspaceBytes,
        threads);
  }

  /** Returns these options with another ignore index. */
  public HeadOptions withIgnoreIndex(long newIgnoreIndex) {
    return new HeadOptions(
        classes,
        width,
        bias,
        newIgnoreIndex,
        reduction,
        zLoss,
        compute,
        engine,
        delivery,
        workspaceBytes,
        threads);
  }

  /** Returns these options with another reduction. */
  public HeadOptions withReduction(Reduction newReduction) {
    return new HeadOptions(
        classes,
        width,
        bias,
        ignoreIndex,
        newReduction,
        zLoss,
        compute,
        engine,
        delivery,
        workspaceBytes,
        threads);
  }

  /** Returns these options with another weight of the z-loss. */
  public HeadOptions withZLoss(double newZLoss) {
    return new HeadOptions(
        classes,
        width,
        bias,
        ignoreIndex,
        reduction,
        newZLoss,
        compute,
        engine,
        delivery,
        workspaceBytes,
        threads);
  }

  /** Returns these options with another compute type. */
  public HeadOptions withCompute(ComputeType newCompute) {
    return new HeadOptions(
        classes,
        width,
        bias,
        ignoreIndex,
        reduction,
        zLoss,
        newCompute,
        engine,
        delivery,
        workspaceBytes,
        threads);
  }

  /** Returns these options with another engine. */
  public HeadOptions withEngine(Engine newEngine) {
    return new HeadOptions(
        classes,
        width,
        bias,
        ignoreIndex,
        reduction,
        zLoss,
        compute,
        newEngine,
        delivery,
        workspaceBytes,
        threads);
  }

  /** Returns these options with another delivery. */
  public HeadOptions withDelivery(Delivery newDelivery) {
    return new HeadOptions(
        classes,
        width,
        bias,
        ignoreIndex,
        reduction,
        zLoss,
        compute,
        engine,
        newDelivery,
        workspaceBytes,
        threads);
  }

  /** Returns these options with another workspace. */
  public HeadOptions withWorkspaceBytes(long newWorkspaceBytes) {
    return new HeadOptions(
        classes,
        width,
        bias,
        ignoreIndex,
        reduction,
        zLoss,
        compute,
        engine,
        delivery,
        newWorkspaceBytes,
        threads);
  }

  /** Returns these options with another number of threads. */
  public HeadOptions withThreads(int newThreads) {
    return new HeadOptions(
        classes,
        width,
        bias,
        ignoreIndex,
        reduction,
        zLoss,
        compute,
        engine,
        delivery,
        workspaceBytes,
        newThreads);
  }
}
