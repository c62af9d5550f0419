package dev.headroom.scaling.check;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.headroom.scaling.log.Run;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.IntToDoubleFunction;
import org.junit.jupiter.api.Test;

class CheckerTest {

  /**
   * A healthy curve of 1,000 points with 1 % noise, changed by a factor that depends on the row.
   */
  private static Run run(IntToDoubleFunction factor, Map<String, double[]> columns) {
    Random random = new Random(20261121);
    long[] step = new long[1000];
    double[] loss = new double[1000];
    for (int i = 0; i < 1000; i++) {
      step[i] = 10L * (i + 1);
      double healthy = 2.5 + 8 * Math.pow(1 + i, -0.6);
      loss[i] = healthy * Math.exp(0.01 * random.nextGaussian()) * factor.applyAsDouble(i);
    }
    return new Run("run", step, loss, columns, List.of());
  }

  private static Verdict check(IntToDoubleFunction factor) {
    return Checker.check(run(factor, Map.of()), CheckOptions.defaults());
  }

  @Test
  void isSilentOnAHealthyRun() {
    Verdict verdict = check(i -> 1);
    assertEquals(List.of(), verdict.findings());
    assertTrue(verdict.passed());
  }

  @Test
  void warnsOfASpikeThatComesBack() {
    Verdict verdict = check(i -> i >= 500 && i < 510 ? 1.5 : 1);
    assertTrue(verdict.passed());
    assertEquals(1, verdict.findings().size());
    Finding f = verdict.findings().get(0);
    assertEquals("spike", f.rule());
    assertEquals(Severity.WARNING, f.severity());
    assertEquals(5010, f.step());
    assertTrue(f.message().contains("back after 100 steps"), f.message());
  }

  @Test
  void countsAClusterOnce() {
    Verdict verdict = check(i -> i == 500 || i == 515 || i == 530 ? 2 : i == 700 ? 1.4 : 1);
    assertEquals(2, verdict.findings().size(), verdict.findings().toString());
    assertTrue(verdict.findings().get(0).message().contains("3 spikes in a row"));
    assertEquals(7010, verdict.findings().get(1).step());
  }

  @Test
  void failsOnASpikeThatDoesNotComeBack() {
    Verdict verdict = check(i -> i >= 900 ? 1.5 : 1);
    assertFalse(verdict.passed());
    assertTrue(
        verdict.findings().stream()
            .anyMatch(f -> f.rule().equals("spike") && f.severity() == Severity.ERROR));
    assertTrue(verdict.findings().stream().anyMatch(f -> f.rule().equals("divergence")));
  }

  @Test
  void findsALateReturnAndASpikeInBetween() {
    Verdict verdict = check(i -> i == 650 ? 3 : i >= 400 && i < 800 ? 1.4 : 1);
    assertTrue(verdict.passed(), verdict.findings().toString());
    assertEquals(2, verdict.findings().size(), verdict.findings().toString());
    assertTrue(verdict.findings().get(0).message().contains("back after 4000 steps"));
  }

  @Test
  void takesOneHighStepOfALogOfEveryStepForAHardBatch() {
    for (double factor : new double[] {1.5, 3}) {
      Run sparse = run(i -> i == 500 || (factor < 2 && i == 501) ? factor : 1, Map.of());
      long[] step = new long[1000];
      for (int i = 0; i < 1000; i++) {
        step[i] = i + 1;
      }
      Run dense = new Run("dense", step, sparse.loss(), Map.of(), List.of());
      CheckOptions options = CheckOptions.defaults();
      assertEquals(Severity.WARNING, Checker.check(sparse, options).findings().get(0).severity());
      Finding f = Checker.check(dense, options).findings().get(0);
      assertEquals(factor < 2 ? Severity.INFO : Severity.WARNING, f.severity());
      assertEquals(501, f.step());
    }
  }

  @Test
  void failsOnASlowRise() {
    Verdict verdict = check(i -> i < 600 ? 1 : 1 + 0.0002 * (i - 600));
    assertFalse(verdict.passed());
    assertEquals(1, verdict.findings().size());
    assertEquals("divergence", verdict.findings().get(0).rule());
  }

  @Test
  void findsANanAndForgivesAnOverflowOfLossScaling() {
    assertFalse(check(i -> i == 300 ? Double.NaN : 1).passed());
    double[] norm = new double[1000];
    java.util.Arrays.fill(norm, 1);
    norm[3] = Double.POSITIVE_INFINITY;
    Verdict mild = Checker.check(run(i -> 1, Map.of("grad_norm", norm)), CheckOptions.defaults());
    assertTrue(mild.passed());
    assertEquals("finite", mild.findings().get(0).rule());
    assertEquals(40, mild.findings().get(0).step());
    norm[999] = Double.NaN;
    assertFalse(
        Checker.check(run(i -> 1, Map.of("grad_norm", norm)), CheckOptions.defaults()).passed());
    double[] unlogged = new double[1000];
    java.util.Arrays.fill(unlogged, Run.ABSENT);
    assertEquals(
        List.of(),
        Checker.check(run(i -> 1, Map.of("grad_norm", unlogged)), CheckOptions.defaults())
            .findings());
  }

  @Test
  void judgesTheFinalLossOnlyWhenAsked() {
    Run run = run(i -> 1, Map.of());
    CheckOptions options = CheckOptions.defaults();
    Verdict verdict = Checker.check(run, options.with("final.max_loss", 2.4));
    assertFalse(verdict.passed());
    assertEquals("final", verdict.findings().get(0).rule());
    CheckOptions loose = options.with("final.max_loss", 3);
    assertTrue(Checker.check(run, loose.with("final.max_perplexity", 20)).passed());
    assertFalse(Checker.check(run, options.with("final.max_perplexity", 5)).passed());
    assertFalse(Checker.check(run, options.with("final.max_best", 2)).passed());
    assertTrue(Checker.check(run, options.with("final.max_best", 2.7)).passed());
    assertFalse(Checker.check(run, options.with("final.min_fall", .9)).passed());
    assertTrue(Checker.check(run, options.with("final.min_fall", .5)).passed());
    Verdict early = Checker.check(run, loose.with("final.at_step", 20000));
    assertTrue(early.findings().get(0).message().contains("before step 20000"));
    assertThrows(
        IllegalArgumentException.class, () -> Checker.check(run, loose.with("final.at_tokens", 5)));
  }

  @Test
  void onlyTheRulesThatWereNamedAreApplied() {
    Run run = run(i -> i == 300 ? Double.NaN : i >= 900 ? 1.5 : 1, Map.of());
    CheckOptions options = CheckOptions.defaults().with("final.max_loss", 1);
    for (String rule : List.of("finite", "spike", "divergence", "final")) {
      Verdict verdict = Checker.check(run, options.only(Set.of(rule)));
      assertFalse(verdict.findings().isEmpty(), rule);
      assertTrue(verdict.findings().stream().allMatch(f -> f.rule().equals(rule)), rule);
      Verdict without = Checker.check(run, options.with(rule + ".severity", "off"));
      assertTrue(without.findings().stream().noneMatch(f -> f.rule().equals(rule)), rule);
    }
  }

  @Test
  void judgesLossesBelowZero() {
    Random random = new Random(7);
    long[] step = new long[400];
    double[] loss = new double[400];
    for (int i = 0; i < 400; i++) {
      step[i] = i + 1;
      loss[i] = -1 + 0.01 * random.nextGaussian() + (i == 200 ? 3 : 0);
    }
    Verdict verdict =
        Checker.check(new Run("r", step, loss, Map.of(), List.of()), CheckOptions.defaults());
    assertEquals(1, verdict.findings().size(), verdict.findings().toString());
    assertTrue(verdict.findings().get(0).message().startsWith("loss rose from -"));
  }

  @Test
  void refusesAnEmptyRunAndOddOptions() {
    Run empty = new Run("r", new long[0], new double[0], Map.of(), List.of());
    assertThrows(
        IllegalArgumentException.class, () -> Checker.check(empty, CheckOptions.defaults()));
    assertThrows(
        IllegalArgumentException.class, () -> CheckOptions.defaults().only(Set.of("spikes")));
    refuses("spike.window", "2", "spike.window: 2 (expected: a whole number from 4 to 10000)");
    refuses("spike.mads", "0", "spike.mads: 0 (expected: a number above 0)");
    refuses("spike.mads", "NaN", "spike.mads: NaN (expected: a number above 0)");
    refuses("spike.window", "7.5", "spike.window: 7.5 (expected: a whole number from 4 to 10000)");
    refuses("spike.depth", "1", "no such setting (expected: mads, relative, window or severity)");
    refuses("spike", "1", "setting: spike (expected: RULE.NAME, such as spike.mads)");
    refuses("spike.severity", "bad", "(expected: off, info, warning or error)");
  }

  private static void refuses(String name, String value, String message) {
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class, () -> CheckOptions.defaults().with(name, value));
    assertTrue(e.getMessage().contains(message), e.getMessage());
  }

  @Test
  void aRecoveredSpikeFailsOnlyWhenAsked() {
    Run run = run(i -> i >= 500 && i < 510 ? 1.5 : 1, Map.of());
    CheckOptions options = CheckOptions.defaults();
    assertTrue(Checker.check(run, options).passed());
    assertFalse(Checker.check(run, options.failingOn(FailOn.WARNING)).passed());
    Verdict raised = Checker.check(run, options.with("spike.severity", "error"));
    assertFalse(raised.passed());
    assertTrue(
        Checker.check(run, options.with("spike.severity", "error").failingOn(FailOn.NEVER))
            .passed());
    assertEquals(
        Severity.INFO,
        Checker.check(run, options.with("spike.severity", "info")).findings().get(0).severity());
  }
}
