package dev.headroom.scaling.forecast;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.headroom.scaling.choice.BandForecast;
import dev.headroom.scaling.log.Run;
import dev.headroom.scaling.schedule.Descent;
import dev.headroom.scaling.schedule.Schedule;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class OutlookTest {
  private static final Schedule COSINE =
      Schedule.parse("cosine(peak=1e-3,warmup=200,total=8000,final=1e-4)");
  private static final Schedule WSD =
      Schedule.parse("wsd(peak=1e-3,warmup=200,total=8000,decay=20%,final=1e-4)");
  private static final Schedule CONSTANT =
      Schedule.parse("constant(peak=1e-3,warmup=200,total=8000)");

  private static double loss(Descent d, int step) {
    return 2.5 + 0.5 * Math.pow(d.area()[step - 1], -0.5) - 0.15 * d.fall()[step - 1];
  }

  /** A run that follows the law with 0.1 % noise, 20 steps a row, 0.5 s and 1,000 tokens a step. */
  private static Run run(Schedule schedule, double[] tokens) {
    Random random = new Random(7);
    Descent d = Descent.of(schedule, schedule.total(), tokens, 0);
    int n = (int) (schedule.total() / 20);
    long[] step = new long[n];
    double[] loss = new double[n];
    double[] time = new double[n];
    double[] seen = new double[n];
    double sum = 0;
    int at = 0;
    for (int i = 0; i < n; i++) {
      step[i] = 20L * (i + 1);
      while (at < step[i]) {
        sum += tokens == null ? 1000 : tokens[at];
        at++;
      }
      loss[i] = loss(d, (int) step[i]) * Math.exp(0.001 * random.nextGaussian());
      time[i] = 0.5 * step[i];
      seen[i] = sum;
    }
    return new Run("run", step, loss, Map.of("time", time, "tokens", seen), List.of());
  }

  private static Outlook outlook(Schedule schedule, long upTo) {
    Sibling sibling = new Sibling(run(COSINE, null), COSINE);
    return Outlook.of(
        new ForecastRequest(
            run(schedule, null).between(1, upTo), schedule, 8000, List.of(sibling), .9));
  }

  @Test
  void comparesSchedulesFromTheSamePast() {
    List<Comparison> both = Comparison.of(outlook(WSD, 4000), List.of(WSD, CONSTANT));
    double truth = loss(Descent.of(CONSTANT, 8000), 8000) - loss(Descent.of(WSD, 8000), 8000);
    assertEquals(0, both.get(0).difference(), 1e-12);
    assertEquals(truth, both.get(1).difference(), .015);
    BandForecast.Interval band = both.get(1).band();
    assertTrue(band.holds(truth), band + " " + truth);
    assertTrue(band.low() > 0, "a decay is better: " + band);
  }

  @Test
  void keepsThePastWhereASecondScheduleDiffersThere() {
    Outlook outlook = outlook(WSD, 4000);
    Schedule other = Schedule.parse("wsd(peak=5e-4,total=8000,decay=50%)");
    Schedule spliced = Schedule.continued(WSD, 4000, other);
    assertEquals(outlook.under(spliced, 8000).loss(), outlook.under(other, 8000).loss(), 1e-12);
    assertEquals(1e-3, spliced.lr(4000));
    assertEquals(5e-4, spliced.lr(4000 + 1) * 1.00025, 1e-6);
  }

  @Test
  void refusesAScheduleThatEndsBeforeTheRunDoes() {
    Outlook outlook = outlook(WSD, 4000);
    Schedule shorter = Schedule.parse("constant(peak=1e-3,total=3000)");
    String message =
        assertThrows(IllegalArgumentException.class, () -> outlook.under(shorter, shorter.total()))
            .getMessage();
    assertTrue(message.contains("after the last logged step, 4000"), message);
  }

  @Test
  void saysWhenALossIsReached() {
    Outlook outlook = outlook(CONSTANT, 4000);
    Descent d = Descent.of(CONSTANT, 8000);
    Reach reach = Reach.of(outlook, loss(d, 6000));
    assertEquals(6000, reach.step(), 400);
    assertTrue(reach.earliest() < reach.step(), reach.toString());
    assertTrue(reach.latest() < 0 || reach.latest() > reach.step(), reach.toString());
    assertEquals(.5, reach.secondsPerStep(), 1e-9);
    assertEquals(1000.0 * reach.step(), Reach.tokens(outlook, reach.step()), 1);
    assertEquals(-1, Reach.of(outlook, 1).step());
    assertTrue(Reach.of(outlook, 3).inLog() > 0);
    assertThrows(IllegalArgumentException.class, () -> Reach.of(outlook, Double.NaN));
  }

  @Test
  void proposesNoWorseSchedulesAndTheFreeOneIsTheBest() {
    Outlook outlook = outlook(COSINE, 2000);
    double best = 0;
    for (Proposal.Space space : Proposal.Space.values()) {
      Proposal proposal = Proposal.of(outlook, space, 1e-4);
      best = Math.min(best, proposal.comparison().difference());
      double before = outlook.request().schedule().lr(2000);
      for (long s = 2001; s <= 8000; s++) {
        double rate = proposal.schedule().lr(s);
        assertTrue(rate <= before * (1 + 1e-12) && rate >= 1e-4 * (1 - 1e-12), space + " " + s);
        before = rate;
      }
      assertTrue(proposal.notes().get(0).startsWith("the law knows"), proposal.toString());
    }
    Proposal free = Proposal.of(outlook, Proposal.Space.MONOTONE, 1e-4);
    assertTrue(free.comparison().difference() <= best + 1e-5, free + " " + best);
    assertTrue(free.comparison().difference() < 0, free.toString());
    assertThrows(
        IllegalArgumentException.class, () -> Proposal.of(outlook, Proposal.Space.WSD, 2e-3));
  }

  @Test
  void countsProgressInTokensWhereTheBatchGrows() {
    double[] tokens = new double[8000];
    Arrays.setAll(tokens, i -> i < 2000 ? 250 : 1000);
    Run whole = run(CONSTANT, tokens);
    Forecast f =
        Forecaster.forecast(
            new ForecastRequest(whole.between(1, 3000), CONSTANT, 8000, List.of(), .9));
    assertTrue(f.notes().get(0).startsWith("tokens per step go from 250"), "" + f.notes());
    double truth = loss(Descent.of(CONSTANT, 8000, tokens, 0), 8000);
    assertEquals(truth, f.loss(), .004 * truth);
    Run without = new Run("r", whole.step(), whole.loss(), Map.of(), List.of()).between(1, 3000);
    Forecast blind =
        Forecaster.forecast(new ForecastRequest(without, CONSTANT, 8000, List.of(), .9));
    assertTrue(
        Math.abs(f.loss() - truth) < Math.abs(blind.loss() - truth), f.loss() + " " + blind.loss());
  }

  @Test
  void givesWiderBandsAtHigherLevelsAndTheirMeasuredCoverage() {
    Forecast f = outlook(WSD, 4000).at(8000);
    assertEquals(4, f.intervals().size());
    for (int i = 1; i < 4; i++) {
      assertTrue(f.intervals().get(i).low() < f.intervals().get(i - 1).low());
    }
    assertEquals(f.low(), f.intervals().get(2).low(), 1e-12);
    for (Basis basis : Basis.values()) {
      for (double level = .05; level < .99; level += .01) {
        assertTrue(basis.quantile(level) < basis.quantile(level + .005), basis + " " + level);
        assertTrue(basis.coverage(level) > 0 && basis.coverage(level) <= 1);
      }
    }
  }

  @Test
  void forecastsLiveInBoundedMemory() {
    Schedule schedule = Schedule.parse("constant(peak=1e-3,warmup=200,total=200000)");
    Descent d = Descent.of(schedule, 200000);
    LiveForecast live = new LiveForecast(schedule, List.of(), .9);
    assertTrue(live.forecast().isEmpty());
    for (int s = 1; s <= 120000; s++) {
      live.add(s, s % 1000 == 0 ? Double.NaN : loss(d, s));
      assertTrue(live.points() < 800);
    }
    Forecast f = live.forecast().orElseThrow();
    assertEquals(loss(d, 200000), f.loss(), .003 * f.loss());
    live.add(5, 9);
    live.add(120001, loss(d, 120001));
    assertTrue(live.forecast().orElseThrow() == f, "no fit for one more row");
    assertEquals("", live.reason());
    for (int s = 120001; s <= 200000; s++) {
      live.add(s, loss(d, s));
    }
    assertTrue(live.forecast().isEmpty(), "nothing is left to forecast");
  }
}
