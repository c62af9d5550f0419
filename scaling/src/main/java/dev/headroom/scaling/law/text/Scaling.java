package dev.headroom.scaling.law.text;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;

/**
 * Finds which variables of a formula may change their unit, and which parameters follow.
 *
 * <p>A variable may where each term of the sum that holds it is a product of powers of it, with
 * exponents free of variables, and has a factor that is a parameter met nowhere else: that
 * parameter takes the power of the unit. So N of {@code E + A/N^a} may, x of {@code A exp(-g x)}
 * may not.
 */
final class Scaling implements Serializable {

  private static final long serialVersionUID = 1;

  /** The parameter that follows when a variable of exponent {@code exponents[...]} is rescaled. */
  private record Move(int parameter, int variable, boolean inverse, Tape exponent)
      implements Serializable {}

  private record Factor(int node, boolean inverse) {}

  private final List<Move> moves = new ArrayList<>();
  private final boolean[] free;

  /**
   * Looks at a formula.
   *
   * @param held parameters whose numbers a user gave, so that their units stay
   */
  Scaling(Graph graph, int formula, int variables, long held) {
    this.free = new boolean[variables];
    List<Integer> terms = new ArrayList<>();
    terms(graph, formula, terms);
    for (int v = 0; v < variables; v++) {
      List<Move> found = new ArrayList<>();
      free[v] = true;
      for (int term : terms) {
        free[v] &= !graph.usesVariable(term, v) || follows(graph, terms, term, v, held, found);
      }
      if (free[v]) {
        moves.addAll(found);
      }
    }
  }

  boolean isFree(int variable) {
    return free[variable];
  }

  double[] rescaled(double[] theta, double[] factors) {
    double[] scaled = theta.clone();
    for (Move move : moves) {
      double exponent = move.exponent.evaluate(new double[0], theta, new double[0]);
      scaled[move.parameter] *=
          Math.pow(factors[move.variable], move.inverse ? exponent : -exponent);
    }
    return scaled;
  }

  private static void terms(Graph graph, int id, List<Integer> out) {
    Graph.Node node = graph.node(id);
    switch (node.op()) {
      case ADD, SUBTRACT -> {
        terms(graph, node.a(), out);
        terms(graph, node.b(), out);
      }
      case NEGATE -> terms(graph, node.a(), out);
      default -> out.add(id);
    }
  }

  private static void factors(Graph graph, int id, boolean inverse, List<Factor> out) {
    Graph.Node node = graph.node(id);
    switch (node.op()) {
      case MULTIPLY -> {
        factors(graph, node.a(), inverse, out);
        factors(graph, node.b(), inverse, out);
      }
      case DIVIDE -> {
        factors(graph, node.a(), inverse, out);
        factors(graph, node.b(), !inverse, out);
      }
      case NEGATE -> factors(graph, node.a(), inverse, out);
      default -> out.add(new Factor(id, inverse));
    }
  }

  private static boolean follows(
      Graph graph, List<Integer> terms, int term, int v, long held, List<Move> out) {
    List<Factor> factors = new ArrayList<>();
    factors(graph, term, false, factors);
    int leader = leader(graph, terms, term, factors, held);
    if (leader < 0) {
      return false;
    }
    for (Factor factor : factors) {
      Graph.Node node = graph.node(factor.node);
      if (!graph.usesVariable(factor.node, v)) {
        continue;
      }
      boolean power =
          node.op() == Op.POW
              && graph.node(node.a()).op() == Op.VARIABLE
              && !graph.usesAnyVariable(node.b());
      if (!power && node.op() != Op.VARIABLE) {
        return false;
      }
      int exponent = power ? node.b() : graph.number(1);
      out.add(new Move(leader, v, factor.inverse, new Tape(graph, exponent)));
    }
    return true;
  }

  /** Returns the parameter that is a factor of this term and is met nowhere else, or -1. */
  private static int leader(
      Graph graph, List<Integer> terms, int term, List<Factor> factors, long held) {
    for (Factor factor : factors) {
      Graph.Node node = graph.node(factor.node);
      if (node.op() != Op.PARAMETER || factor.inverse || (held >> node.a() & 1) != 0) {
        continue;
      }
      int uses = 0;
      for (Factor other : factors) {
        uses += graph.usesParameter(other.node, node.a()) ? 1 : 0;
      }
      for (int other : terms) {
        uses += other != term && graph.usesParameter(other, node.a()) ? 1 : 0;
      }
      if (uses == 1) {
        return node.a();
      }
    }
    return -1;
  }
}
