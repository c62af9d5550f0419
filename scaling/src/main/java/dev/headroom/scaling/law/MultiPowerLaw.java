package dev.headroom.scaling.law;

import dev.headroom.scaling.schedule.Schedule;
import java.util.ArrayList;
import java.util.List;

/**
 * Follows the loss along any learning-rate schedule: {@code L0 + A S1^-al + B sum_k (lr_k -
 * lr_(k-1)) [1 - (1 + C lr_k^-g S_k)^-be]}.
 *
 * <p>{@code S1} is the sum of all rates up to step s, {@code S_k} that from step k to s; the sum
 * runs over k = 2 to s, and warm-up rates are the real ones. The points of several runs are given
 * by the index of the run and the step. {@code B, C, be, g} are nearly known in combination only: a
 * fit without priors follows its runs and misses other schedules.
 *
 * <p>The sum is formed over blocks of steps that grow with their distance from s (see {@link
 * RateBlocks}): some hundred terms a point instead of s.
 *
 * <p>Source: Luo et al. 2025 (arXiv 2503.12811), equations 1 and 5.
 */
public final class MultiPowerLaw implements PublishedLaw {

  private static final long serialVersionUID = 1;

  private static final List<Variable> VARIABLES =
      List.of(
          new Variable("run", "1", "index of the schedule, from 0", Variable.Domain.COUNT),
          new Variable("step", "steps", "optimiser steps taken, from 1", Variable.Domain.COUNT));

  private static final List<Parameter> PARAMETERS =
      List.of(
          Parameter.linear("L0", "loss", "loss after endless training at constant rate"),
          Parameter.prefactor("A", "loss * (lr * steps)^al", "reducible loss at S1 = 1"),
          Parameter.linear("B", "loss / lr", "loss won by each unit of decay, in the end"),
          Parameter.nonlinear("al", "1", 0, 10, "how fast the loss falls with S1", .3, .5, .8),
          Parameter.nonlinear(
              "C",
              "lr^g / (lr * steps)",
              0,
              Double.POSITIVE_INFINITY,
              "how soon a decay pays",
              .3,
              2,
              10),
          Parameter.nonlinear("be", "1", .01, 10, "how a decay pays off with S_k", .3, .6),
          Parameter.nonlinear(
              "g", "1", 0, 5, "how much sooner a decay to low rates pays", .3, .65));

  private final List<RateBlocks> runs;

  /**
   * Makes the law of some runs.
   *
   * @param rates for each run the rate of step i + 1 at index i
   */
  public MultiPowerLaw(double[][] rates) {
    List<RateBlocks> blocks = new ArrayList<>();
    for (double[] run : rates) {
      blocks.add(new RateBlocks(run));
    }
    this.runs = List.copyOf(blocks);
  }

  /** Makes the law of runs with the given schedules. */
  public static MultiPowerLaw of(List<Schedule> schedules) {
    return new MultiPowerLaw(
        schedules.stream().map(s -> s.rates(s.total())).toArray(double[][]::new));
  }

  /** Makes the law of two short runs, to show its shape. */
  static MultiPowerLaw example() {
    return of(
        List.of(
            Schedule.parse("cosine(peak=1e-3,warmup=50,total=1000,final=10%)"),
            Schedule.parse("multistep(peak=1e-3,warmup=50,total=1000,at=400;700,factor=.4;.3)"),
            Schedule.parse("wsd(peak=1e-3,warmup=50,total=1000,decay=30%,final=5%)")));
  }

  private static final Card CARD =
      new Card(
          "multi-power",
          "L0 + A S1^-al + B sum_k (lr_k - lr_(k-1)) [1 - (1 + C lr_k^-g S_k)^-be]",
          "Luo et al. 2025, arXiv 2503.12811, eq. 1 and 5",
          VARIABLES,
          PARAMETERS);

  @Override
  public Card card() {
    return CARD;
  }

  @Override
  public double evaluate(double[] x, double[] logX, double[] theta, double[] gradient) {
    int run = (int) x[0];
    int step = (int) x[1];
    if (run >= runs.size() || step < 1 || step > runs.get(run).steps()) {
      throw new IllegalArgumentException(
          "run, step: "
              + (run + ", " + step)
              + (" (expected: one of " + runs.size() + " schedules and a step of it)"));
    }
    RateBlocks rates = runs.get(run);
    double log = Math.log(rates.area(step));
    double power = Math.exp(-theta[3] * log);
    gradient[0] = 1;
    gradient[1] = power;
    gradient[3] = -theta[1] * power * log;
    rates.decay(step, theta[4], theta[5], theta[6], gradient);
    for (int j = 4; j < 7; j++) {
      gradient[j] *= theta[2];
    }
    return theta[0] + theta[1] * power + theta[2] * gradient[2];
  }

  @Override
  public double[] rescaled(double[] theta, double[] factors) {
    return theta.clone();
  }

  @Override
  public Typical typical() {
    double last = runs.get(0).steps();
    return Typical.of(2.6, .4, 400, .5, 2, .6, .6)
        .over(new double[] {0, last / 10}, new double[] {runs.size() - 1., last});
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof MultiPowerLaw law && law.runs.equals(runs);
  }

  @Override
  public int hashCode() {
    return runs.hashCode();
  }
}
