package dev.headroom.scaling.law;

import java.io.Serializable;
import java.util.List;

/**
 * Predicts a loss from variables and parameters, with the exact gradient.
 *
 * <p>An implementation writes its formula once, in {@link #evaluate}. The value must be linear in
 * all parameters whose kind is not {@code NONLINEAR} and must have no term without one of them
 * (where it has such parameters at all), so that the derivatives by the linear parameters are the
 * columns of a linear least-squares problem. Laws hold no state: any thread may use them.
 *
 * <p>A fitter divides positive variables by their smallest value before it searches, and {@link
 * #rescaled} brings the parameters back. So starts are meant for variables that begin at 1, and a
 * bound other than 0 and infinity belongs to a parameter that no change of units moves. {@link
 * #unitFactors} says by how much it may divide.
 */
public interface Law extends Serializable {

  /** Returns the name used on the command line. */
  String name();

  /** Returns the formula as text. */
  String formula();

  /** Returns the paper, section and equation the law comes from. */
  String source();

  /** Returns the variables, in the order of {@code x}. */
  List<Variable> variables();

  /** Returns the parameters, in the order of {@code theta}. */
  List<Parameter> parameters();

  /**
   * Returns the value and writes the gradient, without checking anything; made for inner loops.
   *
   * @param x one number a variable
   * @param logX natural logarithms of {@code x}; NaN where a variable is not positive
   * @param theta one number a parameter
   * @param gradient receives the derivative of the value by each parameter
   */
  double evaluate(double[] x, double[] logX, double[] theta, double[] gradient);

  /**
   * Returns the parameters that give the same value after a change of units.
   *
   * <p>{@code value(factors * x, rescaled(theta, factors)) = value(x, theta)} for all {@code x}.
   *
   * @param factors one positive number a variable, by which the numbers of that variable grow
   */
  double[] rescaled(double[] theta, double[] factors);

  /**
   * Returns the change of units nearest to the wanted one that {@link #rescaled} can follow.
   *
   * <p>Counts and shares keep their unit; a law whose variables are compared with each other gives
   * them one factor.
   *
   * @param wanted one positive number a variable
   */
  default double[] unitFactors(double[] wanted) {
    double[] factors = wanted.clone();
    for (int i = 0; i < factors.length; i++) {
      factors[i] = variables().get(i).domain().hasUnit() ? factors[i] : 1;
    }
    return factors;
  }

  /** Returns parameters and ranges of variables at which the law shows its shape, for tests. */
  default Typical typical() {
    return Typical.of(this);
  }

  /**
   * Returns the loss, in the unit of the losses that gave {@code theta} (nats a token as a rule).
   *
   * @throws IllegalArgumentException for a wrong number of values or one outside its domain
   */
  default double value(double[] x, double[] theta) {
    return evaluate(x, logs(x, theta), theta, new double[theta.length]);
  }

  /**
   * Writes the derivative of the value by each parameter.
   *
   * @throws IllegalArgumentException for a wrong number of values or one outside its domain
   */
  default void gradient(double[] x, double[] theta, double[] out) {
    if (out.length != theta.length) {
      throw new IllegalArgumentException(
          "gradient length: " + out.length + " (expected: " + theta.length + ")");
    }
    evaluate(x, logs(x, theta), theta, out);
  }

  private double[] logs(double[] x, double[] theta) {
    List<Variable> variables = variables();
    if (x.length != variables.size()) {
      throw new IllegalArgumentException(
          name() + " variables: " + x.length + " (expected: " + variables.size() + ")");
    }
    if (theta.length != parameters().size()) {
      throw new IllegalArgumentException(
          name() + " parameters: " + theta.length + " (expected: " + parameters().size() + ")");
    }
    double[] logX = new double[x.length];
    for (int i = 0; i < x.length; i++) {
      Variable variable = variables.get(i);
      if (!variable.accepts(x[i])) {
        throw new IllegalArgumentException(
            variable.name() + ": " + x[i] + " (expected: " + variable.rule() + ")");
      }
      logX[i] = x[i] > 0 ? Math.log(x[i]) : Double.NaN;
    }
    return logX;
  }
}
