package dev.headroom.scaling.reference;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.headroom.scaling.fit.AnnealingRuns;
import dev.headroom.scaling.fit.Fit;
import dev.headroom.scaling.fit.FitOptions;
import dev.headroom.scaling.fit.Fitter;
import dev.headroom.scaling.fit.Status;
import dev.headroom.scaling.law.Law;
import dev.headroom.scaling.law.Laws;
import org.junit.jupiter.api.Test;

/** The annealing law on its three runs, two sizes. */
class AnnealingReferenceTest {

  private static final Law ANNEALING = Laws.named("annealing");

  @Test
  void annealingLawReachesThePublishedOptimumAt25M() {
    Fit fit = annealing("25M", 0);
    assertAnnealing(fit, 3.2467, .5427, .8256, .3917);
    Reference.near("objective", 3.873e-4, fit.objectiveValue(), 5e-8);
    assertTrue(annealing("25M", 1).objectiveValue() <= 3.873e-4);
  }

  @Test
  void annealingLawReachesThePublishedOptimumAt100M() {
    Fit fit = annealing("100M", 0);
    assertAnnealing(fit, 2.9122, .5886, .7717, .4678);
    Reference.near("objective", 2.663e-4, fit.objectiveValue(), 5e-8);
    assertTrue(annealing("100M", 1).objectiveValue() <= 2.663e-4);
  }

  private static void assertAnnealing(Fit fit, double l0, double a, double al, double c) {
    Reference.near("L0", l0, fit.estimate("L0").value(), 1e-4);
    Reference.near("A", a, fit.estimate("A").value(), 1e-4);
    Reference.near("al", al, fit.estimate("al").value(), 1e-4);
    Reference.near("C", c, fit.estimate("C").value(), 1e-4);
    assertEquals(Status.CONVERGED, fit.status());
    assertEquals(1, fit.warnings().size(), fit.warnings().toString());
    assertTrue(fit.warnings().get(0).contains("come from 3 runs"), fit.warnings().get(0));
  }

  private static Fit annealing(String size, int first) {
    return Fitter.fit(ANNEALING, AnnealingRuns.of(size, first), FitOptions.defaults());
  }
}
