package dev.headroom.scaling.reference;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.headroom.scaling.fit.Fit;
import dev.headroom.scaling.fit.FitOptions;
import dev.headroom.scaling.fit.Fitter;
import dev.headroom.scaling.fit.Objective;
import dev.headroom.scaling.fit.SharedData;
import dev.headroom.scaling.fit.Status;
import dev.headroom.scaling.law.Law;
import dev.headroom.scaling.law.Laws;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** Least squares of the raw loss below 1e21 FLOPs, as variable projection found it. */
class ProjectionReferenceTest {

  private static final Law CHINCHILLA = Laws.named("chinchilla");

  @Test
  void leastSquaresBelowTheBudgetAgree() {
    double[][] rows = below(SharedData.chinchilla());
    assertEquals(217, rows.length);
    Fit fit =
        Fitter.fit(
            CHINCHILLA,
            SharedData.observations(rows, 1e6, 1e9),
            FitOptions.defaults().withObjective(Objective.LEAST_SQUARES));
    assertEquals(Status.CONVERGED, fit.status());
    Reference.near("RSS", .062414, fit.objectiveValue(), 1e-6);
    Reference.near("E", 1.9051, fit.estimate("E").value(), 1e-4);
    Reference.near("A", 4.0005, fit.estimate("A").value(), 1e-4);
    Reference.near("B", 1.0509, fit.estimate("B").value(), 1e-4);
    Reference.near("a", .3511, fit.estimate("a").value(), 1e-4);
    Reference.near("b", .4587, fit.estimate("b").value(), 1e-4);
  }

  private static double[][] below(double[][] rows) {
    return Arrays.stream(rows).filter(row -> row[3] < 1e21).toArray(double[][]::new);
  }
}
