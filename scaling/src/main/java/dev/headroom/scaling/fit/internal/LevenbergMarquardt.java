package dev.headroom.scaling.fit.internal;

import java.util.Arrays;
import org.apache.commons.math3.exception.ConvergenceException;
import org.apache.commons.math3.exception.MathIllegalStateException;
import org.apache.commons.math3.fitting.leastsquares.LeastSquaresBuilder;
import org.apache.commons.math3.fitting.leastsquares.LevenbergMarquardtOptimizer;
import org.apache.commons.math3.fitting.leastsquares.MultivariateJacobianFunction;
import org.apache.commons.math3.linear.Array2DRowRealMatrix;
import org.apache.commons.math3.linear.ArrayRealVector;
import org.apache.commons.math3.linear.RealMatrix;
import org.apache.commons.math3.linear.RealVector;
import org.apache.commons.math3.util.Pair;

/**
 * Minimises a sum of squares by Commons Math's Levenberg-Marquardt, without bounds.
 *
 * <p>Guards two traps of that implementation: with a NaN residual its inner loop never ends, so a
 * start that is not finite ends the search and a later step is refused; and with a Jacobian of
 * lower rank it hands back the start without complaint, so the caller has to test the conditioning
 * of the result.
 *
 * <p>Source: Moré 1978, in Lecture Notes in Mathematics 630 (MINPACK {@code lmder}).
 */
public final class LevenbergMarquardt {

  private static final double TOLERANCE = 1e-14;
  private static final double FAR = 1e100;

  private LevenbergMarquardt() {}

  /** Signals a residual or a derivative that is not finite. */
  private static final class NotFiniteException extends RuntimeException {
    private static final long serialVersionUID = 1;

    NotFiniteException() {
      super("residual not finite", null, false, false);
    }
  }

  /**
   * Minimises.
   *
   * @param evaluations the most evaluations allowed
   * @return the optimum, or null where none was reached: a residual that is not finite, or the
   *     evaluations spent
   */
  public static double[] minimise(Residuals residuals, double[] start, int evaluations) {
    LevenbergMarquardtOptimizer optimizer =
        new LevenbergMarquardtOptimizer()
            .withCostRelativeTolerance(TOLERANCE)
            .withParameterRelativeTolerance(TOLERANCE)
            .withOrthoTolerance(TOLERANCE);
    Model model = new Model(residuals, start.length);
    try {
      return optimizer
          .optimize(
              new LeastSquaresBuilder()
                  .start(start)
                  .target(new double[residuals.points()])
                  .model(model)
                  .maxEvaluations(evaluations)
                  .maxIterations(evaluations)
                  .build())
          .getPoint()
          .toArray();
    } catch (ConvergenceException e) {
      // It says that the tolerance is too small: no further digit can be gained.
      return model.best;
    } catch (NotFiniteException | MathIllegalStateException e) {
      return null;
    }
  }

  /** Hands residuals to Commons Math and remembers the best point. */
  private static final class Model implements MultivariateJacobianFunction {
    private final Residuals residuals;
    private final int parameters;
    private double least = Double.POSITIVE_INFINITY;
    private double[] best;

    Model(Residuals residuals, int parameters) {
      this.residuals = residuals;
      this.parameters = parameters;
    }

    @Override
    public Pair<RealVector, RealMatrix> value(RealVector point) {
      double[] values = new double[residuals.points()];
      double[][] jacobian = new double[values.length][parameters];
      double[] theta = point.toArray();
      residuals.evaluate(theta, values, jacobian);
      double sum = 0;
      for (int i = 0; i < values.length; i++) {
        sum += values[i] * values[i];
        for (int j = 0; j < parameters; j++) {
          // Zero where finite, NaN else.
          sum += 0 * jacobian[i][j];
        }
      }
      if (!Double.isFinite(sum)) {
        if (best == null) {
          throw new NotFiniteException();
        }
        // A step too far: a value that is worse than any other makes the next one shorter.
        Arrays.fill(values, FAR);
        jacobian = new double[values.length][parameters];
      } else if (sum < least) {
        least = sum;
        best = theta;
      }
      return new Pair<>(
          new ArrayRealVector(values, false), new Array2DRowRealMatrix(jacobian, false));
    }
  }
}
