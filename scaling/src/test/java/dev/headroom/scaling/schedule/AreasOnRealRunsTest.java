package dev.headroom.scaling.schedule;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.headroom.scaling.fit.Fit;
import dev.headroom.scaling.fit.FitOptions;
import dev.headroom.scaling.fit.Fitter;
import dev.headroom.scaling.fit.Observations;
import dev.headroom.scaling.law.Laws;
import dev.headroom.scaling.log.ColumnMap;
import dev.headroom.scaling.log.LogReader;
import dev.headroom.scaling.log.Run;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Holds the areas against the published fit of the annealing law. */
class AreasOnRealRunsTest {
  private static final Path DATA = Path.of("../../shared/data/lr-schedules");

  @ParameterizedTest
  @CsvSource({"25M, 3.8735e-4, 3.2467, 0.5427", "100M, 2.6635e-4, 2.9122, 0.5886"})
  void theAnnealingFitReachesItsObjective(String size, double objective, double level, double a) {
    Assumptions.assumeTrue(
        Files.isDirectory(DATA), "no ../shared/data beside the repository: skipped");
    List<double[]> x = new ArrayList<>();
    List<Double> loss = new ArrayList<>();
    add(size, "cosine_24000", "cosine(peak=3e-4,warmup=2160,total=24000,final=3e-5)", x, loss);
    add(size, "constant_24000", "constant(peak=3e-4,warmup=2160,total=24000)", x, loss);
    add(
        size,
        "wsdcon_9",
        "multistep(peak=3e-4,warmup=2160,total=16000,at=8000,factor=.3)",
        x,
        loss);
    Observations data =
        new Observations(
            x.toArray(new double[0][]),
            loss.stream().mapToDouble(Double::doubleValue).toArray(),
            new int[x.size()]);
    Fit fit = Fitter.fit(Laws.named("annealing"), data, FitOptions.defaults());
    System.out.println(size + " objective " + fit.objectiveValue() + " " + fit.estimates());
    assertTrue(fit.objectiveValue() <= objective, "objective " + fit.objectiveValue());
    assertEquals(level, fit.theta()[0], 2e-3);
    assertEquals(a, fit.theta()[1], 2e-3);
  }

  private static void add(
      String size, String name, String text, List<double[]> x, List<Double> loss) {
    Schedule schedule = Schedule.parse(text);
    int total = (int) schedule.total();
    // The reference's sums start at step 0, whose rate is held at the peak like all of warm-up.
    double[] rates = new double[total + 1];
    for (int s = 0; s <= total; s++) {
      rates[s] = s <= schedule.warmup() ? 3e-4 : schedule.lr(s);
    }
    Areas areas = Areas.of(rates, Areas.LAMBDA);
    double[] s1 = areas.s1();
    double[] s2 = areas.s2();
    Run run = LogReader.readRun(DATA.resolve(size + "/" + name + ".csv"), ColumnMap.none());
    for (int i = 0; i < run.size(); i++) {
      int step = (int) run.step()[i];
      if (step < total) {
        assertEquals(schedule.lr(step), run.columns().get("lr")[i], 1e-12, name + " " + step);
        x.add(new double[] {s1[step], s2[step]});
        loss.add(run.loss()[i]);
      }
    }
  }
}
