package dev.headroom.scaling.reference;

import static dev.headroom.scaling.reference.Reference.reached;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.headroom.scaling.fit.AnnealingRuns;
import dev.headroom.scaling.fit.FitBenchmark;
import dev.headroom.scaling.fit.FitOptions;
import dev.headroom.scaling.fit.Fitter;
import dev.headroom.scaling.fit.MultiPowerRuns;
import dev.headroom.scaling.fit.Observations;
import dev.headroom.scaling.fit.SharedData;
import dev.headroom.scaling.law.Law;
import dev.headroom.scaling.law.Laws;
import java.lang.management.ManagementFactory;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Processor time of one thread, warm; FitBenchmark measures it on a quiet machine. */
class SpeedReferenceTest {

  private static final FitOptions DEFAULTS = FitOptions.defaults();

  @Test
  void fitsTakeTheirTime() {
    Law chinchilla = Laws.named("chinchilla");
    Observations table = SharedData.observations(SharedData.chinchilla(), 1, 1);
    Observations curves = AnnealingRuns.of("25M");
    MultiPowerRuns runs = MultiPowerRuns.of("25M", MultiPowerRuns.FITTED);
    List<double[]> grid = FitBenchmark.hoffmannsGrid();
    assertEquals(4500, grid.size());
    measure("4,500 starts", 2, () -> Fitter.fitFrom(chinchilla, table, DEFAULTS, grid));
    measure(
        "4,000 bootstraps", 1, () -> Fitter.fit(chinchilla, table, DEFAULTS.withBootstrap(4000)));
    measure("annealing law", .2, () -> Fitter.fit(Laws.named("annealing"), curves, DEFAULTS));
    measure("multi-power law", 3, () -> Fitter.fit(runs.law(), runs.data(), DEFAULTS));
  }

  /**
   * Other work on the machine lengthens processor time too: a test fails at three times the bar.
   */
  private static void measure(String what, double wanted, Runnable work) {
    double least = Double.POSITIVE_INFINITY;
    for (int round = 0; round < 3; round++) {
      long before = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
      work.run();
      long after = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
      least = Math.min(least, (after - before) / 1e9);
    }
    reached("seconds, " + what, least, wanted);
    assertTrue(least < 3 * wanted, what + ": " + least);
  }
}
