package dev.headroom.scaling.fit;

import dev.headroom.scaling.law.PreciseLaw;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.List;

/**
 * Takes least squares below the rounding of a double, where the points are exact to some 13 digits.
 *
 * <p>There the residuals are differences of numbers that agree to nearly all digits, so the sum of
 * their squares, and with it every deviation, has three right digits at best. Here points are the
 * decimals they print as, residuals have forty digits, and the steps of Gauss and Newton come from
 * the Jacobian in doubles, whose error only slows them.
 */
final class Refinement {

  /** Residuals below this part of the largest loss are near rounding. */
  private static final double ROUNDING = 1e-11;

  private static final int POINTS = 2000;
  private static final int STEPS = 8;

  private final PreciseLaw law;
  private final Observations data;
  private final BigDecimal[][] x;
  private final BigDecimal[] loss;

  private Refinement(PreciseLaw law, Observations data) {
    this.law = law;
    this.data = data;
    this.x = new BigDecimal[data.size()][];
    this.loss = decimals(data.loss());
    for (int i = 0; i < x.length; i++) {
      x[i] = decimals(data.x()[i]);
    }
  }

  /** Returns a better optimum; the given one where rounding does not matter or cannot be helped. */
  static Search.Optimum of(
      ScaledData data, List<Observations> sets, FitOptions options, Search.Optimum optimum) {
    double largest = data.largestLoss;
    boolean near = optimum.value() <= data.points * Math.pow(ROUNDING * largest, 2);
    boolean able =
        near
            && options.objective() == Objective.LEAST_SQUARES
            && data.model.plain
            && !data.model.hasPriors()
            && data.points > data.parameters()
            && data.points <= POINTS
            && Search.free(data, optimum.theta()).length == data.parameters()
            && data.model.law instanceof PreciseLaw;
    if (!able) {
      return optimum;
    }
    try {
      PreciseLaw law = (PreciseLaw) data.model.law;
      return new Refinement(law, sets.get(0)).refined(data, optimum);
    } catch (ArithmeticException e) {
      // A value outside the range of decimals: doubles have the last word.
      return optimum;
    }
  }

  private Search.Optimum refined(ScaledData scaled, Search.Optimum optimum) {
    BigDecimal[] theta = decimals(scaled.original(optimum.theta()));
    double[] residuals = new double[x.length];
    double[] best = null;
    double least = Double.POSITIVE_INFINITY;
    for (int step = 0; step < STEPS; step++) {
      double squares = squares(theta, residuals);
      if (!(squares < least)) {
        break;
      }
      boolean settled = squares > least * (1 - 1e-13);
      least = squares;
      best = doubles(theta);
      if (settled) {
        break;
      }
      double[] move = step(best, residuals);
      for (int p = 0; p < theta.length; p++) {
        theta[p] = theta[p].subtract(new BigDecimal(move[p]), MathContext.DECIMAL128);
      }
    }
    if (best == null) {
      return optimum;
    }
    double unit = scaled.lossFactor;
    return optimum.refined(scaled.scaled(best), least / (unit * unit));
  }

  /** Writes the residuals and returns the weighted sum of their squares. */
  private double squares(BigDecimal[] theta, double[] residuals) {
    double sum = 0;
    for (int i = 0; i < x.length; i++) {
      residuals[i] = law.precise(x[i], theta).subtract(loss[i]).doubleValue();
      sum += data.weight()[i] * residuals[i] * residuals[i];
    }
    return sum;
  }

  private double[] step(double[] theta, double[] residuals) {
    double[][] jacobian = new double[x.length][theta.length];
    for (int i = 0; i < x.length; i++) {
      law.gradient(data.x()[i], theta, jacobian[i]);
      double root = Math.sqrt(data.weight()[i]);
      for (int p = 0; p < theta.length; p++) {
        jacobian[i][p] *= root;
      }
    }
    double[] right = new double[theta.length];
    for (int i = 0; i < x.length; i++) {
      double root = Math.sqrt(data.weight()[i]);
      for (int p = 0; p < theta.length; p++) {
        right[p] += jacobian[i][p] * root * residuals[i];
      }
    }
    double[][] inverse =
        new SingularValues(jacobian, theta.length).inverseGram(Identification.LIMIT);
    double[] step = new double[theta.length];
    for (int p = 0; p < theta.length; p++) {
      for (int q = 0; q < theta.length; q++) {
        step[p] += inverse[p][q] * right[q];
      }
    }
    return step;
  }

  private static BigDecimal[] decimals(double[] values) {
    BigDecimal[] decimals = new BigDecimal[values.length];
    for (int k = 0; k < values.length; k++) {
      decimals[k] = PreciseLaw.decimal(values[k]);
    }
    return decimals;
  }

  private static double[] doubles(BigDecimal[] values) {
    double[] doubles = new double[values.length];
    for (int k = 0; k < values.length; k++) {
      doubles[k] = values[k].doubleValue();
    }
    return doubles;
  }
}
