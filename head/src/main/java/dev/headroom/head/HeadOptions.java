package dev.headroom.head;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;

/**
 * Says what a vocabulary head computes and with how much memory. Immutable: each {@code with}
 * method returns other options.
 *
 * <p>With logits {@code a = c e_i + b}, scaled to {@code s = alpha a} and, where a soft cap is set,
 * {@code z = kappa tanh(s / kappa)} (or, with {@link #stableMax}, {@code sgn(s) log(1 + |s|)});
 * {@code L = lse(z)}; class weights {@code w} with sum {@code W}; smoothing {@code eps}; the loss
 * of a kept row in nats is
 *
 * <pre>
 *   (1-eps) w_t (L - z_t) + (eps/V) (W L - sum_v w_v z_v) + lambda L^2
 * </pre>
 *
 * where V, W and the sum run over present classes (a bias of minus infinity takes a class out).
 * With soft targets the first term is {@code (1-eps) sum_k q_k w_k (L - z_k)} over the row's pairs
 * (class k, weight q_k).
 *
 * <p>A mean divides the first two terms by the sum over kept rows of token weight x class weight of
 * the target (soft targets: of token weights, as PyTorch does for probabilities), the z-loss by the
 * sum of token weights.
 */
public final class HeadOptions {

  /** The workspace where none is given: 256 MiB; {@link Backend#CUDA} takes 1.25 GiB for it. */
  public static final long DEFAULT_WORKSPACE_BYTES = 256L << 20;

  /** The most classes a row that {@link #topK} lists. */
  public static final int MOST_TOP = 64;

  // written in the copy that a with method makes, never after it is handed out
  private final long classes;
  private final long width;
  private boolean bias;
  private long ignoreIndex = -100;
  private Reduction reduction = Reduction.MEAN;
  private boolean strictMean;
  private boolean causalShift;
  private float[] classWeights;
  private double labelSmoothing;
  private double logitScale = 1;
  private double softCap;
  private boolean stableMax;
  private double zLoss;
  private int softTargets;
  private boolean entropy;
  private boolean moments;
  private int topK;
  private Reweighting reweighting;
  private List<RowLoss> rowLosses = List.of();
  private GradientFilter filter = GradientFilter.OFF;
  private ComputeType compute = ComputeType.FLOAT32;
  private Engine engine = Engine.AUTO;
  private Delivery delivery = Delivery.AUTOGRAD;
  private long workspaceBytes = DEFAULT_WORKSPACE_BYTES;
  private int threads = Runtime.getRuntime().availableProcessors();

  private HeadOptions(long classes, long width) {
    this.classes = classes;
    this.width = width;
  }

  /**
   * Returns the defaults for V classes and width D: no bias, ignore index -100, mean, float32,
   * AUTOGRAD, 256 MiB, all processors; everything else off.
   */
  public static HeadOptions of(long classes, long width) {
    HeadOptions options = new HeadOptions(classes, width);
    options.check();
    return options;
  }

  private HeadOptions with(Consumer<HeadOptions> change) {
    HeadOptions copy = new HeadOptions(classes, width);
    copy.bias = bias;
    copy.ignoreIndex = ignoreIndex;
    copy.reduction = reduction;
    copy.strictMean = strictMean;
    copy.causalShift = causalShift;
    copy.classWeights = classWeights;
    copy.labelSmoothing = labelSmoothing;
    copy.logitScale = logitScale;
    copy.softCap = softCap;
    copy.stableMax = stableMax;
    copy.zLoss = zLoss;
    copy.softTargets = softTargets;
    copy.entropy = entropy;
    copy.moments = moments;
    copy.topK = topK;
    copy.reweighting = reweighting;
    copy.rowLosses = rowLosses;
    copy.filter = filter;
    copy.compute = compute;
    copy.engine = engine;
    copy.delivery = delivery;
    copy.workspaceBytes = workspaceBytes;
    copy.threads = threads;
    change.accept(copy);
    copy.check();
    return copy;
  }

  private void check() {
    require(classes >= 1, "classes", classes, "at least 1");
    require(width >= 1, "width", width, "at least 1");
    require(finite(zLoss) && zLoss >= 0, "zLoss", zLoss, "0 or a positive number");
    require(
        labelSmoothing >= 0 && labelSmoothing < 1, "labelSmoothing", labelSmoothing, "in [0, 1)");
    require(finite(logitScale) && logitScale > 0, "logitScale", logitScale, "a positive number");
    require(finite(softCap) && softCap >= 0, "softCap", softCap, "0 (off) or a positive number");
    require(!stableMax || softCap == 0, "softCap", softCap, "0 with stableMax");
    require(
        !stableMax || !filter.on() || labelSmoothing == 0,
        "stableMax",
        stableMax,
        "false with a gradient filter and label smoothing, which is then no longer of rank one");
    require(softTargets >= 0, "softTargets", softTargets, "0 (off) or pairs a row");
    require(
        topK >= 0 && topK <= Math.min(classes, MOST_TOP),
        "topK",
        topK,
        "0 to " + Math.min(classes, MOST_TOP));
    require(workspaceBytes >= 1, "workspaceBytes", workspaceBytes, "at least 1");
    require(threads >= 1, "threads", threads, "at least 1");
    boolean clash = classes == 1 && ignoreIndex == 0;
    require(!clash, "ignoreIndex", ignoreIndex, "not the only class");
    require(
        !filter.on() || engine != Engine.KEPT,
        "engine",
        engine,
        "AUTO or RECOMPUTED with a gradient filter");
    require(
        !filter.on() || labelSmoothing == 0 || softCap == 0,
        "softCap",
        softCap,
        "0 with a gradient filter and label smoothing, which is then no longer of rank one");
    checkClassWeights();
    checkRowLosses();
    if (reduction == Reduction.NONE && delivery == Delivery.FUSED) {
      throw new IllegalArgumentException(
          "delivery: FUSED with reduction NONE (expected: AUTOGRAD, since FUSED needs an upstream gradient of 1)");
    }
    if (softTargets > 0 && reweighting != null && reweighting.needsProbability()) {
      throw new IllegalArgumentException(
          "reweighting: "
              + reweighting
              + " with soft targets (expected: linear, quadratic or maskOutliers, since a row of soft targets has no"
              + " probability of its target)");
    }
  }

  private void checkRowLosses() {
    long replacing = rowLosses.stream().filter(RowLoss::replacesCrossEntropy).count();
    long listing = rowLosses.stream().mapToInt(RowLists::ways).sum();
    require(replacing <= 1, "rowLosses", rowLosses, "at most one in place of the cross-entropy");
    require(listing <= 1, "rowLosses", rowLosses, "at most one that lists classes");
    for (RowLoss loss : rowLosses) {
      require(
          !loss.needsRest() || loss.listsByRow() || loss.listedTop() > 0,
          "rowLosses",
          loss,
          "lists of each row's own with needsRest");
      long above = -1;
      for (long id : loss.listedClasses()) {
        require(id > above && id < classes, "class of " + loss, id, "ascending, below " + classes);
        above = id;
      }
    }
    require(
        replacing == 0 || (labelSmoothing == 0 && softTargets == 0 && reweighting == null),
        "rowLosses",
        rowLosses,
        "cross-entropy with label smoothing, soft targets or reweighting, which are made of it");
    require(
        reduction != Reduction.NONE || rowLosses.stream().allMatch(RowLoss::eachRowAlone),
        "reduction",
        reduction,
        "MEAN or SUM with a loss whose rows depend on each other");
    require(
        rowLosses.isEmpty() || softTargets == 0,
        "softTargets",
        softTargets,
        "0 with losses of rows, which look at one target");
  }

  private void checkClassWeights() {
    if (classWeights == null) {
      return;
    }
    require(
        classWeights.length == classes,
        "classWeights",
        classWeights.length,
        classes + ", one a class");
    for (int v = 0; v < classWeights.length; v++) {
      boolean good = classWeights[v] >= 0 && classWeights[v] < Float.POSITIVE_INFINITY;
      require(good, "classWeights[" + v + "]", classWeights[v], "0 or a positive number");
    }
  }

  private static boolean finite(double x) {
    return Math.abs(x) < Double.POSITIVE_INFINITY;
  }

  private static void require(boolean good, String name, Object actual, String rule) {
    if (!good) {
      throw new IllegalArgumentException(name + ": " + actual + " (expected: " + rule + ")");
    }
  }

  /** Returns V. */
  public long classes() {
    return classes;
  }

  /** Returns D, the width of the hidden states. */
  public long width() {
    return width;
  }

  /** Returns whether the classifier has a bias b of length V. */
  public boolean bias() {
    return bias;
  }

  /** Returns the target of rows that do not count. */
  public long ignoreIndex() {
    return ignoreIndex;
  }

  /** Returns mean over kept rows, sum, or one loss a row. */
  public Reduction reduction() {
    return reduction;
  }

  /** Returns whether the mean over no rows is NaN, as in PyTorch, and not 0. */
  public boolean strictMean() {
    return strictMean;
  }

  /**
   * Returns whether targets [B,T] are the tokens themselves, so that position j is held against
   * token j+1.
   */
  public boolean causalShift() {
    return causalShift;
  }

  /** Returns the V class weights, or null where all are 1. */
  public float[] classWeights() {
    return classWeights == null ? null : classWeights.clone();
  }

  /** Returns eps, the share of the target that is spread over all classes. */
  public double labelSmoothing() {
    return labelSmoothing;
  }

  /** Returns alpha, which logits are multiplied by: 1 / temperature. */
  public double logitScale() {
    return logitScale;
  }

  /** Returns kappa of {@code kappa tanh(s / kappa)}, or 0 where logits are not capped. */
  public double softCap() {
    return softCap;
  }

  /** Returns whether logits are {@code z = sgn(s) log(1 + |s|)}. */
  public boolean stableMax() {
    return stableMax;
  }

  /** Returns lambda of {@code lambda lse^2}; its mean runs over kept rows. */
  public double zLoss() {
    return zLoss;
  }

  /** Returns how many (class, weight) pairs a row has for a target, or 0 for class ids. */
  public int softTargets() {
    return softTargets;
  }

  /** Returns whether the entropy of each row is computed. */
  public boolean entropy() {
    return entropy;
  }

  /** Returns whether the sum of squares and the variance of each row are computed. */
  public boolean moments() {
    return moments;
  }

  /** Returns how many of the largest logits of each row are listed. */
  public int topK() {
    return topK;
  }

  /** Returns the weights that rows take from their own losses, or null for none. */
  public Reweighting reweighting() {
    return reweighting;
  }

  /** Returns the losses in place of the cross-entropy or beside it; none: cross-entropy alone. */
  public List<RowLoss> rowLosses() {
    return rowLosses;
  }

  /** Returns what of the softmax a gradient may leave out. */
  public GradientFilter filter() {
    return filter;
  }

  /** Returns the type of the operands of the matrix products; sums are float32. */
  public ComputeType compute() {
    return compute;
  }

  /** Returns how gradients come by the probabilities. */
  public Engine engine() {
    return engine;
  }

  /** Returns how the classifier's gradient reaches the parameter. */
  public Delivery delivery() {
    return delivery;
  }

  /** Returns the scratch memory of a call, the only knob of memory. */
  public long workspaceBytes() {
    return workspaceBytes;
  }

  /** Returns the threads of the native CPU kernels. */
  public int threads() {
    return threads;
  }

  /** Returns these options with or without a bias. */
  public HeadOptions withBias(boolean value) {
    return with(o -> o.bias = value);
  }

  /** Returns these options with another ignore index. */
  public HeadOptions withIgnoreIndex(long value) {
    return with(o -> o.ignoreIndex = value);
  }

  /** Returns these options with another reduction. */
  public HeadOptions withReduction(Reduction value) {
    return with(o -> o.reduction = value);
  }

  /** Returns these options with PyTorch's NaN for the mean over no rows, or with 0. */
  public HeadOptions withStrictMean(boolean value) {
    return with(o -> o.strictMean = value);
  }

  /**
   * Returns these options with or without the causal shift: the last position of each sequence is
   * ignored, nothing is copied.
   */
  public HeadOptions withCausalShift(boolean value) {
    return with(o -> o.causalShift = value);
  }

  /**
   * Returns these options with weights w of the V classes (null: all 1); a mean divides by the sum
   * of the weights of its targets.
   */
  public HeadOptions withClassWeights(float[] value) {
    return with(o -> o.classWeights = value == null ? null : value.clone());
  }

  /** Returns these options with another label smoothing. */
  public HeadOptions withLabelSmoothing(double value) {
    return with(o -> o.labelSmoothing = value);
  }

  /** Returns these options with another logit scale. */
  public HeadOptions withLogitScale(double value) {
    return with(o -> o.logitScale = value);
  }

  /** Returns these options with another soft cap, 0 for none. */
  public HeadOptions withSoftCap(double value) {
    return with(o -> o.softCap = value);
  }

  /**
   * Returns these options with or without StableMax, {@code p_v ~ s_v + 1} for {@code s_v >= 0} and
   * {@code 1 / (1 - s_v)} below: exactly the softmax of {@code z = sgn(s) log(1 + |s|)}, with
   * {@code dz/ds = 1 / (1 + |s|)}.
   *
   * <p>Probabilities fall with a power of the logit, so a row whose target leads does not stop to
   * learn in float32 (softmax collapse). Source: Prieto et al. 2025, Grokking at the Edge of
   * Numerical Stability. Not for language models: 200,000 classes at logit 0 each weigh as much as
   * the target at 1. Not with a soft cap.
   */
  public HeadOptions withStableMax(boolean value) {
    return with(o -> o.stableMax = value);
  }

  /** Returns these options with another weight of the z-loss. */
  public HeadOptions withZLoss(double value) {
    return with(o -> o.zLoss = value);
  }

  /**
   * Returns these options with k (class, weight) pairs a row as targets: the loss is {@code -sum_k
   * q_k w_k log p_k}, class weights w included; labels are then ids [..., k] and weights [..., k].
   *
   * <p>A pair whose class is the ignore index counts for nothing, a row of such pairs is ignored.
   * Where a single target is meant (accuracy, log-probability) it is the class of the largest
   * weight.
   */
  public HeadOptions withSoftTargets(int value) {
    return with(o -> o.softTargets = value);
  }

  /** Returns these options with or without each row's entropy. */
  public HeadOptions withEntropy(boolean value) {
    return with(
        o -> {
          o.entropy = value;
          o.moments &= value;
        });
  }

  /**
   * Returns these options with or without each row's {@code sum_v p_v^2} and variance of {@code log
   * p}; with them comes the entropy.
   */
  public HeadOptions withMoments(boolean value) {
    return with(
        o -> {
          o.moments = value;
          o.entropy |= value;
        });
  }

  /**
   * Returns these options with a list of the k largest logits of each row (1: the most likely
   * class).
   */
  public HeadOptions withTopK(int value) {
    return with(o -> o.topK = value);
  }

  /** Returns these options with weights that rows take from their own losses, or null for none. */
  public HeadOptions withReweighting(Reweighting value) {
    return with(o -> o.reweighting = value);
  }

  /**
   * Returns these options with losses in place of the cross-entropy, or added to it: at most one in
   * its place, at most one that lists classes.
   */
  public HeadOptions withRowLosses(RowLoss... value) {
    return with(
        o -> {
          o.rowLosses = List.of(value);
          o.entropy |= o.rowLosses.stream().anyMatch(RowLoss::needsEntropy);
          o.topK =
              Math.max(o.topK, o.rowLosses.stream().mapToInt(RowLoss::listedTop).max().orElse(0));
        });
  }

  /** Returns these options with another gradient filter. */
  public HeadOptions withFilter(GradientFilter value) {
    return with(o -> o.filter = value);
  }

  /** Returns these options with another compute type. */
  public HeadOptions withCompute(ComputeType value) {
    return with(o -> o.compute = value);
  }

  /** Returns these options with another engine. */
  public HeadOptions withEngine(Engine value) {
    return with(o -> o.engine = value);
  }

  /** Returns these options with another delivery. */
  public HeadOptions withDelivery(Delivery value) {
    return with(o -> o.delivery = value);
  }

  /** Returns these options with another workspace. */
  public HeadOptions withWorkspaceBytes(long value) {
    return with(o -> o.workspaceBytes = value);
  }

  /** Returns these options with another number of threads. */
  public HeadOptions withThreads(int value) {
    return with(o -> o.threads = value);
  }

  private List<Object> values() {
    return Arrays.asList(
        classes,
        width,
        bias,
        ignoreIndex,
        reduction,
        strictMean,
        causalShift,
        Arrays.toString(classWeights),
        labelSmoothing,
        logitScale,
        softCap,
        stableMax,
        zLoss,
        softTargets,
        entropy,
        moments,
        topK,
        reweighting,
        rowLosses,
        filter,
        compute,
        engine,
        delivery,
        workspaceBytes,
        threads);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof HeadOptions options && values().equals(options.values());
  }

  @Override
  public int hashCode() {
    return values().hashCode();
  }

  @Override
  public String toString() {
    return String.format(
        Locale.ROOT,
        "%d classes, width %d, %s, %s, %s, %s%s%s%s%s%s%s%s%s%s%s%s%s%s",
        classes,
        width,
        reduction,
        compute,
        engine,
        delivery,
        bias ? ", bias" : "",
        causalShift ? ", causal shift" : "",
        classWeights == null ? "" : ", class weights",
        named("label smoothing", labelSmoothing, 0),
        named("logit scale", logitScale, 1),
        named("soft cap", softCap, 0),
        named("z-loss", zLoss, 0) + (stableMax ? ", stable max" : ""),
        named("soft targets", softTargets, 0),
        named("top", topK, 0),
        moments ? ", moments" : entropy ? ", entropy" : "",
        strictMean ? ", strict mean" : "",
        reweighting == null ? "" : ", " + reweighting,
        rowLosses.isEmpty() ? "" : ", " + rowLosses);
  }

  private static String named(String name, double value, double off) {
    return value == off ? "" : ", " + name + " " + value;
  }
}
