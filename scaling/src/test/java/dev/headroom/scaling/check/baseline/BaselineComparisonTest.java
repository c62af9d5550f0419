package dev.headroom.scaling.check.baseline;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.headroom.scaling.log.Axis;
import dev.headroom.scaling.log.LogException;
import dev.headroom.scaling.log.Run;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

class BaselineComparisonTest {
  private static final List<Run> REPEATS =
      SyntheticRepeats.configurations(3).get("synthetic 0.04 %");

  private static List<GoldenRun> golden(int count) {
    return golden(REPEATS.subList(0, count), "");
  }

  private static List<GoldenRun> golden(List<Run> runs, String hardware) {
    return runs.stream().map(r -> new GoldenRun(r, hardware)).toList();
  }

  /** Multiplies the loss of a repeat by a factor of the step. */
  private static Run changed(int repeat, DoubleUnaryOperator factor) {
    Run run = REPEATS.get(repeat);
    double[] loss = run.loss().clone();
    for (int i = 0; i < loss.length; i++) {
      loss[i] *= factor.applyAsDouble(run.step()[i]);
    }
    return new Run("run", run.step(), loss, Map.of(), List.of());
  }

  private static Comparison compare(List<GoldenRun> golden, Run run) {
    return new BaselineComparison(BaselineSettings.defaults()).compare(golden, run);
  }

  private static Run run(String name, long[] step, DoubleUnaryOperator loss) {
    double[] values = Arrays.stream(step).mapToDouble(s -> loss.applyAsDouble(s)).toArray();
    return new Run(name, step, values, Map.of(), List.of());
  }

  private static long[] steps(int from, int by, int count) {
    long[] out = new long[count];
    Arrays.setAll(out, i -> from + (long) i * by);
    return out;
  }

  @Test
  void callsARunWorseAndSaysByHowMuch() {
    Comparison c = compare(golden(5), changed(9, s -> 1.02));
    assertEquals(Outcome.WORSE, c.outcome());
    assertEquals(0.02, c.size(), 0.002);
    assertTrue(c.low() < 0.02 && c.high() > 0.02, c.toString());
    assertTrue(c.p() < 0.01 * 2 / 3, c.toString());
    assertTrue(c.message().startsWith("loss is worse by +"), c.message());
    assertTrue(c.message().contains(" % over the whole run (+"), c.message());
    assertEquals(5, c.goldenRuns());
    assertEquals(16, c.points());
    assertTrue(c.effectiveParts() > 1 && c.effectiveParts() < 16, c.toString());
    assertTrue(c.effectiveLooks() > 1 && c.effectiveLooks() < 5, c.toString());
  }

  @Test
  void callsARunBetter() {
    Comparison c = compare(golden(5), changed(9, s -> 0.98));
    assertEquals(Outcome.BETTER, c.outcome());
    assertEquals(-0.02, c.size(), 0.002);
  }

  @Test
  void findsWhereADifferenceBegins() {
    Comparison c = compare(golden(8), changed(9, s -> s > 1000 ? 1.004 : 1));
    assertEquals(Outcome.WORSE, c.outcome());
    assertEquals("from about step 1000 on", c.shape());
    assertEquals(0.004, c.size(), 0.001);
  }

  @Test
  void callsARepeatEquivalentWithinTheMarginOnly() {
    assertEquals(Outcome.EQUIVALENT, compare(golden(5), REPEATS.get(9)).outcome());
    BaselineSettings strict = new BaselineSettings(0.01, 0.0005, 0.005, Axis.STEP, "");
    Comparison c = new BaselineComparison(strict).compare(golden(5), REPEATS.get(9));
    assertEquals(Outcome.CANNOT_TELL, c.outcome());
    assertTrue(c.detectable() > 0.001 && c.detectable() < 0.01, c.toString());
    assertTrue(c.message().contains("would be found 4 times in 5"), c.message());
  }

  @Test
  void saysHowManyMoreGoldenRunsWouldSettleIt() {
    Comparison one = compare(golden(1), changed(9, s -> 1.0037));
    assertEquals(Outcome.CANNOT_TELL, one.outcome(), one.message());
    assertTrue(one.moreGolden() > 0, one.toString());
    assertTrue(one.message().contains("one golden run shows no spread"), one.message());
    Comparison more = compare(golden(8), changed(9, s -> 1.0037));
    assertEquals(Outcome.WORSE, more.outcome(), more.message());
  }

  @Test
  void findsSmallerDifferencesWithMoreGoldenRuns() {
    double one = compare(golden(1), REPEATS.get(30)).detectable();
    double three = compare(golden(3), REPEATS.get(30)).detectable();
    double twenty = compare(golden(20), REPEATS.get(30)).detectable();
    assertTrue(one > three && three > twenty, one + ", " + three + ", " + twenty);
    // Known spread: (2.8 + 0.9) deviations of 0.04 %, times the root of 1 + 1/20.
    assertEquals(0.0015, twenty, 0.0003);
  }

  @Test
  void spendsTheAlarmRateItIsGiven() {
    Run run = changed(9, s -> 1.0025);
    BaselineSettings strict = new BaselineSettings(1e-5, 0.005, 0.005, Axis.STEP, "");
    assertEquals(Outcome.WORSE, compare(golden(10), run).outcome());
    Comparison c = new BaselineComparison(strict).compare(golden(10), run);
    assertEquals(Outcome.EQUIVALENT, c.outcome());
  }

  @Test
  void interpolatesWhereLoggingDiffers() {
    DoubleUnaryOperator curve = s -> 3 * Math.pow(s, -0.1);
    List<GoldenRun> dense = golden(List.of(run("golden", steps(1, 1, 1000), curve)), "");
    Comparison c = compare(dense, run("sparse", steps(7, 10, 99), curve));
    assertEquals(0, c.size(), 1e-12);
    assertFalse(c.notes().toString().contains("interpolated"), c.notes()::toString);
    List<GoldenRun> odd = golden(List.of(run("golden", steps(1, 2, 500), curve)), "");
    Comparison between = compare(odd, run("even", steps(2, 10, 90), curve));
    assertEquals(0, between.size(), 1e-6);
    assertTrue(between.notes().toString().contains("interpolated at the 90 points"));
  }

  @Test
  void leavesOutStepZeroAndWhatTheShorterRunDoesNotHave() {
    Run half = REPEATS.get(9).between(0, 1000);
    Comparison c = compare(golden(5), half);
    assertEquals(1000, c.lastStep());
    assertEquals(8, c.points());
    assertTrue(
        c.message().endsWith("; the run ends at step 1000, the golden runs go on to step 2000"),
        c.message());
    assertFalse(compare(golden(5), REPEATS.get(9)).message().contains("go on"));
    assertTrue(c.notes().get(0).contains("goes on to step 2000; compared up to 1000"));
    long[] from0 = {0, 100, 200, 300};
    Run start = new Run("start", from0, new double[] {10, 4, 3.8, 3.7}, Map.of(), List.of());
    Run other = new Run("other", from0, new double[] {99, 4, 3.8, 3.7}, Map.of(), List.of());
    assertEquals(0, compare(golden(List.of(start), ""), other).size());
    assertEquals(3, compare(golden(List.of(start), ""), other).points());
  }

  @Test
  void failsARunThatIsNotFinite() {
    Comparison late = compare(golden(5), changed(9, s -> s > 1500 ? Double.NaN : 1));
    assertEquals(Outcome.WORSE, late.outcome());
    assertEquals(1625, late.lastStep());
    assertTrue(late.message().startsWith("the loss is NaN at step 1625"), late.message());
    Comparison first = compare(golden(5), changed(9, s -> Double.POSITIVE_INFINITY));
    assertEquals(Outcome.WORSE, first.outcome());
    assertTrue(Double.isNaN(late.size()), "what came before is in the message alone");
    assertTrue(first.message().contains("Infinity at step 125"), first.message());
  }

  @Test
  void refusesGoldenRunsThatAreNone() {
    List<GoldenRun> bad = golden(List.of(changed(1, s -> s > 500 ? Double.NaN : 1)), "");
    LogException nan = assertThrows(LogException.class, () -> compare(bad, REPEATS.get(9)));
    assertTrue(nan.getMessage().contains("NaN at step 625 (expected: finite losses"));
    Run later = run("later", steps(5000, 10, 5), s -> 3);
    LogException apart = assertThrows(LogException.class, () -> compare(golden(2), later));
    assertTrue(apart.getMessage().contains("step 5000 to 5040, synthetic"), apart.getMessage());
    assertThrows(IllegalArgumentException.class, () -> compare(List.of(), later));
  }

  @Test
  void fallsBackOnPublicRepeatsWhereGoldenRunsAreIdentical() {
    Run same = REPEATS.get(0);
    List<GoldenRun> three = golden(List.of(same, same, same), "");
    Comparison equal = compare(three, same);
    assertEquals(Outcome.EQUIVALENT, equal.outcome());
    assertTrue(equal.notes().toString().contains("this run is identical too"));
    Comparison other = compare(three, REPEATS.get(1));
    assertTrue(other.notes().toString().contains("this run is not identical"));
    assertTrue(other.detectable() > 0.0005, other.toString());
    assertEquals(Outcome.WORSE, compare(three, changed(0, s -> 1.01)).outcome());
  }

  @Test
  void takesDifferencesWithinItsMarginForHardware() {
    List<GoldenRun> a100 = golden(REPEATS.subList(0, 5), "a100");
    BaselineSettings h100 = new BaselineSettings(0.01, 0.005, 0.005, Axis.STEP, "h100");
    BaselineSettings same = new BaselineSettings(0.01, 0.005, 0.005, Axis.STEP, "a100");
    Run run = changed(9, s -> 1.004);
    assertEquals(Outcome.WORSE, new BaselineComparison(same).compare(a100, run).outcome());
    Comparison other = new BaselineComparison(h100).compare(a100, run);
    assertTrue(other.outcome() != Outcome.WORSE, other.message());
    assertTrue(other.notes().get(0).contains("no golden run of hardware h100 (a100 instead)"));
    List<GoldenRun> both = new ArrayList<>(a100);
    both.addAll(golden(REPEATS.subList(10, 14), "h100"));
    assertEquals(4, new BaselineComparison(h100).compare(both, run).goldenRuns());
  }

  @Test
  void comparesAtEqualTokens() {
    BaselineSettings byTokens = new BaselineSettings(0.01, 0.005, 0.005, Axis.TOKENS, "");
    DoubleUnaryOperator curve = t -> 3 * Math.pow(t, -0.1);
    List<GoldenRun> golden = golden(List.of(withTokens("g", 1000, curve)), "");
    Run twice = withTokens("double batch", 2000, curve);
    assertEquals(0, new BaselineComparison(byTokens).compare(golden, twice).size(), 1e-6);
    assertEquals(Outcome.BETTER, compare(golden, twice).outcome());
    Comparison half =
        new BaselineComparison(byTokens).compare(golden, withTokens("half batch", 500, curve));
    assertTrue(
        half.message().endsWith("ends at tokens 50000, the golden runs go on to tokens 100000"));
    Comparison back =
        new BaselineComparison(byTokens)
            .compare(
                golden(List.of(withTokens("g", 500, curve)), ""), withTokens("w", 1000, curve));
    assertEquals(50, back.lastStep(), "the step of the run, not its tokens");
    Run none = run("none", steps(1, 1, 50), curve);
    assertThrows(
        IllegalArgumentException.class,
        () -> new BaselineComparison(byTokens).compare(golden, none));
  }

  private static Run withTokens(String name, int batch, DoubleUnaryOperator curve) {
    long[] step = steps(1, 1, 100);
    double[] tokens = Arrays.stream(step).mapToDouble(s -> s * batch).toArray();
    double[] loss = Arrays.stream(tokens).map(curve).toArray();
    return new Run(name, step, loss, Map.of("tokens", tokens), List.of());
  }

  @Test
  void comparesASinglePointAndLossesBelowZero() {
    Run one = run("one", steps(100, 1, 1), s -> 3);
    assertEquals(1, compare(golden(List.of(one, one), ""), one).points());
    Run reward = run("reward", steps(1, 1, 50), s -> -2 - 0.01 * s);
    Comparison c = compare(golden(List.of(reward), ""), reward);
    assertEquals(0, c.size());
  }

  @Test
  void keepsItsAlarmRateWhereEveryPointIsNoisy() {
    Random random = new Random(17);
    int alarms = 0;
    int trials = 300;
    for (int trial = 0; trial < trials; trial++) {
      List<Run> runs = new ArrayList<>();
      for (int r = 0; r < 4; r++) {
        runs.add(run("noisy", steps(1, 1, 100), s -> 3 * Math.exp(0.02 * random.nextGaussian())));
      }
      Comparison three = compare(golden(runs.subList(0, 3), ""), runs.get(3));
      Comparison one = compare(golden(runs.subList(0, 1), ""), runs.get(3));
      alarms += three.outcome().word().equals("different") ? 1 : 0;
      alarms += one.outcome().word().equals("different") ? 1 : 0;
    }
    assertTrue(alarms <= 0.02 * 2 * trials, alarms + " alarms in " + 2 * trials + ", seed 17");
    Run worse = run("worse", steps(1, 1, 100), s -> 3.3 * Math.exp(0.02 * random.nextGaussian()));
    Run good = run("good", steps(1, 1, 100), s -> 3 * Math.exp(0.02 * random.nextGaussian()));
    assertEquals(Outcome.WORSE, compare(golden(List.of(good), ""), worse).outcome());
  }

  @Test
  void callsOtherHardwareButNotOtherSoftwareEquivalentOnRealGoldenValues() throws IOException {
    Path folder =
        Path.of("../../shared/data/ci-golden/megatron/gpt3_mcore_tp2_pp2_ep2_te_4experts2parallel");
    Assumptions.assumeTrue(Files.isDirectory(folder), "no public golden values at " + folder);
    List<GoldenRun> h100 = golden(List.of(megatron(folder, "dev_dgx_h100")), "h100");
    for (String hardware : List.of("dev_dgx_a100", "dev_dgx_gb200", "lts_dgx_a100")) {
      BaselineSettings other = new BaselineSettings(0.01, 0.005, 0.005, Axis.STEP, hardware);
      Comparison c = new BaselineComparison(other).compare(h100, megatron(folder, hardware));
      assertEquals(Outcome.EQUIVALENT, c.outcome(), hardware + ": " + c.message());
    }
    BaselineSettings a100 = new BaselineSettings(0.01, 0.005, 0.005, Axis.STEP, "a100");
    Comparison old = new BaselineComparison(a100).compare(h100, megatron(folder, "lts"));
    assertEquals(Outcome.CANNOT_TELL, old.outcome(), old.message());
  }

  private static Run megatron(Path folder, String name) throws IOException {
    String text = Files.readString(folder.resolve("golden_values_" + name + ".json"));
    JsonObject loss = JsonParser.parseString(text).getAsJsonObject().getAsJsonObject("lm loss");
    Map<String, JsonElement> values = loss.getAsJsonObject("values").asMap();
    long[] step = values.keySet().stream().mapToLong(Long::parseLong).sorted().toArray();
    return run(name, step, s -> values.get(Long.toString((long) s)).getAsDouble());
  }
}
