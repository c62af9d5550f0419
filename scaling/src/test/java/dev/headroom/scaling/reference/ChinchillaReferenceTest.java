package dev.headroom.scaling.reference;

import static dev.headroom.scaling.reference.Reference.reached;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.headroom.scaling.fit.Fit;
import dev.headroom.scaling.fit.FitOptions;
import dev.headroom.scaling.fit.Fitter;
import dev.headroom.scaling.fit.SharedData;
import dev.headroom.scaling.fit.Status;
import dev.headroom.scaling.law.Law;
import dev.headroom.scaling.law.Laws;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Chinchilla on figure 4 of Hoffmann et al., Huber sum: the optimum that their search missed. */
class ChinchillaReferenceTest {

  private static final Law CHINCHILLA = Laws.named("chinchilla");

  @Test
  void chinchillaReachesTheOptimumThatHoffmannMissed() {
    double[][] rows = SharedData.chinchilla();
    assertEquals(240, rows.length);
    Fit fit = Fitter.fit(CHINCHILLA, SharedData.observations(rows, 1, 1), FitOptions.defaults());
    assertEquals(Status.CONVERGED, fit.status());
    reached("objective", fit.objectiveValue(), 1.01828e-3);
    assertTrue(fit.objectiveValue() <= 1.01828e-3, "" + fit.objectiveValue());
    Reference.near("a", .34731, fit.estimate("a").value(), 2e-4);
    Reference.near("b", .36717, fit.estimate("b").value(), 2e-4);
    Reference.near("E", 1.81724, fit.estimate("E").value(), 5e-4);
    assertEquals(List.of(), fit.warnings());
  }
}
