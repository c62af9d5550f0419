package dev.headroom.head.bench;

import ai.djl.engine.EngineException;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import dev.headroom.head.internal.TorchTensors;
import java.util.Arrays;

/**
 * The three matrix products that every head needs, and nothing else, in float32 by the engine's own
 * product: {@code z = e c^T}, {@code g c}, {@code g^T e}, together 6 N D V operations.
 *
 * <p>They run on chunks of classes, not of rows: each part of g^T e is then written once and N rows
 * deep, which is the best that the product can show. The results go into arrays made before the
 * clock starts, since the page faults of fresh ones would slow the yardstick down. z stands for g.
 * Extra memory: at most 512 MiB and N x D.
 */
final class BareProducts implements Contestant {
  private static final long CHUNK_FLOATS = 64L << 20;

  private final HeadShape shape;
  private final int classes;

  BareProducts(HeadShape shape) {
    this.shape = shape;
    long most = CHUNK_FLOATS / Math.max(shape.n(), shape.d());
    classes = (int) Math.max(1, Math.min(shape.v(), most));
  }

  @Override
  public String name() {
    return "three-products";
  }

  @Override
  public String engine() {
    return "products";
  }

  @Override
  public long neededBytes() {
    return 4L * (shape.n() + shape.d()) * classes + 4L * shape.n() * shape.d();
  }

  /** Returns the classes of each chunk; together V. */
  int[] widths() {
    int[] widths = new int[(shape.v() + classes - 1) / classes];
    Arrays.fill(widths, classes);
    widths[widths.length - 1] = shape.v() - (widths.length - 1) * classes;
    return widths;
  }

  @Override
  public Turn turn(BenchInputs inputs, boolean memory) {
    long n = shape.n();
    long d = shape.d();
    NDArray e = inputs.hidden();
    try (NDManager scratch = e.getManager().newSubManager()) {
      NDArray z = scratch.zeros(new Shape(n * classes), DataType.FLOAT32);
      NDArray dE = scratch.zeros(new Shape(n, d), DataType.FLOAT32);
      NDArray dC = scratch.zeros(new Shape(classes * d), DataType.FLOAT32);
      long start = System.nanoTime();
      int first = 0;
      for (int width : widths()) {
        try (NDManager views = scratch.newSubManager()) {
          views.tempAttachAll(e, inputs.weight(), z, dE, dC);
          NDArray c = inputs.weight().get(first + ":" + (first + width));
          NDArray g = z.get("0:" + n * width).reshape(n, width);
          NDArray part = dC.get("0:" + width * d).reshape(width, d);
          TorchTensors.matMulInto(g, e, c.transpose());
          TorchTensors.matMulInto(dE, g, c);
          TorchTensors.matMulInto(part, g.transpose(), e);
          first += width;
        }
      }
      return new Turn((System.nanoTime() - start) / 1e9, Double.NaN, -1);
    } catch (EngineException | IllegalStateException failure) {
      throw new TurnFailure(String.valueOf(failure.getMessage()), failure);
    }
  }
}
