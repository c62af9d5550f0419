package dev.headroom.scaling.law;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Follows the loss where the mixture also says how much size and tokens are worth: {@code E + 1/sum
 * C_i h_i^g_i + A_h/N^a + B_h/D^b} with {@code A_h = (sum_i A_i h_i)^p}, {@code B_h = (sum_i B_i
 * h_i)^q}.
 *
 * <p>Written with the linear factors in front, as the additive form is: {@code K/(h1^g1 + c2 h2^g2
 * + ...)}, {@code A (h1 + u2 h2 + ...)^p}, {@code B (h1 + v2 h2 + ...)^q}. So the best mixture
 * moves with N and D, which the additive form cannot say. Four parameters a domain and five more
 * need many runs: compare it with the additive law on larger runs before it is believed.
 *
 * <p>Source: Shukor et al. 2025 (arXiv 2507.09404), the joint law.
 *
 * @param domains number of training domains, 2 to 8
 */
public record JointMixtureLaw(int domains) implements Law {

  private static final int LINEAR = 4;

  public JointMixtureLaw {
    if (domains < 2 || domains > 8) {
      throw new IllegalArgumentException("domains: " + domains + " (expected: 2 to 8)");
    }
  }

  @Override
  public String name() {
    return "mixture-joint:" + domains;
  }

  @Override
  public String formula() {
    return "E + K/(h1^g1"
        + terms("c", "^g")
        + ") + A (h1"
        + terms("u", null)
        + ")^p/N^a + B (h1"
        + terms("v", null)
        + ")^q/D^b";
  }

  private String terms(String letter, String power) {
    StringBuilder text = new StringBuilder();
    for (int i = 2; i <= domains; i++) {
      text.append(" + ").append(letter).append(i).append(" h").append(i);
      text.append(power == null ? "" : power + i);
    }
    return text.toString();
  }

  @Override
  public String source() {
    return "Shukor et al. 2025, arXiv 2507.09404, joint law";
  }

  @Override
  public List<Variable> variables() {
    return new AdditiveMixtureLaw(domains).variables();
  }

  /** Those of the additive law, then u2 to uM, v2 to vM, p and q. */
  @Override
  public List<Parameter> parameters() {
    List<Parameter> parameters = new ArrayList<>(new AdditiveMixtureLaw(domains).parameters());
    double most = Double.POSITIVE_INFINITY;
    double[] starts = domains == 2 ? new double[] {.4, 2.5} : new double[] {1.2};
    for (String letter : List.of("u", "v")) {
      String of = letter.equals("u") ? "parameters" : "tokens";
      for (int i = 2; i <= domains; i++) {
        String meaning = "need of " + of + " of domain " + i + " against domain 1";
        parameters.add(Parameter.nonlinear(letter + i, "1", 0, most, meaning, starts));
      }
    }
    parameters.add(Parameter.nonlinear("p", "1", -10, 10, "power of the need of parameters", 1));
    parameters.add(Parameter.nonlinear("q", "1", -10, 10, "power of the need of tokens", 1));
    return List.copyOf(parameters);
  }

  @Override
  public double evaluate(double[] x, double[] logX, double[] theta, double[] gradient) {
    int shared = 2 * domains + 5;
    double[] some = Arrays.copyOf(theta, shared);
    double[] slope = new double[shared];
    int u = shared;
    int v = u + domains - 1;
    int powers = v + domains - 1;
    double needN = need(x, theta, u);
    double needD = need(x, theta, v);
    double worthN = Math.pow(needN, theta[powers]);
    double worthD = Math.pow(needD, theta[powers + 1]);
    some[2] *= worthN;
    some[3] *= worthD;
    double value = new AdditiveMixtureLaw(domains).evaluate(x, logX, some, slope);
    System.arraycopy(slope, 0, gradient, 0, shared);
    double termN = some[2] * slope[2];
    double termD = some[3] * slope[3];
    gradient[2] = worthN * slope[2];
    gradient[3] = worthD * slope[3];
    for (int i = 1; i < domains; i++) {
      gradient[u + i - 1] = theta[powers] * termN * x[i] / needN;
      gradient[v + i - 1] = theta[powers + 1] * termD * x[i] / needD;
    }
    gradient[powers] = termN * Math.log(needN);
    gradient[powers + 1] = termD * Math.log(needD);
    return value;
  }

  private double need(double[] x, double[] theta, int first) {
    double need = x[0];
    for (int i = 1; i < domains; i++) {
      need += theta[first + i - 1] * x[i];
    }
    return need;
  }

  @Override
  public double[] rescaled(double[] theta, double[] factors) {
    double[] scaled = theta.clone();
    double[] some = Arrays.copyOf(theta, 2 * domains + 5);
    double[] moved = new AdditiveMixtureLaw(domains).rescaled(some, factors);
    System.arraycopy(moved, 0, scaled, 0, moved.length);
    return scaled;
  }

  @Override
  public Typical typical() {
    Typical additive = new AdditiveMixtureLaw(domains).typical();
    double[] theta = Arrays.copyOf(additive.theta(), 4 * domains + 5);
    Arrays.fill(theta, 2 * domains + 5, theta.length, 2);
    theta[theta.length - 2] = .7;
    theta[theta.length - 1] = 1.2;
    return Typical.of(theta).over(additive.low(), additive.high());
  }
}
