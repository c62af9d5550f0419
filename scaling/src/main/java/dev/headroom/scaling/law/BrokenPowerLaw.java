package dev.headroom.scaling.law;

import java.util.ArrayList;
import java.util.List;

/**
 * Falls as a power whose exponent changes at breaks: {@code E + A x^-c0 prod (1 + (x/d_i)^(1/f_i))
 * ^(-c_i f_i)}.
 *
 * <p>The breaks are written as {@code d_1 = e^b1}, {@code d_2 = e^(b1 + g2)}, {@code d_3 = e^(b1 +
 * g2 + g3)} with gaps above 0, so that their order is fixed and the search does not care about the
 * unit of {@code x}. Above break i the exponent is {@code c0 + ... + ci}; {@code f_i} is the width
 * of the break in logarithms. Each break needs points well on both sides of it.
 *
 * <p>Source: Caballero et al. 2023 (arXiv 2210.14891), equation 1.
 *
 * @param breaks number of breaks, 1 to 3
 */
public record BrokenPowerLaw(int breaks) implements Law {

  private static final List<Variable> VARIABLES =
      List.of(new Variable("x", "any", "scale: parameters, tokens, steps or FLOPs"));

  /** Starts by the number of breaks, fewer where there are more parameters. */
  private static final double[][] POWERS = {{.05, .15, .3, .6, 1}, {.05, .2, .5, 1}, {.1, .4}};

  private static final double[][] CHANGES = {
    {-.5, -.2, .1, .25, .5, 1, 2}, {-.3, .15, .4, 1}, {-.3, .4}
  };

  private static final double[][] PLACES = {
    {.5, 1.5, 3, 4.5, 6, 8, 10, 13}, {1, 2.5, 4.5, 7}, {1, 3, 6}
  };

  private static final double[][] WIDTHS = {{.1, .4, 1}, {.2, .7}, {.3}};

  public BrokenPowerLaw {
    if (breaks < 1 || breaks > 3) {
      throw new IllegalArgumentException("breaks: " + breaks + " (expected: 1 to 3)");
    }
  }

  @Override
  public String name() {
    return "broken:" + breaks;
  }

  @Override
  public String formula() {
    StringBuilder text = new StringBuilder("E + A x^-c0");
    StringBuilder place = new StringBuilder("b1");
    for (int i = 1; i <= breaks; i++) {
      place.append(i == 1 ? "" : "+g" + i);
      text.append(" (1 + (x/e^(").append(place).append("))^(1/f").append(i).append("))^(-c");
      text.append(i).append(" f").append(i).append(")");
    }
    return text.toString();
  }

  @Override
  public String source() {
    return "Caballero et al. 2023, arXiv 2210.14891, eq. 1";
  }

  @Override
  public List<Variable> variables() {
    return VARIABLES;
  }

  @Override
  public List<Parameter> parameters() {
    int size = breaks - 1;
    List<Parameter> parameters = new ArrayList<>();
    parameters.add(Parameter.linear("E", "loss", "loss that no amount of x removes"));
    parameters.add(
        Parameter.prefactor("A", "loss * x^c0", "reducible loss at x = 1, below all breaks"));
    parameters.add(
        Parameter.nonlinear("c0", "1", -10, 10, "exponent below the first break", POWERS[size]));
    for (int i = 1; i <= breaks; i++) {
      parameters.add(
          Parameter.nonlinear(
              "c" + i, "1", -20, 20, "change of exponent at break " + i, CHANGES[size]));
      parameters.add(
          i == 1
              ? Parameter.nonlinear(
                  "b1",
                  "log of x",
                  Double.NEGATIVE_INFINITY,
                  Double.POSITIVE_INFINITY,
                  "logarithm of the first break",
                  PLACES[size])
              : Parameter.nonlinear(
                  "g" + i,
                  "log of x",
                  0,
                  100,
                  "gap to break " + i + " in logarithms",
                  PLACES[size]));
      parameters.add(
          Parameter.nonlinear("f" + i, "1", .01, 10, "width of break " + i, WIDTHS[size]));
    }
    return List.copyOf(parameters);
  }

  @Override
  public double evaluate(double[] x, double[] logX, double[] theta, double[] gradient) {
    double log = -theta[2] * logX[0];
    double place = 0;
    for (int i = 0; i < breaks; i++) {
      int at = 3 + 3 * i;
      place += theta[at + 1];
      double width = theta[at + 2];
      double z = (logX[0] - place) / width;
      double soft = z > 0 ? z + Math.log1p(Math.exp(-z)) : Math.log1p(Math.exp(z));
      double share = 1 / (1 + Math.exp(-z));
      log -= theta[at] * width * soft;
      gradient[at] = -width * soft;
      gradient[at + 1] = theta[at] * share;
      gradient[at + 2] = -theta[at] * (soft - z * share);
    }
    // A break moves with the first one and with every gap before it.
    for (int i = breaks - 2; i >= 0; i--) {
      gradient[4 + 3 * i] += gradient[7 + 3 * i];
    }
    double power = Math.exp(log);
    double term = theta[1] * power;
    gradient[0] = 1;
    gradient[1] = power;
    gradient[2] = -logX[0] * term;
    for (int j = 3; j < theta.length; j++) {
      gradient[j] *= term;
    }
    return theta[0] + term;
  }

  @Override
  public double[] rescaled(double[] theta, double[] factors) {
    double[] scaled = theta.clone();
    scaled[1] = theta[1] * Math.pow(factors[0], theta[2]);
    scaled[4] = theta[4] + Math.log(factors[0]);
    return scaled;
  }

  @Override
  public Typical typical() {
    double[] theta = new double[3 + 3 * breaks];
    double[][] shapes = {{.8, 2.5, .3}, {-.6, 4, .3}, {.9, 4, .3}};
    theta[0] = 1;
    theta[1] = 2;
    theta[2] = .1;
    for (int i = 0; i < breaks; i++) {
      System.arraycopy(shapes[i], 0, theta, 3 + 3 * i, 3);
    }
    return Typical.of(theta).over(new double[] {1}, new double[] {Math.exp(5 + 4 * breaks)});
  }
}
