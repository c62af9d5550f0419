package dev.headroom.scaling.forecast;

import dev.headroom.scaling.fit.Fit;
import dev.headroom.scaling.fit.FitOptions;
import dev.headroom.scaling.fit.Fitter;
import dev.headroom.scaling.fit.Observations;
import dev.headroom.scaling.fit.Status;
import dev.headroom.scaling.law.Law;
import dev.headroom.scaling.law.Laws;
import java.util.List;

/** The ways to carry a run's curve on; each is a function of the prefix alone. */
final class Lines {
  private static final FitOptions OPTIONS = FitOptions.defaults();

  /** Forecasts the loss at a target from a prefix. */
  interface Line {
    double at(Curve prefix, Target target);
  }

  private Lines() {}

  /** Fits the annealing law to several curves that share its shape and may differ in level. */
  static double[] shape(List<Curve> curves) {
    double[] offset = new double[curves.size()];
    double[] theta = null;
    for (int round = 0; round < 6; round++) {
      theta = joint(curves, offset);
      double moved = 0;
      for (int j = 0; j < offset.length; j++) {
        double before = offset[j];
        double mean = offset[j] + meanResidual(curves.get(j), offset[j], theta);
        // Runs of one configuration differ by seeds only: no level of their own.
        offset[j] = Math.abs(mean) < 0.01 * curves.get(j).loss()[0] ? 0 : mean;
        moved = Math.max(moved, Math.abs(offset[j] - before));
      }
      if (moved < 1e-3) {
        break;
      }
    }
    return theta;
  }

  private static double meanResidual(Curve curve, double offset, double[] theta) {
    double sum = 0;
    for (int i = 0; i < curve.size(); i++) {
      sum += curve.loss()[i] - offset - value(theta, curve.s1()[i], curve.s2()[i]);
    }
    return sum / curve.size();
  }

  private static double[] joint(List<Curve> curves, double[] offset) {
    int n = 0;
    for (Curve curve : curves) {
      n += curve.size();
    }
    double[][] x = new double[n][];
    double[] loss = new double[n];
    int[] group = new int[n];
    int at = 0;
    for (int j = 0; j < offset.length; j++) {
      Curve c = curves.get(j);
      for (int i = 0; i < c.size(); i++, at++) {
        x[at] = new double[] {c.s1()[i], c.s2()[i]};
        loss[at] = c.loss()[i] - offset[j];
        group[at] = j;
      }
    }
    return Fitter.fit(Laws.named("annealing"), new Observations(x, loss, group), OPTIONS).theta();
  }

  static double value(double[] theta, double s1, double s2) {
    return theta[0] + theta[1] * Math.pow(s1, -theta[2]) - theta[3] * s2;
  }

  /** Takes the siblings' shape as it is. */
  static Line offset(double[] theta) {
    return (prefix, target) -> Anchor.forecast(prefix, (a, b) -> value(theta, a, b), target);
  }

  /** Takes the siblings' shape stretched by one factor fitted on the prefix. */
  static Line scaled(double[] theta) {
    return (prefix, target) -> {
      double scale = scale(prefix, theta);
      return Anchor.forecast(prefix, (a, b) -> scale * (value(theta, a, b) - theta[0]), target);
    };
  }

  private static double scale(Curve prefix, double[] theta) {
    int n = prefix.size();
    double mg = 0;
    double my = 0;
    double[] g = new double[n];
    for (int i = 0; i < n; i++) {
      g[i] = value(theta, prefix.s1()[i], prefix.s2()[i]) - theta[0];
      mg += g[i] / n;
      my += prefix.loss()[i] / n;
    }
    double gg = 0;
    double gy = 0;
    for (int i = 0; i < n; i++) {
      gg += (g[i] - mg) * (g[i] - mg);
      gy += (g[i] - mg) * (prefix.loss()[i] - my);
    }
    return gg == 0 ? 1 : Math.max(0.1, Math.min(10, gy / gg));
  }

  /** Fits a power law in the forward area to the prefix. */
  static Line power() {
    Law law = Laws.named("power");
    return (prefix, target) -> {
      double[][] x = new double[prefix.size()][];
      for (int i = 0; i < x.length; i++) {
        x[i] = new double[] {prefix.s1()[i]};
      }
      Fit fit = Fitter.fit(law, new Observations(x, prefix.loss(), new int[x.length]), OPTIONS);
      return Anchor.forecast(prefix, (a, b) -> fit.predict(a), target);
    };
  }

  /** Fits the annealing law to the prefix alone. */
  static Line annealing() {
    return (prefix, target) -> {
      double[] theta = shape(List.of(prefix));
      return Anchor.forecast(prefix, (a, b) -> value(theta, a, b), target);
    };
  }

  /** Says whether a prefix alone determines the annealing law. */
  static boolean determined(Curve prefix) {
    double[][] x = new double[prefix.size()][];
    for (int i = 0; i < x.length; i++) {
      x[i] = new double[] {prefix.s1()[i], prefix.s2()[i]};
    }
    Observations data = new Observations(x, prefix.loss(), new int[x.length]);
    return Fitter.fit(Laws.named("annealing"), data, OPTIONS).status() == Status.CONVERGED;
  }
}
