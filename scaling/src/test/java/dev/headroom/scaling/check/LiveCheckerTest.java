package dev.headroom.scaling.check;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.headroom.scaling.log.Run;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.IntToDoubleFunction;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

class LiveCheckerTest {

  private static double healthy(int i, Random random) {
    return (2.5 + 8 * Math.pow(1 + i, -0.4)) * Math.exp(.01 * random.nextGaussian());
  }

  private static List<String> told(LiveChecker live, int rows, IntToDoubleFunction factor) {
    Random random = new Random(20261121);
    List<String> out = new ArrayList<>();
    for (int i = 1; i <= rows; i++) {
      double loss = healthy(i, random) * factor.applyAsDouble(i);
      for (Finding f : live.add(i, loss, Map.of("lr", 1e-3))) {
        out.add(i + " " + f.severity() + " " + f.rule() + " " + f.step());
      }
    }
    return out;
  }

  @Test
  void isSilentOnALongHealthyRun() {
    LiveChecker live = new LiveChecker(CheckOptions.defaults());
    assertEquals(List.of(), told(live, 30_000, i -> 1));
    assertTrue(live.verdict().passed());
    assertEquals(List.of(), live.verdict().findings());
  }

  @Test
  void tellsASpikeAtOnceAndOnceOnly() {
    LiveChecker live = new LiveChecker(CheckOptions.defaults());
    List<String> told = told(live, 2000, i -> i >= 1500 && i < 1510 ? 1.5 : 1);
    assertEquals(List.of("1502 WARNING spike 1500"), told);
    assertTrue(live.verdict().passed());
  }

  @Test
  void remembersASpikeThatItsRowsForgot() {
    LiveChecker live = new LiveChecker(CheckOptions.defaults());
    told(live, 25_000, i -> i >= 1501 && i < 1504 ? 2.5 : 1);
    assertEquals(1, live.verdict().findings().size(), live.verdict().toString());
    assertEquals("spike", live.verdict().findings().get(0).rule());
  }

  @Test
  void raisesASpikeThatStaysToAnErrorAndFindsTheDivergence() {
    LiveChecker live = new LiveChecker(CheckOptions.defaults());
    List<String> told = told(live, 2000, i -> i >= 1500 ? 1.5 : 1);
    assertTrue(told.contains("1502 WARNING spike 1500"), told.toString());
    assertTrue(told.stream().anyMatch(t -> t.contains("ERROR spike 1500")), told.toString());
    assertTrue(told.stream().anyMatch(t -> t.contains("ERROR divergence")), told.toString());
    assertFalse(live.verdict().passed());
  }

  @Test
  void tellsANanAtOnceAndTakesARestart() {
    LiveChecker live = new LiveChecker(CheckOptions.defaults());
    Random random = new Random(1);
    for (int i = 1; i <= 1000; i++) {
      live.add(i, healthy(i, random), Map.of());
    }
    List<Finding> told = live.add(1001, Double.NaN, Map.of());
    assertEquals("finite", told.get(0).rule());
    assertFalse(live.verdict().passed());
    LiveChecker again = new LiveChecker(CheckOptions.defaults());
    again.add(5, 3, Map.of());
    again.add(6, 3, Map.of());
    again.add(5, 2, Map.of());
    assertEquals(List.of(), again.verdict().findings());
  }

  @Test
  void agreesWithTheVerdictOnWholeRealLogs() throws IOException {
    Assumptions.assumeTrue(
        CheckerOnRealRunsTest.present(), "no ../shared/data beside the repository: skipped");
    int runs = 0;
    int errors = 0;
    for (List<Run> set : CheckerOnRealRunsTest.runs().values()) {
      for (Run run : set) {
        boolean error = false;
        LiveChecker live = new LiveChecker(CheckOptions.defaults());
        for (int i = 0; i < run.size(); i++) {
          for (Finding f : live.add(run.step()[i], run.loss()[i], Map.of())) {
            error |= f.severity() == Severity.ERROR;
          }
        }
        boolean whole = Checker.check(run, CheckOptions.defaults()).passed();
        assertEquals(whole, live.verdict().passed(), run.name());
        errors += error && whole ? 1 : 0;
        runs++;
      }
    }
    System.out.println(errors + " errors told on the way in " + runs + " healthy runs");
    assertTrue(errors <= runs / 100, errors + " of " + runs);
  }

  @Test
  void tellsOfARiseWhoseRowsAlarmOnTheirWay() {
    for (long seed = 1; seed <= 5; seed++) {
      java.util.Random random = new java.util.Random(seed);
      LiveChecker checker = new LiveChecker(CheckOptions.defaults());
      int told = 0;
      for (int i = 1; i <= 600 && told == 0; i++) {
        double rise = Math.max(0, (i - 400) / 100.0);
        double loss = i < 300 ? 6.2 + 3 / Math.sqrt(i) : 6.4 + 2 * rise * rise;
        loss *= Math.exp(0.04 * random.nextGaussian());
        boolean error =
            checker.add(i, loss, java.util.Map.of()).stream()
                .anyMatch(f -> f.severity() == Severity.ERROR);
        told = error ? i : 0;
      }
      // from 6.4 to 9.3 within 120 rows of 4 % noise
      assertTrue(told > 430 && told < 520, "seed " + seed + ": told at " + told);
    }
  }
}
