package dev.headroom.head.internal;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import dev.headroom.head.HeadOptions;
import dev.headroom.head.internal.HeadProblem.Listed.Kind;
import java.util.Arrays;
import java.util.stream.LongStream;

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
    if (options.stableMax()) {
      NDArray size = s.abs();
      NDArray one = size.add(1f);
      // log(1 + x) with what rounding 1 + x has lost
      NDArray exact = one.log().add(size.sub(one.sub(1f)).div(one));
      return NDArrays.where(s.isInfinite(), s, s.sign().mul(exact));
    }
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
    float[] part = Arrays.copyOfRange(values, (int) begin, (int) end);
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

  /** Writes the logits of those classes that all rows list and that lie in the tile. */
  void list(HeadProblem problem, int first, float[] listed) {
    Here here = here(problem, first);
    if (here == null) {
      return;
    }
    float[] values = z.get(here.rows).transpose().get(here.columns).toFloatArray();
    for (int k = 0; k < here.end - here.begin; k++) {
      for (int i = 0; i < here.places.length; i++) {
        listed[here.at(k, i)] = values[k * here.places.length + i];
      }
    }
  }

  /** Returns an array plus upstream gradients at classes that all rows list. */
  NDArray addListed(NDArray g, HeadProblem problem, int first) {
    float[] upstream = problem.upstream() == null ? null : problem.upstream().listed();
    Here here = upstream == null ? null : here(problem, first);
    if (here == null) {
      return g;
    }
    // columns that are listed, for all rows: 0 where a row has none
    float[] values = new float[rows() * (here.end - here.begin)];
    for (int k = 0; k < here.end - here.begin; k++) {
      for (int i = 0; i < here.places.length; i++) {
        values[(int) here.places[i] * (here.end - here.begin) + k] = upstream[here.at(k, i)];
      }
    }
    NDArray added = manager.create(values, new Shape(rows(), here.end - here.begin));
    NDArray columns = here.columns.reshape(1, here.end - here.begin).broadcast(added.getShape());
    return g.scatter(columns, g.gather(columns, 1).add(added), 1);
  }

  /**
   * The part of the listed classes that lies in this tile.
   *
   * @param begin first of them among the listed ones
   * @param end end of them
   * @param columns of the tile, int64
   * @param rows of the tile that list them, int64
   * @param places those rows
   * @param lists where each row's list begins
   */
  private record Here(
      int begin, int end, NDArray columns, NDArray rows, long[] places, long[] lists) {
    int at(int k, int row) {
      return (int) lists[row] + begin + k;
    }
  }

  private Here here(HeadProblem problem, int first) {
    if (problem.listed() == null || problem.listed().kind() != Kind.SHARED) {
      return null;
    }
    long[] ids = problem.listed().ids();
    long[] inside = Arrays.stream(ids).filter(id -> id >= begin && id < this.end).toArray();
    long[] listing =
        LongStream.range(0, rows()).filter(i -> problem.place(first + (int) i) >= 0).toArray();
    if (inside.length == 0 || listing.length == 0) {
      return null;
    }
    int from = Arrays.binarySearch(ids, inside[0]);
    long[] lists =
        Arrays.stream(listing)
            .map(i -> (long) problem.place(first + (int) i) * ids.length)
            .toArray();
    long[] columns = Arrays.stream(inside).map(id -> id - begin).toArray();
    return new Here(
        from,
        from + inside.length,
        manager.create(columns),
        manager.create(listing),
        listing,
        lists);
  }

  /**
   * Adds what these rows and classes give to the gradients that are wanted.
   *
   * @param g d loss / d raw logit [rows, columns]
   * @param e hidden states, 0 on ignored rows
   * @param first row of the call
   */
  void deliver(NDArray g, NDArray e, int first, HeadResult out) {
    if (out.dE() != null) {
      part(out.dE(), first, first + rows()).addi(g.matMul(c));
    }
    if (out.dC() != null) {
      part(out.dC(), begin, end).addi(g.transpose().matMul(e));
    }
    if (out.dB() != null) {
      part(out.dB(), begin, end).addi(g.sum(new int[] {0}));
    }
  }

  private NDArray part(NDArray array, long from, long until) {
    NDArray part = array.get(new NDIndex("{}:{}", from, until));
    part.attach(manager);
    return part;
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
