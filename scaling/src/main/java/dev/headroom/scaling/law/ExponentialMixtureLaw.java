package dev.headroom.scaling.law;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Follows the loss on one domain over mixtures of training data: {@code c + k exp(sum t_j r_j)}.
 *
 * <p>The proportions of all domains sum to 1, so {@code k} and the {@code t_j} are known only in
 * combination where all of them are given: leave one out.
 *
 * <p>Source: Ye et al. 2025 (arXiv 2403.16952), equation 1.
 *
 * @param domains number of proportions that are given, 1 to 12
 */
public record ExponentialMixtureLaw(int domains) implements Law {

  private static final int MOST = 12;

  public ExponentialMixtureLaw {
    if (domains < 1 || domains > MOST) {
      throw new IllegalArgumentException("domains: " + domains + " (expected: 1 to " + MOST + ")");
    }
  }

  @Override
  public String name() {
    return "mixture-exp:" + domains;
  }

  @Override
  public String formula() {
    StringBuilder text = new StringBuilder("c + k exp(");
    for (int j = 1; j <= domains; j++) {
      text.append(j == 1 ? "" : " + ").append("t").append(j).append(" r").append(j);
    }
    return text.append(")").toString();
  }

  @Override
  public String source() {
    return "Ye et al. 2025, arXiv 2403.16952, eq. 1";
  }

  @Override
  public List<Variable> variables() {
    return shares("r", domains);
  }

  /** Returns the proportions of domains 1 to {@code count} as variables. */
  static List<Variable> shares(String letter, int count) {
    List<Variable> variables = new ArrayList<>();
    for (int j = 1; j <= count; j++) {
      String meaning = "proportion of domain " + j + " in the training data";
      variables.add(new Variable(letter + j, "1", meaning, Variable.Domain.SHARE));
    }
    return List.copyOf(variables);
  }

  @Override
  public List<Parameter> parameters() {
    double[] starts =
        domains <= 2
            ? new double[] {-8, -4, -2, -1, -.5, .5, 1, 2, 4}
            : domains <= 4 ? new double[] {-5, -2, -.7, .7, 2} : new double[] {-1.5, .5};
    List<Parameter> parameters = new ArrayList<>();
    parameters.add(Parameter.linear("c", "loss", "loss that no mixture removes"));
    parameters.add(Parameter.linear("k", "loss", "reducible loss without the domains given"));
    for (int j = 1; j <= domains; j++) {
      parameters.add(
          Parameter.nonlinear(
              "t" + j,
              "1",
              -100,
              100,
              "effect of domain " + j + " on the log of the rest",
              starts));
    }
    return List.copyOf(parameters);
  }

  @Override
  public double evaluate(double[] x, double[] logX, double[] theta, double[] gradient) {
    double log = 0;
    for (int j = 0; j < domains; j++) {
      log += theta[2 + j] * x[j];
    }
    double power = Math.exp(log);
    double term = theta[1] * power;
    gradient[0] = 1;
    gradient[1] = power;
    for (int j = 0; j < domains; j++) {
      gradient[2 + j] = x[j] * term;
    }
    return theta[0] + term;
  }

  @Override
  public double[] rescaled(double[] theta, double[] factors) {
    double[] scaled = theta.clone();
    for (int j = 0; j < domains; j++) {
      scaled[2 + j] = theta[2 + j] / factors[j];
    }
    return scaled;
  }

  @Override
  public Typical typical() {
    double[] theta = new double[2 + domains];
    theta[0] = 1.6;
    theta[1] = 1.8;
    for (int j = 0; j < domains; j++) {
      theta[2 + j] = j % 2 == 0 ? -3 + .3 * j : -1 - .2 * j;
    }
    double[] high = new double[domains];
    Arrays.fill(high, 1);
    return Typical.of(theta).over(new double[domains], high);
  }
}
