package dev.headroom.scaling.law.text;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Holds a formula and its derivatives as nodes, equal parts once.
 *
 * <p>Nodes are numbered as they are made, operands before what uses them. Each constructor
 * simplifies what it can: numbers are folded, zeros and ones vanish.
 */
final class Graph {

  /**
   * One node.
   *
   * @param a first operand, or the index of a variable or parameter
   * @param b second operand; the first again for functions of one
   * @param number the number of a {@link Op#NUMBER}
   */
  record Node(Op op, int a, int b, double number) {}

  private final List<Node> nodes = new ArrayList<>();
  private final Map<Node, Integer> known = new HashMap<>();
  private final List<Long> parameters = new ArrayList<>();
  private final List<Long> variables = new ArrayList<>();

  List<Node> nodes() {
    return nodes;
  }

  Node node(int id) {
    return nodes.get(id);
  }

  /** Says whether a node depends on a parameter. */
  boolean usesParameter(int id, int parameter) {
    return (parameters.get(id) >> parameter & 1) != 0;
  }

  /** Says whether a node depends on a variable. */
  boolean usesVariable(int id, int variable) {
    return (variables.get(id) >> variable & 1) != 0;
  }

  boolean usesAnyVariable(int id) {
    return variables.get(id) != 0;
  }

  int number(double value) {
    return add(new Node(Op.NUMBER, -1, -1, value + 0.0), 0, 0);
  }

  int variable(int index) {
    return add(new Node(Op.VARIABLE, index, index, 0), 0, 1L << index);
  }

  int parameter(int index) {
    return add(new Node(Op.PARAMETER, index, index, 0), 1L << index, 0);
  }

  /** Returns the number of a node that is one, else NaN. */
  double constant(int id) {
    Node node = nodes.get(id);
    return node.op() == Op.NUMBER ? node.number() : Double.NaN;
  }

  /** Makes a node of one operand. */
  int of(Op op, int a) {
    return of(op, a, a);
  }

  /** Makes a node, simplified. */
  int of(Op op, int a, int b) {
    double left = constant(a);
    double right = constant(b);
    if (!Double.isNaN(left) && !Double.isNaN(right)) {
      return number(op.of(left, right));
    }
    int simple =
        switch (op) {
          case ADD -> left == 0 ? b : right == 0 ? a : -1;
          case SUBTRACT -> right == 0 ? a : left == 0 ? of(Op.NEGATE, b) : a == b ? number(0) : -1;
          case MULTIPLY -> product(a, b, left, right);
          case DIVIDE -> left == 0 ? a : right == 1 ? a : a == b ? number(1) : -1;
          case POW -> right == 1 ? a : right == 0 || left == 1 ? number(1) : -1;
          case NEGATE -> node(a).op() == Op.NEGATE ? node(a).a() : -1;
          default -> -1;
        };
    if (simple >= 0) {
      return simple;
    }
    boolean turned = (op == Op.ADD || op == Op.MULTIPLY) && a > b;
    return add(
        new Node(op, turned ? b : a, turned ? a : b, 0),
        parameters.get(a) | parameters.get(b),
        variables.get(a) | variables.get(b));
  }

  private int product(int a, int b, double left, double right) {
    if (left == 0 || right == 1) {
      return a;
    }
    if (right == 0 || left == 1) {
      return b;
    }
    if (left == -1 || right == -1) {
      return of(Op.NEGATE, left == -1 ? b : a);
    }
    return -1;
  }

  private int add(Node node, long usedParameters, long usedVariables) {
    Integer old = known.get(node);
    if (old != null) {
      return old;
    }
    nodes.add(node);
    parameters.add(usedParameters);
    variables.add(usedVariables);
    known.put(node, nodes.size() - 1);
    return nodes.size() - 1;
  }

  /** Returns the derivative of a node by a parameter. */
  int derivative(int id, int parameter) {
    return derivative(id, parameter, new HashMap<>());
  }

  private int derivative(int id, int parameter, Map<Integer, Integer> done) {
    if (!usesParameter(id, parameter)) {
      return number(0);
    }
    Integer old = done.get(id);
    if (old != null) {
      return old;
    }
    Node node = node(id);
    int made;
    if (node.op() == Op.PARAMETER) {
      made = number(1);
    } else {
      int da = derivative(node.a(), parameter, done);
      int db = derivative(node.b(), parameter, done);
      made = rule(id, node, da, db);
    }
    done.put(id, made);
    return made;
  }

  private int rule(int id, Node node, int da, int db) {
    int a = node.a();
    int b = node.b();
    return switch (node.op()) {
      case ADD, SUBTRACT -> of(node.op(), da, db);
      case MULTIPLY -> of(Op.ADD, times(da, b), times(a, db));
      case DIVIDE -> of(Op.SUBTRACT, of(Op.DIVIDE, da, b), times(of(Op.DIVIDE, id, b), db));
      case POW -> power(a, b, da, db);
      case NEGATE -> of(Op.NEGATE, da);
      case MIN, MAX -> extreme(of(Op.BELOW, a, b), node.op() == Op.MIN, da, db);
      case EXP -> times(id, da);
      case LOG -> of(Op.DIVIDE, da, a);
      case SQRT -> of(Op.DIVIDE, da, times(number(2), id));
      case SIGMOID -> times(times(id, of(Op.SUBTRACT, number(1), id)), da);
      case TANH -> times(of(Op.SUBTRACT, number(1), times(id, id)), da);
      case ABS -> times(of(Op.SIGN, a), da);
      case ATAN -> of(Op.DIVIDE, da, of(Op.ADD, number(1), times(a, a)));
      case SIN -> times(of(Op.COS, a), da);
      case COS -> of(Op.NEGATE, times(of(Op.SIN, a), da));
      default -> throw new IllegalStateException("derivative of " + node.op());
    };
  }

  private int power(int a, int b, int da, int db) {
    int lower = of(Op.POW, a, of(Op.SUBTRACT, b, number(1)));
    int byBase = constant(da) == 0 ? da : times(times(b, lower), da);
    int byExponent = constant(db) == 0 ? db : times(of(Op.POW_LOG, a, b), db);
    return of(Op.ADD, byBase, byExponent);
  }

  private int extreme(int below, boolean least, int da, int db) {
    int not = of(Op.SUBTRACT, number(1), below);
    return of(Op.ADD, times(least ? below : not, da), times(least ? not : below, db));
  }

  private int times(int a, int b) {
    return of(Op.MULTIPLY, a, b);
  }

  /** Returns the node with some parameters set to 0. */
  int withoutParameters(int id, long gone) {
    Node node = node(id);
    if ((parameters.get(id) & gone) == 0) {
      return id;
    }
    if (node.op() == Op.PARAMETER) {
      return number(0);
    }
    return of(node.op(), withoutParameters(node.a(), gone), withoutParameters(node.b(), gone));
  }
}
