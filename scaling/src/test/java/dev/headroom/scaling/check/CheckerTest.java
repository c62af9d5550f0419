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
    List<Finding> errors =
        verdict.findings().stream().filter(f -> f.severity() == Severity.ERROR).toList();
    assertEquals(1, errors.size());
    assertEquals("divergence", errors.get(0).rule());
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

  private static double[] cells(IntToDoubleFunction value) {
    double[] out = new double[1000];
    for (int i = 0; i < 1000; i++) {
      out[i] = value.applyAsDouble(i);
    }
    return out;
  }

  /** Returns what one rule says of a healthy run with one more column. */
  private static List<Finding> column(
      String rule, CheckOptions options, String name, IntToDoubleFunction value) {
    Run run = run(i -> 1, Map.of(name, cells(value)));
    return Checker.check(run, options.only(Set.of(rule))).findings();
  }

  private static void only(Severity severity, String words, List<Finding> findings) {
    assertEquals(1, findings.size(), findings.toString());
    assertEquals(severity, findings.get(0).severity(), findings.toString());
    assertTrue(findings.get(0).message().contains(words), findings.toString());
  }

  @Test
  void comparesTheLoggedRateWithTheDeclaredSchedule() {
    String text = "wsd(peak=1e-3,warmup=1000,decay=20%,total=10000,final=0)";
    CheckOptions options = CheckOptions.defaults().with("schedule.declared", text);
    dev.headroom.scaling.schedule.Schedule schedule =
        dev.headroom.scaling.schedule.Schedule.parse(text);
    // Logged one step late, as many trainers do.
    IntToDoubleFunction right = i -> schedule.lr(Math.max(1, 10L * (i + 1) - 1));
    assertEquals(List.of(), column("schedule", options, "lr", right));
    IntToDoubleFunction wrong = i -> i < 50 ? 1e-3 : right.applyAsDouble(i);
    only(Severity.ERROR, "declared", column("schedule", options, "lr", wrong));
    CheckOptions warm = CheckOptions.defaults().with("schedule.warmup", 500);
    assertEquals(List.of(), column("schedule", warm, "lr", right));
    only(Severity.WARNING, "warm-up", column("schedule", warm, "lr", i -> 1e-3));
    refuses("schedule.declared", "cos", "schedule.declared: ");
  }

  @Test
  void noticesALossThatJumpsWhereTheRateWarmsUpAgain() {
    double[] lr = cells(i -> 1e-3 * Math.min(1, i < 500 ? (i + 1) / 50.0 : (i - 499) / 50.0));
    CheckOptions options = CheckOptions.defaults().only(Set.of("schedule"));
    Run jump = run(i -> i >= 500 && i < 530 ? 1.2 : 1, Map.of("lr", lr));
    only(Severity.WARNING, "optimiser", Checker.check(jump, options).findings());
    Run calm = run(i -> 1, Map.of("lr", lr));
    assertEquals(List.of(), Checker.check(calm, options).findings());
  }

  @Test
  void judgesTheGradientNorm() {
    CheckOptions options = CheckOptions.defaults();
    IntToDoubleFunction good = i -> 1 + .3 * Math.sin(i) + (i == 700 ? 500 : 0);
    assertEquals(List.of(), column("gradient", options, "grad_norm", good));
    only(
        Severity.ERROR,
        "exploded",
        column("gradient", options, "grad_norm", i -> i < 900 ? 1 + .1 * Math.sin(i) : 50));
    only(
        Severity.WARNING,
        "came back",
        column(
            "gradient", options, "grad_norm", i -> i < 500 || i > 600 ? 1 + .1 * Math.sin(i) : 50));
    only(
        Severity.ERROR,
        "vanished",
        column("gradient", options, "grad_norm", i -> i < 900 ? 1 + .1 * Math.sin(i) : 1e-6));
    only(
        Severity.WARNING,
        "huge",
        column("gradient", options, "grad_norm", i -> 4000 + 100 * Math.sin(i)));
    only(Severity.INFO, "clipped", column("gradient", options, "grad_norm", i -> 1));
    only(
        Severity.INFO,
        "clipped",
        column("gradient", options.with("gradient.clip", .5), "grad_norm", good));
  }

  @Test
  void seesLogitsDriftAway() {
    CheckOptions options = CheckOptions.defaults();
    Random random = new Random(3);
    double[] noise = cells(i -> .5 * random.nextGaussian());
    for (String name : List.of("lse", "max_logit")) {
      assertEquals(List.of(), column("logits", options, name, i -> 12 + noise[i]));
      assertEquals(List.of(), column("logits", options, name, i -> 12 + .008 * i + noise[i]));
      only(
          Severity.WARNING,
          "drifts",
          column("logits", options, name, i -> 12 + Math.max(0, i - 500) * .04 + noise[i]));
      only(
          Severity.ERROR,
          "drifts",
          column("logits", options, name, i -> -Math.max(0, i - 500) * .2 + noise[i]));
    }
  }

  @Test
  void noticesThatTheSpeedFell() {
    CheckOptions options = CheckOptions.defaults();
    IntToDoubleFunction good = i -> (i % 50 == 0 ? 300 : 1000) + 50 * Math.sin(i);
    assertEquals(List.of(), column("throughput", options, "throughput", good));
    only(
        Severity.WARNING,
        "fell",
        column("throughput", options, "throughput", i -> i < 850 ? 1000 : 500));
    only(
        Severity.WARNING,
        "fell",
        column("throughput", options, "step_seconds", i -> i < 850 ? 1 : 2));
    only(
        Severity.WARNING,
        "fell",
        column("throughput", options, "time", i -> i < 850 ? i : 850 + 2 * (i - 850)));
    only(
        Severity.ERROR,
        "bound",
        column("throughput", options.with("throughput.min", 2000), "throughput", good));
  }

  @Test
  void noticesStallsAndSkippedSteps() {
    CheckOptions options = CheckOptions.defaults();
    CheckOptions stall = options.only(Set.of("stall"));
    only(Severity.ERROR, "stalls", Checker.check(run(i -> 3, Map.of()), stall).findings());
    assertEquals(List.of(), Checker.check(run(i -> 1, Map.of()), stall).findings());
    only(
        Severity.ERROR,
        "collapsed",
        column("stall", options, "loss_scale", i -> i < 800 ? 4096 : 1));
    assertEquals(List.of(), column("stall", options, "loss_scale", i -> 1));
    only(Severity.WARNING, "skipped", column("stall", options, "skipped", i -> i % 2));
    only(Severity.ERROR, "skipped", column("stall", options, "overflows", i -> 3));
    assertEquals(List.of(), column("stall", options, "skipped", i -> i % 100 == 0 ? 1 : 0));
  }

  @Test
  void noticesMissingStepsOfARegularLog() {
    CheckOptions gaps = CheckOptions.defaults().only(Set.of("gaps"));
    Run whole = run(i -> 1, Map.of());
    assertEquals(List.of(), Checker.check(whole, gaps).findings());
    long[] step = whole.step().clone();
    for (int i = 500; i < step.length; i++) {
      step[i] += 3000;
    }
    Run holed = new Run("r", step, whole.loss(), Map.of(), List.of());
    only(Severity.WARNING, "missing", Checker.check(holed, gaps).findings());
    List<String> notes = List.of("400 duplicate steps, first 30: the last one counts");
    Run repeated = new Run("r", whole.step(), whole.loss(), Map.of(), notes);
    only(Severity.WARNING, "repeat", Checker.check(repeated, gaps).findings());
  }

  @Test
  void noticesThatProgressEndedAndThatTheForecastIsMissed() {
    double half = 2.5 + 8 * Math.pow(500, -0.6);
    IntToDoubleFunction flat =
        i -> i < 500 ? 1 : half / (2.5 + 8 * Math.pow(1 + i, -0.6)) * (1 + 2e-5 * (i - 500));
    CheckOptions options = CheckOptions.defaults();
    only(
        Severity.WARNING,
        "no progress",
        Checker.check(run(flat, Map.of()), options.only(Set.of("plateau"))).findings());
    only(
        Severity.WARNING,
        "allowed",
        Checker.check(
                run(i -> i < 500 ? 1 : 1 + .0003 * (i - 500), Map.of()),
                options.only(Set.of("forecast")))
            .findings());
    Run healthy = run(i -> 1, Map.of());
    assertEquals(
        List.of(), Checker.check(healthy, options.only(Set.of("plateau", "forecast"))).findings());
  }

  @Test
  void warnsWhereMostLayersFallBackToOneSide() {
    assertEquals(List.of(), alignment(1, 1));
    assertEquals(List.of(), alignment(4, 0));
    List<Finding> found = alignment(4, 2);
    assertEquals(1, found.size(), found.toString());
    assertEquals(Severity.WARNING, found.get(0).severity());
    // the sixth of ten measurements below the limit, one every ten rows of ten steps, from row 600
    assertEquals(6500, found.get(0).step(), 100);
    assertTrue(found.get(0).message().contains("2 of 4 layers"), found.get(0).message());
    assertTrue(found.get(0).message().contains("(l0, l1)"), found.get(0).message());
  }

  /** Layers that are established from row 100 on, of which the first few collapse at row 600. */
  private static List<Finding> alignment(int layers, int collapsing) {
    Map<String, double[]> columns = new java.util.LinkedHashMap<>();
    for (int l = 0; l < layers; l++) {
      double[] cells = new double[1000];
      for (int i = 0; i < cells.length; i++) {
        // a lone layer never was on both sides: what it is now is nothing new
        boolean oneSided = layers == 1 || i < 100 || (i >= 600 && l < collapsing);
        cells[i] = i % 10 != 0 ? Run.ABSENT : oneSided ? 0 : 0.4;
      }
      columns.put("sign_diversity.l" + l, cells);
    }
    CheckOptions only = CheckOptions.defaults().only(Set.of("alignment"));
    return Checker.check(run(i -> 1, columns), only).findings();
  }
}
