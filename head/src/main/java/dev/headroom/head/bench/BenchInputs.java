package dev.headroom.head.bench;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import com.sun.jna.Pointer;
import dev.headroom.head.internal.TorchTensors;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Random;

/**
 * What every head of one shape is given: hidden states, classifier and targets, float32 and int64.
 *
 * <p>Gaussians; the classifier's deviation 1/sqrt(D) gives logits a spread of about 1, as early in
 * a training run. The classifier is held once in this process, as an array of the engine; the
 * gradients of hidden states and classifier are wanted.
 *
 * @param shape N, D, V
 * @param hidden e[N,D]
 * @param weight c[V,D]
 * @param targets t[N]
 */
record BenchInputs(HeadShape shape, NDArray hidden, NDArray weight, NDArray targets) {
  private static final long SEED = 20261121;
  private static final long PIECE = 64L << 20;

  /** Draws the inputs of a shape; the same ones every time. */
  static BenchInputs draw(HeadShape shape, NDManager manager) {
    Random random = new Random(SEED);
    NDArray hidden = gaussians(manager, random, new Shape(shape.n(), shape.d()), 1);
    Shape size = new Shape(shape.v(), shape.d());
    NDArray weight = gaussians(manager, random, size, 1 / Math.sqrt(shape.d()));
    NDArray targets = manager.create(random.longs(shape.n(), 0, shape.v()).toArray());
    return new BenchInputs(shape, hidden, weight, targets);
  }

  private static NDArray gaussians(NDManager manager, Random random, Shape size, double deviation) {
    NDArray array = manager.create(size, DataType.FLOAT32);
    // row by row: one Java array of V x D floats would be in the way of the memory that is measured
    float[] row = new float[(int) size.get(1)];
    Pointer data = TorchTensors.data(array);
    for (long i = 0; i < size.get(0); i++) {
      for (int k = 0; k < row.length; k++) {
        row[k] = (float) (random.nextGaussian() * deviation);
      }
      data.write(4L * i * row.length, row, 0, row.length);
    }
    array.setRequiresGradient(true);
    return array;
  }

  /** Returns evenly spaced rows of these, with the same classifier; all of them where N is less. */
  BenchInputs sample(int rows) {
    if (rows >= shape.n()) {
      return this;
    }
    NDManager manager = hidden.getManager();
    long[] chosen = new long[rows];
    for (int i = 0; i < rows; i++) {
      chosen[i] = (long) i * shape.n() / rows;
    }
    try (NDArray index = manager.create(chosen)) {
      NDArray some = hidden.get(index).duplicate();
      some.setRequiresGradient(true);
      HeadShape size = new HeadShape(rows, shape.d(), shape.v());
      return new BenchInputs(size, some, weight, targets.get(index));
    }
  }

  /** Writes the hidden states and the targets as they lie in memory. */
  void writeRows(Path hiddenFile, Path targetsFile) throws IOException {
    write(hidden, 4, hiddenFile);
    write(targets, 8, targetsFile);
  }

  /** Writes the classifier as it lies in memory. */
  void writeWeight(Path file) throws IOException {
    write(weight, 4, file);
  }

  private static void write(NDArray array, int itemBytes, Path file) throws IOException {
    long bytes = array.size() * itemBytes;
    Pointer data = TorchTensors.data(array);
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      for (long at = 0; at < bytes; at += PIECE) {
        ByteBuffer piece = data.getByteBuffer(at, Math.min(PIECE, bytes - at));
        piece.order(ByteOrder.nativeOrder());
        while (piece.hasRemaining()) {
          channel.write(piece);
        }
      }
    }
  }
}
