package dev.headroom.scaling.law.text;

import dev.headroom.scaling.law.PreciseLaw;
import java.io.Serializable;
import java.math.BigDecimal;
import java.util.List;

/** Evaluates some nodes of a graph, each part that they share once. */
final class Tape implements Serializable {

  private static final long serialVersionUID = 1;
  private static final Op[] OPS = Op.values();

  private final byte[] op;
  private final int[] a;
  private final int[] b;
  private final double[] numbers;
  private final int[] roots;

  Tape(Graph graph, int... wanted) {
    List<Graph.Node> nodes = graph.nodes();
    boolean[] used = new boolean[nodes.size()];
    for (int root : wanted) {
      used[root] = true;
    }
    int count = 0;
    for (int id = nodes.size() - 1; id >= 0; id--) {
      Graph.Node node = nodes.get(id);
      count += used[id] ? 1 : 0;
      if (used[id] && node.op().operands() > 0) {
        used[node.a()] = true;
        used[node.b()] = true;
      }
    }
    this.op = new byte[count];
    this.a = new int[count];
    this.b = new int[count];
    this.numbers = new double[count];
    this.roots = wanted.clone();
    compact(nodes, used);
  }

  private void compact(List<Graph.Node> nodes, boolean[] used) {
    int[] place = new int[nodes.size()];
    int next = 0;
    for (int id = 0; id < used.length; id++) {
      if (!used[id]) {
        continue;
      }
      Graph.Node node = nodes.get(id);
      boolean leaf = node.op().operands() == 0;
      op[next] = (byte) node.op().ordinal();
      a[next] = leaf ? node.a() : place[node.a()];
      b[next] = leaf ? node.b() : place[node.b()];
      numbers[next] = node.number();
      place[id] = next++;
    }
    for (int k = 0; k < roots.length; k++) {
      roots[k] = place[roots[k]];
    }
  }

  /** Returns the first node and writes the others to {@code rest}. */
  double evaluate(double[] x, double[] theta, double[] rest) {
    double[] value = numbers.clone();
    for (int k = 0; k < value.length; k++) {
      Op does = OPS[op[k]];
      if (does == Op.VARIABLE) {
        value[k] = x[a[k]];
      } else if (does == Op.PARAMETER) {
        value[k] = theta[a[k]];
      } else if (does != Op.NUMBER) {
        value[k] = does.of(value[a[k]], value[b[k]]);
      }
    }
    for (int k = 1; k < roots.length; k++) {
      rest[k - 1] = value[roots[k]];
    }
    return value[roots[0]];
  }

  /** Returns the first node to forty digits. */
  BigDecimal precise(BigDecimal[] x, BigDecimal[] theta) {
    BigDecimal[] value = new BigDecimal[op.length];
    for (int k = 0; k < value.length; k++) {
      Op does = OPS[op[k]];
      if (does == Op.VARIABLE) {
        value[k] = x[a[k]];
      } else if (does == Op.PARAMETER) {
        value[k] = theta[a[k]];
      } else if (does == Op.NUMBER) {
        value[k] = PreciseLaw.decimal(numbers[k]);
      } else {
        value[k] = Decimals.of(does, value[a[k]], value[b[k]]);
      }
    }
    return value[roots[0]];
  }
}
