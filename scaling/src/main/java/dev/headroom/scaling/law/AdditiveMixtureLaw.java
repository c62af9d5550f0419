package dev.headroom.scaling.law;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Follows the loss over mixtures, sizes and tokens: {@code E + 1/sum C_i h_i^g_i + A/N^a + B/D^b}.
 *
 * <p>Written with {@code K = 1/C_1} and {@code C_i = c_i/K}: {@code K/(h1^g1 + c2 h2^g2 + ...)}, so
 * that {@code K} enters linearly. Every mixture must hold some of a domain with an effect.
 *
 * <p>Source: Shukor et al. 2025 (arXiv 2507.09404), equation 3.
 *
 * @param domains number of training domains, 2 to 8
 */
public record AdditiveMixtureLaw(int domains) implements Law {

  private static final int LINEAR = 4;

  public AdditiveMixtureLaw {
    if (domains < 2 || domains > 8) {
      throw new IllegalArgumentException("domains: " + domains + " (expected: 2 to 8)");
    }
  }

  @Override
  public String name() {
    return "mixture-add:" + domains;
  }

  @Override
  public String formula() {
    StringBuilder text = new StringBuilder("E + K/(h1^g1");
    for (int i = 2; i <= domains; i++) {
      text.append(" + c").append(i).append(" h").append(i).append("^g").append(i);
    }
    return text.append(") + A/N^a + B/D^b").toString();
  }

  @Override
  public String source() {
    return "Shukor et al. 2025, arXiv 2507.09404, eq. 3";
  }

  @Override
  public List<Variable> variables() {
    List<Variable> variables = new ArrayList<>(ExponentialMixtureLaw.shares("h", domains));
    variables.add(new Variable("n", "parameters", "parameters of the model"));
    variables.add(new Variable("d", "tokens", "tokens seen in training"));
    return List.copyOf(variables);
  }

  @Override
  public List<Parameter> parameters() {
    boolean few = domains <= 3;
    double[] exponents = few ? new double[] {.15, .35, .7} : new double[] {.1, .3, .6, 1};
    double[] powers = few ? new double[] {.2, .6} : new double[] {.4};
    double[] weights = few ? new double[] {.3, 1, 3} : new double[] {1};
    List<Parameter> parameters = new ArrayList<>();
    parameters.add(Parameter.linear("E", "loss", "loss that nothing removes"));
    parameters.add(Parameter.linear("K", "loss", "loss of a mixture of domain 1 alone"));
    parameters.add(Parameter.prefactor("A", "loss * parameters^a", "loss left at n = 1"));
    parameters.add(Parameter.prefactor("B", "loss * tokens^b", "loss left at d = 1"));
    for (int i = 1; i <= domains; i++) {
      parameters.add(
          Parameter.nonlinear("g" + i, "1", 0, 20, "power of the share of domain " + i, powers));
    }
    for (int i = 2; i <= domains; i++) {
      parameters.add(
          Parameter.nonlinear(
              "c" + i,
              "1",
              0,
              Double.POSITIVE_INFINITY,
              "worth of domain " + i + " against domain 1",
              weights));
    }
    parameters.add(
        Parameter.nonlinear("a", "1", 0, 10, "how the loss falls with parameters", exponents));
    parameters.add(
        Parameter.nonlinear("b", "1", 0, 10, "how the loss falls with tokens", exponents));
    return List.copyOf(parameters);
  }

  @Override
  public double evaluate(double[] x, double[] logX, double[] theta, double[] gradient) {
    int last = theta.length - 1;
    double sum = 0;
    for (int i = 0; i < domains; i++) {
      double power = x[i] == 0 ? 0 : Math.exp(theta[LINEAR + i] * logX[i]);
      double weight = i == 0 ? 1 : theta[LINEAR + domains + i - 1];
      sum += weight * power;
      gradient[LINEAR + i] = x[i] == 0 ? 0 : weight * power * logX[i];
      if (i > 0) {
        gradient[LINEAR + domains + i - 1] = power;
      }
    }
    double slope = -theta[1] / (sum * sum);
    for (int j = LINEAR; j < last - 1; j++) {
      gradient[j] *= slope;
    }
    double powerN = Math.exp(-theta[last - 1] * logX[domains]);
    double powerD = Math.exp(-theta[last] * logX[domains + 1]);
    gradient[0] = 1;
    gradient[1] = 1 / sum;
    gradient[2] = powerN;
    gradient[3] = powerD;
    gradient[last - 1] = -logX[domains] * theta[2] * powerN;
    gradient[last] = -logX[domains + 1] * theta[3] * powerD;
    return theta[0] + theta[1] / sum + theta[2] * powerN + theta[3] * powerD;
  }

  @Override
  public double[] rescaled(double[] theta, double[] factors) {
    int last = theta.length - 1;
    double[] scaled = theta.clone();
    scaled[2] = theta[2] * Math.pow(factors[domains], theta[last - 1]);
    scaled[3] = theta[3] * Math.pow(factors[domains + 1], theta[last]);
    return scaled;
  }

  @Override
  public Typical typical() {
    double[] theta = new double[2 * domains + 5];
    Arrays.fill(theta, 1.3);
    for (int i = 0; i < domains; i++) {
      theta[LINEAR + i] = .3 + .35 * i;
    }
    theta[theta.length - 2] = .5;
    theta[theta.length - 1] = .3;
    double[] low = new double[domains + 2];
    double[] high = new double[domains + 2];
    Arrays.fill(low, 0, domains, .02);
    Arrays.fill(high, 0, domains, 1);
    Arrays.fill(low, domains, domains + 2, .01);
    Arrays.fill(high, domains, domains + 2, 100);
    return Typical.of(theta).over(low, high);
  }
}
