package dev.headroom.scaling.forecast;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.headroom.scaling.log.Run;
import dev.headroom.scaling.schedule.Descent;
import dev.headroom.scaling.schedule.Schedule;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ForecasterTest {
  private static final Schedule COSINE =
      Schedule.parse("cosine(peak=1e-3,warmup=200,total=8000,final=1e-4)");
  private static final Schedule WSD =
      Schedule.parse("wsd(peak=1e-3,warmup=200,total=8000,decay=20%,final=1e-4)");
  private static final Schedule CONSTANT =
      Schedule.parse("constant(peak=1e-3,warmup=200,total=8000)");

  /** A run that follows the fitted law with 0.2 % noise, every 20 steps. */
  private static Run run(Schedule schedule, double level, long seed) {
    Random random = new Random(seed);
    Descent descent = Descent.of(schedule, schedule.total());
    double[] area = descent.area();
    double[] fall = descent.fall();
    int n = (int) (schedule.total() / 20);
    long[] step = new long[n];
    double[] loss = new double[n];
    double[] lr = new double[n];
    for (int i = 0; i < n; i++) {
      step[i] = 20L * (i + 1);
      int at = (int) step[i] - 1;
      double clean = level + 0.6 * Math.pow(area[at], -0.5) - 0.05 * level * fall[at];
      loss[i] = clean * Math.exp(0.002 * random.nextGaussian());
      lr[i] = schedule.lr(step[i]);
    }
    return new Run("run" + seed, step, loss, Map.of("lr", lr), List.of());
  }

  private static double truth(Schedule schedule, double level) {
    Descent descent = Descent.of(schedule, schedule.total());
    int last = (int) schedule.total() - 1;
    return level + 0.6 * Math.pow(descent.area()[last], -0.5) - 0.05 * level * descent.fall()[last];
  }

  private static Forecast forecast(Run run, Schedule schedule, List<Sibling> siblings) {
    return Forecaster.forecast(new ForecastRequest(run, schedule, 8000, siblings, .9));
  }

  @Test
  void carriesTheShapeOfSiblingsOfAnotherLevelOn() {
    List<Sibling> siblings =
        List.of(
            new Sibling(run(COSINE, 3, 1), COSINE), new Sibling(run(CONSTANT, 3.5, 2), CONSTANT));
    Forecast f = forecast(run(WSD, 2.5, 3).between(1, 4000), WSD, siblings);
    double truth = truth(WSD, 2.5);
    assertEquals(truth, f.loss(), 0.006 * truth);
    assertTrue(f.low() <= truth && truth <= f.high());
    assertEquals(List.of(), f.notes());
  }

  @Test
  void saysThatTheDropIsNotIdentifiableFromAConstantRate() {
    Forecast f = forecast(run(WSD, 2.5, 3).between(1, 4000), WSD, List.of());
    assertTrue(f.notes().stream().anyMatch(n -> n.contains("not identifiable")), "" + f.notes());
    assertTrue(f.low() <= truth(WSD, 2.5), f.toString());
    assertEquals(Basis.ALONE, f.kind());
  }

  @Test
  void fitsTheLawAloneWherePrefixAndScheduleAllow() {
    Forecast f = forecast(run(COSINE, 2.5, 4).between(1, 6000), COSINE, List.of());
    assertEquals(truth(COSINE, 2.5), f.loss(), 0.01 * f.loss());
    assertEquals(Basis.ALONE, f.kind());
    Forecast flat = forecast(run(CONSTANT, 2.5, 5).between(1, 4000), CONSTANT, List.of());
    assertEquals(truth(CONSTANT, 2.5), flat.loss(), 0.01 * flat.loss());
    assertEquals(List.of(), flat.notes());
  }

  @Test
  void widensTheBandWithTheLevel() {
    Run prefix = run(COSINE, 2.5, 4).between(1, 6000);
    Forecast half = Forecaster.forecast(new ForecastRequest(prefix, COSINE, 8000, List.of(), .5));
    Forecast most = Forecaster.forecast(new ForecastRequest(prefix, COSINE, 8000, List.of(), .99));
    assertTrue(most.high() - most.low() > 2 * (half.high() - half.low()));
    assertEquals(half.loss(), most.loss());
  }

  @Test
  void notesARateThatIsNotTheSchedules() {
    Forecast f = forecast(run(COSINE, 2.5, 4).between(1, 6000), CONSTANT, List.of());
    assertTrue(f.notes().get(0).startsWith("the logged learning rate is not that"), "" + f.notes());
  }

  @Test
  void leavesOutASiblingThatIsTooShort() {
    List<Sibling> siblings = List.of(new Sibling(run(COSINE, 3, 1).between(1, 260), COSINE));
    Forecast f = forecast(run(CONSTANT, 2.5, 5).between(1, 4000), CONSTANT, siblings);
    assertTrue(f.notes().get(0).contains("was left out"));
  }

  @Test
  void survivesNanInTheLog() {
    Run clean = run(COSINE, 2.5, 4).between(1, 6000);
    double[] loss = clean.loss();
    loss[50] = Double.NaN;
    loss[60] = Double.POSITIVE_INFINITY;
    Run dirty = new Run("r", clean.step(), loss, Map.of(), List.of());
    assertTrue(Double.isFinite(forecast(dirty, COSINE, List.of()).loss()));
  }

  @Test
  void refusesQuestionsWithoutSense() {
    Run whole = run(COSINE, 2.5, 4);
    refuses(whole.between(1, 340), COSINE, 8000, "7 points beyond the warm-up");
    refuses(whole.between(1, 100), COSINE, 8000, "0 points");
    refuses(whole.between(9000, 9001), COSINE, 8000, "no points");
    refuses(whole, Schedule.parse("constant(peak=1e-3,total=4000)"), 4000, "last step 8000");
    refuses(whole.between(1, 4000), COSINE, 9000, "toStep: 9000");
    refuses(whole.between(1, 4000), COSINE, 4000, "after the last logged step");
    assertThrows(
        IllegalArgumentException.class,
        () -> new ForecastRequest(whole, COSINE, 8000, List.of(), 1));
    assertFalse(whole.size() == 0);
  }

  @Test
  void refusesARunThatIsStillInItsFirstSteps() {
    Schedule constant = Schedule.parse("constant(peak=1e-3,warmup=5,total=500)");
    refuses(noisy(34), constant, 500, "29 steps beyond the warm-up of 5 (expected: at least 30;");
    Forecaster.forecast(new ForecastRequest(noisy(35), constant, 500, List.of(), .9));
  }

  @Test
  void forecastsTheVeryNextStepOfANoisyLog() {
    Schedule constant = Schedule.parse("constant(peak=1e-3,warmup=5,total=500)");
    Run run = noisy(200);
    double next =
        Forecaster.forecast(new ForecastRequest(run, constant, 201, List.of(), .9)).loss();
    assertEquals(run.loss()[199], next, 0.1);
  }

  /** A log of every step with noise of one percent. */
  private static Run noisy(int steps) {
    java.util.Random random = new java.util.Random(5);
    long[] step = new long[steps];
    double[] loss = new double[steps];
    for (int i = 0; i < steps; i++) {
      step[i] = i + 1;
      loss[i] = (3 + 4 / Math.sqrt(i + 1)) * Math.exp(0.01 * random.nextGaussian());
    }
    return new Run("noisy", step, loss, java.util.Map.of(), List.of());
  }

  private static void refuses(Run run, Schedule schedule, long to, String part) {
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class,
            () -> Forecaster.forecast(new ForecastRequest(run, schedule, to, List.of(), .9)));
    assertTrue(e.getMessage().contains(part), e.getMessage());
    assertTrue(e.getMessage().contains("expected: "), e.getMessage());
  }
}
