package dev.headroom.scaling.fit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.headroom.scaling.law.Law;
import dev.headroom.scaling.law.Laws;
import dev.headroom.scaling.law.Parameter;
import dev.headroom.scaling.law.Variable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Known traps of fitting, each by its name. */
@Timeout(value = 20, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class TrapsTest {

  private static final Law POWER = Laws.named("power");
  private static final double[] TRUTH = {1.7, 400, .33};
  private static final FitOptions SQUARES =
      FitOptions.defaults().withObjective(Objective.LEAST_SQUARES_LOG);

  /** {@code A x^-a}, but NaN for exponents above a limit. */
  private record Broken(double limit) implements Law {
    @Override
    public String name() {
      return "broken";
    }

    @Override
    public String formula() {
      return "A x^-a";
    }

    @Override
    public String source() {
      return "none";
    }

    @Override
    public List<Variable> variables() {
      return Laws.named("power0").variables();
    }

    @Override
    public List<Parameter> parameters() {
      return Laws.named("power0").parameters();
    }

    @Override
    public double evaluate(double[] x, double[] logX, double[] theta, double[] gradient) {
      double value = Laws.named("power0").evaluate(x, logX, theta, gradient);
      return theta[1] > limit ? Double.NaN : value;
    }

    @Override
    public double[] rescaled(double[] theta, double[] factors) {
      return Laws.named("power0").rescaled(theta, factors);
    }
  }

  @Test
  void residualThatIsNotANumberEndsTheSearch() {
    Observations data = Synthetic.power(Laws.named("power0"), new double[] {400, .33}, 40, .01, 71);
    for (Objective objective : Objective.values()) {
      FitOptions options = FitOptions.defaults().withObjective(objective);
      Fit beside = Fitter.fit(new Broken(.331), data, options);
      assertTrue(Double.isFinite(beside.objectiveValue()), objective.toString());
      Fit cut = Fitter.fit(new Broken(.2), data, options);
      assertTrue(cut.theta()[1] <= .2, objective.toString());
      assertTrue(cut.status() != Status.CONVERGED, objective + " " + cut);
    }
  }

  @Test
  void jacobianOfLowerRankIsNeverCalledConverged() {
    double[][] x = new double[20][1];
    double[] loss = new double[20];
    for (int i = 0; i < 20; i++) {
      x[i][0] = 5;
      loss[i] = 2 + .01 * Math.sin(i);
    }
    for (Objective objective : Objective.values()) {
      Fit fit =
          Fitter.fit(
              POWER, new Observations(x, loss), FitOptions.defaults().withObjective(objective));
      assertEquals(Status.NOT_IDENTIFIABLE, fit.status(), objective.toString());
      assertTrue(!(fit.diagnostics().condition() < 1e7), objective.toString());
      assertTrue(!fit.warnings().isEmpty());
    }
  }

  @Test
  void covarianceIsScaledByTheResidualVariance() {
    Observations data = Synthetic.power(POWER, TRUTH, 50, .002, 72);
    Fit fit = Fitter.fit(POWER, data, SQUARES);
    double cost = 0;
    double[] residuals = fit.residuals(data);
    double[] bent = new double[50];
    for (int i = 0; i < 50; i++) {
      cost += residuals[i] * residuals[i];
      bent[i] = fit.predict(data.x()[i]) * Math.exp(3 * residuals[i]);
    }
    assertEquals(cost / 47, fit.noise() * fit.noise(), 1e-12);
    // Residuals three times as large at the same optimum: nine times the covariance.
    Fit wide = Fitter.fit(POWER, new Observations(data.x(), bent), SQUARES);
    assertEquals(fit.theta()[2], wide.theta()[2], 1e-4);
    assertEquals(9, wide.covariance()[2][2] / fit.covariance()[2][2], .05);
  }

  @Test
  void parameterAtItsBoundIsSaidInWarningAndDiagnostics() {
    double[][] x = new double[30][1];
    double[] loss = new double[30];
    for (int i = 0; i < 30; i++) {
      x[i][0] = 1e6 * Math.pow(2, i);
      loss[i] = 10 - .2 * i;
    }
    Fit fit = Fitter.fit(POWER, new Observations(x, loss), FitOptions.defaults());
    assertEquals(List.of("E"), fit.diagnostics().atBounds());
    assertTrue(fit.warnings().get(0).startsWith("E ended at its bound 0.0"));
  }

  @Test
  void objectiveIsASumSoThatTolerancesDoNotStopItEarly() {
    Observations data = Synthetic.power(POWER, TRUTH, 50, .01, 73);
    double[][] x = new double[500][];
    double[] loss = new double[500];
    for (int i = 0; i < 500; i++) {
      x[i] = data.x()[i % 50];
      loss[i] = data.loss()[i % 50];
    }
    for (Objective objective : Objective.values()) {
      FitOptions options = FitOptions.defaults().withObjective(objective);
      double once = Fitter.fit(POWER, data, options).objectiveValue();
      double tenfold = Fitter.fit(POWER, new Observations(x, loss), options).objectiveValue();
      assertEquals(10 * once, tenfold, 1e-8 * Math.abs(tenfold), objective.toString());
    }
  }

  @Test
  void manyTablesGiveTheSameFitsOnAnyNumberOfThreads() {
    List<Observations> tables = new ArrayList<>();
    for (int k = 0; k < 20; k++) {
      tables.add(Synthetic.power(POWER, TRUTH, 40, .01, 100 + k));
    }
    List<Fit> one = Fitter.fitAll(POWER, tables, SQUARES);
    assertEquals(Fitter.fit(POWER, tables.get(7), SQUARES).estimates(), one.get(7).estimates());
    for (int threads : new int[] {2, 4}) {
      List<Fit> more = Fitter.fitAll(POWER, tables, SQUARES.withThreads(threads));
      for (int k = 0; k < 20; k++) {
        assertEquals(one.get(k).estimates(), more.get(k).estimates());
      }
    }
    tables.set(3, Synthetic.power(POWER, TRUTH, 2, .01, 1));
    assertThrows(
        IllegalArgumentException.class, () -> Fitter.fitAll(POWER, tables, SQUARES.withThreads(2)));
  }

  @Test
  void oneTwoAndFourThreadsGiveTheSameBits() {
    int[] group = new int[60];
    for (int i = 0; i < 60; i++) {
      group[i] = i / 4;
    }
    Observations some = Synthetic.power(POWER, TRUTH, 60, .004, 74);
    Observations data = new Observations(some.x(), some.loss(), group);
    for (Objective objective : Objective.values()) {
      for (Intervals intervals : Intervals.values()) {
        FitOptions options =
            FitOptions.defaults()
                .withObjective(objective)
                .withIntervals(intervals)
                .withBootstrap(intervals.isBootstrap() ? 60 : 0);
        Fit one = Fitter.fit(POWER, data, options);
        for (int threads : new int[] {2, 4}) {
          Fit more = Fitter.fit(POWER, data, options.withThreads(threads));
          String at = objective + " " + intervals + " " + threads;
          assertEquals(one.estimates(), more.estimates(), at);
          assertTrue(Arrays.deepEquals(one.samples(), more.samples()), at);
        }
      }
    }
  }
}
