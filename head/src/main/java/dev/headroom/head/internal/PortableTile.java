package dev.headroom.head.internal;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import dev.headroom.head.HeadOptions;

/**
 * The logits z of a chunk of rows against a range of classes, in float32, with what is read from
 * them and written to arrays of their shape.
 */
final class PortableTile implements AutoCloseable {
  final NDManager manager;
  final long begin;
  final long end;
  final NDArray c;
  final NDArray z;

  /** What all tiles of a call share: classifier, bias or null, both detached from autograd. */
  record Operands(NDArray c, NDArray b, HeadOptions options) {}

  /** Forms the logits of rows e [rows,D] against classes begin to end. */
  PortableTile(NDArray e, Operands operands, long begin, long end) {
    manager = e.getManager().newSubManager();
    this.begin = begin;
    this.end = end;
    NDIndex range = new NDIndex("{}:{}", begin, end);
    c = float32(manager, operands.c.get(range));
    // (a result belongs to its first operand's manager)
    NDArray hidden = e.duplicate();
    hidden.attach(manager);
    NDArray a = hidden.matMul(c.transpose());
    if (operands.b != null) {
      a = a.add(float32(manager, operands.b.get(range)));
    }
    z = capped(a, operands.options);
  }

  private static NDArray capped(NDArray a, HeadOptions options) {
    NDArray s = options.logitScale() == 1 ? a : a.mul((float) options.logitScale());
    if (options.softCap() == 0) {
      return s;
    }
    float cap = (float) options.softCap();
    // tanh would turn a mask or an overflow into an ordinary logit
    return NDArrays.where(s.isInfinite(), s, s.div(cap).tanh().mul(cap));
  }

  /** Moves a detached array to a manager, as float32. */
  static NDArray float32(NDManager manager, NDArray array) {
    array.attach(manager);
    return array.getDataType() == DataType.FLOAT32 ? array : array.toType(DataType.FLOAT32, true);
  }

  int rows() {
    return (int) z.getShape().get(0);
  }

  NDArray column(float[] values) {
    return manager.create(values, new Shape(values.length, 1));
  }

  /** Returns part of a vector over all classes, as a row of this tile. */
  NDArray classRow(float[] values) {
    float[] part = java.util.Arrays.copyOfRange(values, (int) begin, (int) end);
    return manager.create(part, new Shape(1, part.length));
  }

  /** Returns a mask of the entries that are not minus infinity. */
  NDArray present() {
    return z.neq(Float.NEGATIVE_INFINITY);
  }

  /** Returns whether any of these classes lies in the tile. */
  boolean holdsAny(long[] ids) {
    for (long id : ids) {
      if (id >= begin && id < end) {
        return true;
      }
    }
    return false;
  }

  /** Returns z at one class a row; 0 where the class lies in another tile. */
  float[] logitsAt(long[] ids) {
    float[] values = z.gather(columns(ids), 1).toFloatArray();
    for (int i = 0; i < values.length; i++) {
      values[i] = ids[i] >= begin && ids[i] < end ? values[i] : 0;
    }
    return values;
  }

  /** Returns an array less a value at one class a row; rows of another tile stay as they are. */
  NDArray subtractAt(NDArray g, long[] ids, float[] values) {
    float[] here = values.clone();
    for (int i = 0; i < here.length; i++) {
      here[i] = ids[i] >= begin && ids[i] < end ? values[i] : 0;
    }
    NDArray columns = columns(ids);
    return g.scatter(columns, g.gather(columns, 1).sub(column(here)), 1);
  }

  private NDArray columns(long[] ids) {
    long[] columns = new long[ids.length];
    for (int i = 0; i < ids.length; i++) {
      columns[i] = ids[i] >= begin && ids[i] < end ? ids[i] - begin : 0;
    }
    return manager.create(columns, new Shape(columns.length, 1));
  }

  @Override
  public void close() {
    manager.close();
  }
}
