package dev.headroom.head.bench;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.GradientCollector;
import ai.djl.training.loss.Loss;
import ai.djl.training.loss.SoftmaxCrossEntropyLoss;
import dev.headroom.head.ComputeType;
import dev.headroom.head.Delivery;
import dev.headroom.head.HeadLoss;
import dev.headroom.head.HeadOptions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.function.Consumer;

/**
 * Times loss and both gradients of one shape: Headroom's heads and DJL's matMul with softmax
 * cross-entropy, taking turns in one run, the median of five rounds after two that do not count.
 *
 * <p>Peak memory is the process's peak resident set in a round less what was resident before it
 * (inputs and the classifier's gradient buffer) and less dE. DJL's plain head is left out, and says
 * so, where the machine has too little memory for its N x V arrays.
 */
public final class HeadBench {
  private static final int WARM_UP = 2;
  private static final int ROUNDS = 5;
  private static final long SEED = 20261121;
  // the plain head was seen to hold ten N x V float32 arrays at its peak
  private static final long PLAIN_COPIES = 10;

  private final HeadShape shape;
  private final Consumer<String> progress;
  private final NDManager manager;
  private final NDArray hidden;
  private final NDArray weight;
  private final NDArray targets;

  private HeadBench(HeadShape shape, Consumer<String> progress, NDManager manager) {
    this.shape = shape;
    this.progress = progress;
    this.manager = manager;
    Random random = new Random(SEED);
    hidden = gaussians(random, new Shape(shape.n(), shape.d()), 1);
    // the deviation gives logits a spread of about 1, as early in a training run
    weight = gaussians(random, new Shape(shape.v(), shape.d()), 1 / Math.sqrt(shape.d()));
    targets = manager.create(random.longs(shape.n(), 0, shape.v()).toArray());
  }

  private NDArray gaussians(Random random, Shape size, double deviation) {
    NDArray array = manager.create(size, DataType.FLOAT32);
    // row by row: one Java array of V x D floats would be in the way of the memory that is measured
    float[] row = new float[(int) size.get(1)];
    for (int i = 0; i < size.get(0); i++) {
      for (int k = 0; k < row.length; k++) {
        row[k] = (float) (random.nextGaussian() * deviation);
      }
      dev.headroom.head.internal.TorchTensors.data(array)
          .write(4L * i * row.length, row, 0, row.length);
    }
    array.setRequiresGradient(true);
    return array;
  }

  /** One head under measurement. */
  private static final class Subject {
    final String name;
    final HeadOptions options;
    final Loss loss;
    final double[] seconds = new double[ROUNDS];
    long peakExtraBytes;
    double value;

    Subject(String name, HeadOptions options) {
      this.name = name;
      this.options = options;
      this.loss = options == null ? new SoftmaxCrossEntropyLoss() : new HeadLoss(options);
    }
  }

  /**
   * Measures one shape.
   *
   * @param shape N, D, V
   * @param workspaceBytes the scratch memory of Headroom's heads
   * @param progress told what is being done, a line at a time
   * @return a measurement for each head, DJL's plain one first
   */
  public static List<HeadMeasurement> measure(
      HeadShape shape, long workspaceBytes, Consumer<String> progress) {
    try (NDManager manager = NDManager.newBaseManager()) {
      return new HeadBench(shape, progress, manager).run(workspaceBytes);
    }
  }

  private List<HeadMeasurement> run(long workspaceBytes) {
    HeadOptions options = HeadOptions.of(shape.v(), shape.d()).withWorkspaceBytes(workspaceBytes);
    HeadOptions fused = options.withDelivery(Delivery.FUSED);
    List<Subject> subjects = new ArrayList<>();
    long needed = PLAIN_COPIES * 4 * shape.n() * shape.v() + shape.gradientBytes();
    long available = ProcessMemory.availableBytes();
    boolean plainFits = available < 0 || needed < available;
    if (plainFits) {
      subjects.add(new Subject("djl-plain", null));
    }
    subjects.add(new Subject("headroom-fused", fused));
    subjects.add(new Subject("headroom-autograd", options));
    if (new HeadLoss(options).backend() == dev.headroom.head.Backend.NATIVE_CPU) {
      subjects.add(new Subject("headroom-fused-bf16", fused.withCompute(ComputeType.BFLOAT16)));
    }
    for (int round = -WARM_UP; round < ROUNDS; round++) {
      progress.accept(shape + ": round " + (round + WARM_UP + 1) + " of " + (WARM_UP + ROUNDS));
      for (Subject subject : subjects) {
        step(subject, round);
      }
    }
    progress.accept(shape + ": the loss in float64");
    return report(subjects, plainFits, needed, available);
  }

  private void step(Subject subject, int round) {
    try (NDManager batch = manager.newSubManager()) {
      NDArray e = hidden.duplicate();
      e.attach(batch);
      boolean reset = round < 0 && releaseAndReset(subject);
      long before = ProcessMemory.residentBytes();
      long start = System.nanoTime();
      try (GradientCollector collector = manager.getEngine().newGradientCollector()) {
        NDArray loss = subject.loss.evaluate(new NDList(targets), predictions(subject, e));
        collector.backward(loss);
        subject.value = loss.getFloat();
      }
      if (round >= 0) {
        subject.seconds[round] = (System.nanoTime() - start) / 1e9;
      } else {
        // the last round of the warm-up counts: by then the gradient buffers exist
        long extra = ProcessMemory.peakBytes() - before - 4L * shape.n() * shape.d();
        subject.peakExtraBytes = reset ? extra : -1;
      }
      zero(weight);
      zero(hidden);
    }
    if (subject.loss instanceof HeadLoss loss) {
      loss.finishBackward();
    }
  }

  private static boolean releaseAndReset(Subject subject) {
    if (subject.loss instanceof HeadLoss loss) {
      loss.releaseMemory();
    }
    return ProcessMemory.resetPeak();
  }

  private NDList predictions(Subject subject, NDArray e) {
    if (subject.options != null) {
      return new NDList(e, weight);
    }
    NDArray transposed = weight.transpose();
    transposed.attach(e.getManager());
    return new NDList(e.matMul(transposed));
  }

  private static void zero(NDArray array) {
    try (NDArray gradient = array.getGradient()) {
      gradient.muli(0);
    }
  }

  private List<HeadMeasurement> report(
      List<Subject> subjects, boolean plainFits, long needed, long available) {
    double truth = lossInFloat64();
    List<HeadMeasurement> results = new ArrayList<>();
    double plain = plainFits ? median(subjects.get(0).seconds) : Double.NaN;
    if (!plainFits) {
      String note =
          String.format(
              Locale.ROOT,
              "left out: needs about %.1f GB, %.1f GB available",
              needed / 1e9,
              available / 1e9);
      results.add(
          new HeadMeasurement(
              shape, "djl-plain", "logits", null, Double.NaN, Double.NaN, -1, Double.NaN, note));
    }
    for (Subject subject : subjects) {
      double seconds = median(subject.seconds);
      String engine =
          subject.loss instanceof HeadLoss loss
              ? loss.engine(shape.n()).name().toLowerCase(Locale.ROOT)
              : "logits";
      double error = Math.abs(subject.value - truth) / Math.abs(truth);
      results.add(
          new HeadMeasurement(
              shape,
              subject.name,
              engine,
              subject.options,
              seconds,
              plain / seconds,
              subject.peakExtraBytes,
              error,
              ""));
    }
    return results;
  }

  private static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted[sorted.length / 2];
  }

  /** The mean loss with every product and sum in float64, a tile of classes at a time. */
  private double lossInFloat64() {
    int tile = 4096;
    double[] max = new double[shape.n()];
    double[] sum = new double[shape.n()];
    double[] target = new double[shape.n()];
    Arrays.fill(max, Double.NEGATIVE_INFINITY);
    long[] ids = targets.toLongArray();
    int rows = 512;
    for (int first = 0; first < shape.n(); first += rows) {
      int end = Math.min(shape.n(), first + rows);
      for (int begin = 0; begin < shape.v(); begin += tile) {
        int width = Math.min(tile, shape.v() - begin);
        double[] z = logits(first, end, begin, begin + width);
        for (int i = first; i < end; i++) {
          for (int j = 0; j < width; j++) {
            double logit = z[(i - first) * width + j];
            if (logit > max[i]) {
              sum[i] *= Math.exp(max[i] - logit);
              max[i] = logit;
            }
            sum[i] += Math.exp(logit - max[i]);
            target[i] = ids[i] == begin + j ? logit : target[i];
          }
        }
      }
    }
    double loss = 0;
    for (int i = 0; i < shape.n(); i++) {
      loss += (max[i] + Math.log(sum[i]) - target[i]) / shape.n();
    }
    return loss;
  }

  private double[] logits(int first, int end, int begin, int stop) {
    try (NDManager scratch = manager.newSubManager()) {
      scratch.tempAttachAll(hidden, weight);
      NDArray e = hidden.get(first + ":" + end).toType(DataType.FLOAT64, true);
      NDArray c = weight.get(begin + ":" + stop).toType(DataType.FLOAT64, true);
      return e.matMul(c.transpose()).toDoubleArray();
    }
  }
}
