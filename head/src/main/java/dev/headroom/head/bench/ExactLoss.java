package dev.headroom.head.bench;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import dev.headroom.head.SphericalFunction;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * The mean loss of a shape with every product and sum in float64, a tile of logits at a time.
 *
 * <p>Formula: {@code mean of lse(z_i) - z_{i,t}} with {@code z_i = c e_i}. Extra memory: 40 MB and
 * a tile of the classifier.
 */
final class ExactLoss {
  private static final int ROWS = 512;
  private static final int CLASSES = 4096;
  // 2 D V operations a row: some seconds on two cores
  private static final double MOST_OPERATIONS = 4e11;

  private final BenchInputs inputs;
  private final long[] ids;
  private final double[] max;
  private final double[] sum;
  private final double[] target;
  private final double[] total;
  private final double[] squares;

  private ExactLoss(BenchInputs inputs) {
    this.inputs = inputs;
    ids = inputs.targets().toLongArray();
    max = new double[ids.length];
    sum = new double[ids.length];
    target = new double[ids.length];
    total = new double[ids.length];
    squares = new double[ids.length];
    Arrays.fill(max, Double.NEGATIVE_INFINITY);
  }

  /** Returns how many rows of a shape can be judged in acceptable time. */
  static int affordableRows(HeadShape shape) {
    double rows = MOST_OPERATIONS / (2.0 * shape.d() * shape.v());
    return (int) Math.max(1, Math.min(shape.n(), rows));
  }

  /** Returns the mean loss of all rows of the inputs, in nats. */
  static double of(BenchInputs inputs) {
    return over(inputs).softmax();
  }

  /** Forms the logits of all rows once. */
  static ExactLoss over(BenchInputs inputs) {
    ExactLoss loss = new ExactLoss(inputs);
    loss.foldAll();
    return loss;
  }

  private void foldAll() {
    int classes = inputs.shape().v();
    for (int first = 0; first < ids.length; first += ROWS) {
      int row = first;
      int rows = Math.min(ROWS, ids.length - first);
      for (int begin = 0; begin < classes; begin += CLASSES) {
        int tile = begin;
        int width = Math.min(CLASSES, classes - begin);
        double[] z = logits(row, row + rows, tile, tile + width);
        IntStream.range(0, rows).parallel().forEach(i -> fold(row + i, z, i * width, tile, width));
      }
    }
  }

  /** Returns the mean softmax cross-entropy, in nats. */
  double softmax() {
    double loss = 0;
    for (int i = 0; i < ids.length; i++) {
      loss += (max[i] + Math.log(sum[i]) - target[i]) / ids.length;
    }
    return loss;
  }

  /** Returns the mean of a loss of the spherical family. */
  double spherical(SphericalFunction function) {
    double classes = inputs.shape().v();
    double loss = 0;
    for (int i = 0; i < ids.length; i++) {
      double mu = total[i] / classes;
      double spread = Math.max(0, squares[i] - classes * mu * mu);
      loss += function.at(classes, mu, spread, target[i] - mu).loss() / ids.length;
    }
    return loss;
  }

  /** Takes the logits of some classes into a row's running maximum and sum. */
  private void fold(int row, double[] z, int from, int tile, int width) {
    double most = max[row];
    for (int j = 0; j < width; j++) {
      most = Math.max(most, z[from + j]);
      total[row] += z[from + j];
      squares[row] += z[from + j] * z[from + j];
    }
    double scaled = sum[row] * Math.exp(max[row] - most);
    for (int j = 0; j < width; j++) {
      scaled += Math.exp(z[from + j] - most);
    }
    max[row] = most;
    sum[row] = scaled;
    if (ids[row] >= tile && ids[row] < tile + width) {
      target[row] = z[from + (int) (ids[row] - tile)];
    }
  }

  private double[] logits(int first, int end, int begin, int stop) {
    try (NDManager scratch = inputs.hidden().getManager().newSubManager()) {
      scratch.tempAttachAll(inputs.hidden(), inputs.weight());
      NDArray e = inputs.hidden().get(first + ":" + end).toType(DataType.FLOAT64, true);
      NDArray c = inputs.weight().get(begin + ":" + stop).toType(DataType.FLOAT64, true);
      return e.matMul(c.transpose()).toDoubleArray();
    }
  }
}
