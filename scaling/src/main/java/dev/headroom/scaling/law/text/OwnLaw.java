package dev.headroom.scaling.law.text;

import dev.headroom.scaling.law.Parameter;
import dev.headroom.scaling.law.PreciseLaw;
import dev.headroom.scaling.law.Typical;
import dev.headroom.scaling.law.Variable;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;

/**
 * A law written as text: {@code E + A/N^a + B/D^b}.
 *
 * <p>Operators {@code + - * / ^}, functions exp, log, sqrt, pow, sigmoid, tanh, min, max, abs,
 * atan, sin, cos, and {@code pi}. Names that are not declared as variables are parameters, in the
 * order of their appearance. The derivatives are symbolic. Parameters have no bounds of their own;
 * those that enter linearly are solved for, where no term is without one and no start is given for
 * them, and the others are searched from a few numbers between -2 and 4 unless starts are given.
 *
 * <p>A variable under a logarithm, a root or a power that is not a whole number must be above 0.
 * Where the formula cannot follow a change of units (see {@link #unitFactors}), starts and
 * variables should be of moderate size.
 *
 * <p>Immutable; any thread may use it. An evaluation allocates one array.
 */
public final class OwnLaw implements PreciseLaw {

  private static final long serialVersionUID = 1;

  /** Starts by the number of searched parameters, so that a grid has some thousand points. */
  private static final double[][] STARTS = {
    {-2, -1, -.5, -.2, .02, .05, .1, .2, .3, .5, .8, 1.2, 2, 4},
    {-2, -1, -.5, -.2, .05, .1, .2, .3, .5, .8, 1.2, 2, 4},
    {-1, -.3, .05, .1, .2, .35, .6, 1, 2},
    {-.5, .1, .25, .5, 1, 2},
    {-.5, .15, .4, 1},
    {.15, .4, 1},
    {.2, .7}
  };

  private final String formula;
  private final List<Variable> variables;
  private final List<Parameter> parameters;
  private final Tape tape;
  private final Tape alone;
  private final Scaling scaling;

  private OwnLaw(String formula, List<String> names, Map<String, List<Double>> starts) {
    Graph graph = new Graph();
    FormulaParser parser = new FormulaParser(formula, graph, names);
    int value = parser.parse();
    List<String> letters = parser.parameters();
    check(graph, value, names, letters, starts);
    int[] wanted = new int[letters.size() + 1];
    wanted[0] = value;
    long given = 0;
    for (int p = 0; p < letters.size(); p++) {
      wanted[p + 1] = graph.derivative(value, p);
      given |= starts.containsKey(letters.get(p)) ? 1L << p : 0;
    }
    this.formula = formula;
    this.scaling = new Scaling(graph, value, names.size(), given);
    this.variables = variables(graph, value, names);
    this.parameters = parameters(letters, linear(graph, wanted, given), starts);
    this.tape = new Tape(graph, wanted);
    this.alone = new Tape(graph, value);
  }

  /**
   * Reads a law.
   *
   * @param formula the right-hand side
   * @param variables names of the variables, in the order of {@code x}
   * @throws IllegalArgumentException for text that is no formula, saying what and where, a variable
   *     that it does not use, and one without parameters
   */
  public static OwnLaw of(String formula, String... variables) {
    return of(formula, List.of(variables), Map.of());
  }

  /**
   * Reads a law, with starts for some of its parameters.
   *
   * @param starts by the name of a parameter: where a search begins
   * @throws IllegalArgumentException as above, and for a start of something that is no parameter
   */
  public static OwnLaw of(
      String formula, List<String> variables, Map<String, List<Double>> starts) {
    return new OwnLaw(formula, variables, starts);
  }

  private static void check(
      Graph graph,
      int value,
      List<String> names,
      List<String> letters,
      Map<String, List<Double>> starts) {
    if (new HashSet<>(names).size() < names.size() || names.isEmpty() || names.size() > 60) {
      throw new IllegalArgumentException(
          "variables: " + names + " (expected: 1 to 60 names, each once)");
    }
    for (int v = 0; v < names.size(); v++) {
      if (!graph.usesVariable(value, v)) {
        throw new IllegalArgumentException(
            "variable: " + names.get(v) + " (expected: a name that the formula uses)");
      }
    }
    if (letters.isEmpty()) {
      throw new IllegalArgumentException(
          "formula: no parameters (expected: a name that is not one of the variables "
              + (String.join(", ", names) + ")"));
    }
    for (String name : starts.keySet()) {
      if (!letters.contains(name) || starts.get(name).isEmpty()) {
        throw new IllegalArgumentException(
            "start: "
                + name
                + " (expected: one of "
                + String.join(", ", letters)
                + ", and numbers)");
      }
    }
  }

  private static List<Variable> variables(Graph graph, int value, List<String> names) {
    boolean[] positive = new boolean[names.size()];
    for (Graph.Node node : graph.nodes()) {
      boolean root = node.op() == Op.LOG || node.op() == Op.SQRT;
      double exponent = node.op() == Op.POW ? graph.constant(node.b()) : 0;
      if (root || (node.op() == Op.POW && exponent != Math.rint(exponent))) {
        Graph.Node base = graph.node(node.a());
        if (base.op() == Op.VARIABLE) {
          positive[base.a()] = true;
        }
      }
    }
    List<Variable> variables = new ArrayList<>();
    for (int v = 0; v < positive.length; v++) {
      Variable.Domain domain = positive[v] ? Variable.Domain.POSITIVE : Variable.Domain.REAL;
      variables.add(new Variable(names.get(v), "any", "variable of the formula", domain));
    }
    return List.copyOf(variables);
  }

  /**
   * Returns the parameters in which the formula is linear, all together: first come, first served.
   * None where a term is left without them.
   */
  private static long linear(Graph graph, int[] wanted, long given) {
    long linear = 0;
    for (int p = 0; p < wanted.length - 1; p++) {
      boolean fits = (given >> p & 1) == 0 && !graph.usesParameter(wanted[p + 1], p);
      for (int q = 0; q < p; q++) {
        boolean taken = (linear >> q & 1) != 0;
        fits &= !taken || !graph.usesParameter(wanted[q + 1], p);
      }
      linear |= fits ? 1L << p : 0;
    }
    return graph.constant(graph.withoutParameters(wanted[0], linear)) == 0 ? linear : 0;
  }

  private static List<Parameter> parameters(
      List<String> letters, long linear, Map<String, List<Double>> starts) {
    int searched = letters.size() - Long.bitCount(linear) - starts.size();
    double[] grid =
        searched <= STARTS.length
            ? STARTS[Math.max(0, searched - 1)]
            : new double[] {searched > 11 ? .5 : .3, 1};
    grid = searched > 11 ? Arrays.copyOf(grid, 1) : grid;
    List<Double> usual = Arrays.stream(grid).boxed().toList();
    List<Parameter> parameters = new ArrayList<>();
    for (int p = 0; p < letters.size(); p++) {
      boolean isLinear = (linear >> p & 1) != 0;
      parameters.add(
          new Parameter(
              letters.get(p),
              "as the formula says",
              Double.NEGATIVE_INFINITY,
              Double.POSITIVE_INFINITY,
              "parameter of the formula",
              isLinear ? Parameter.Kind.LINEAR : Parameter.Kind.NONLINEAR,
              isLinear ? List.of() : starts.getOrDefault(letters.get(p), usual)));
    }
    return List.copyOf(parameters);
  }

  @Override
  public String name() {
    return "own";
  }

  @Override
  public String formula() {
    return formula;
  }

  @Override
  public String source() {
    return "given as text";
  }

  @Override
  public List<Variable> variables() {
    return variables;
  }

  @Override
  public List<Parameter> parameters() {
    return parameters;
  }

  @Override
  public double evaluate(double[] x, double[] logX, double[] theta, double[] gradient) {
    return tape.evaluate(x, theta, gradient);
  }

  @Override
  public BigDecimal precise(BigDecimal[] x, BigDecimal[] theta) {
    return alone.precise(x, theta);
  }

  @Override
  public double[] rescaled(double[] theta, double[] factors) {
    return scaling.rescaled(theta, factors);
  }

  @Override
  public double[] unitFactors(double[] wanted) {
    double[] factors = wanted.clone();
    for (int v = 0; v < factors.length; v++) {
      factors[v] = scaling.isFree(v) ? factors[v] : 1;
    }
    return factors;
  }

  @Override
  public Typical typical() {
    double[] theta = new double[parameters.size()];
    for (int p = 0; p < theta.length; p++) {
      theta[p] = parameters.get(p).isLinear() ? 1.6 : .3 + .15 * p;
    }
    double[] low = new double[variables.size()];
    double[] high = new double[low.length];
    Arrays.fill(low, .1);
    Arrays.fill(high, 10);
    return Typical.of(theta).over(low, high);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof OwnLaw law
        && law.formula.equals(formula)
        && law.variables.equals(variables)
        && law.parameters.equals(parameters);
  }

  @Override
  public int hashCode() {
    return formula.hashCode();
  }

  @Override
  public String toString() {
    return "own: " + formula;
  }
}
