package dev.headroom.scaling.forecast;

import dev.headroom.scaling.log.Run;
import dev.headroom.scaling.schedule.Schedule;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Forecasts a run while it trains: takes one loss after another and keeps a thinned history.
 *
 * <p>At most {@value #KEPT} points are kept: when they are full, neighbours are joined by their
 * mean and from then on twice as many rows make a point. A fit is made anew only when the run has
 * grown by {@value #GROWTH} since the last one, so that a row costs O(1) amortised and the memory
 * stays as it is; the schedule alone costs two numbers a step while a fit is made. Not safe for use
 * by several threads.
 */
public final class LiveForecast {
  private static final int KEPT = 800;
  private static final double GROWTH = 0.05;

  private final Schedule schedule;
  private final List<Sibling> siblings;
  private final double level;
  private final long[] step = new long[KEPT];
  private final double[] loss = new double[KEPT];
  private int points;
  private int perPoint = 1;
  private double sum;
  private int rows;
  private long last;
  private long fitted;
  private Forecast forecast;
  private String reason = "no loss yet";

  /**
   * Starts without any row.
   *
   * @param schedule learning rate of the whole run
   * @param siblings finished runs of the same kind, none if there are none
   * @param level nominal coverage of the band, above 0 and below 1
   */
  public LiveForecast(Schedule schedule, List<Sibling> siblings, double level) {
    if (!(level > 0 && level < 1)) {
      throw new IllegalArgumentException("level: " + level + " (expected: above 0, below 1)");
    }
    this.schedule = schedule;
    this.siblings = List.copyOf(siblings);
    this.level = level;
  }

  /**
   * Takes the loss of a step. A step at or before the last one is left out, as is a loss that is
   * not a positive number; both happen in real training.
   */
  public void add(long step, double loss) {
    if (step <= last || !(loss > 0 && loss <= Double.MAX_VALUE)) {
      return;
    }
    last = step;
    sum += loss;
    if (++rows == perPoint) {
      this.step[points] = step;
      this.loss[points++] = sum / rows;
      sum = 0;
      rows = 0;
      if (points == KEPT) {
        halve();
      }
    }
  }

  private void halve() {
    for (int i = 0; i < KEPT / 2; i++) {
      step[i] = step[2 * i + 1];
      loss[i] = (loss[2 * i] + loss[2 * i + 1]) / 2;
    }
    points = KEPT / 2;
    perPoint *= 2;
  }

  /**
   * Returns the forecast of the end of the schedule, from the last fit where the run has hardly
   * grown since; empty before there is enough, and after the last step.
   */
  public Optional<Forecast> forecast() {
    if (last >= fitted + Math.max(1, (long) (GROWTH * fitted))) {
      fitted = last;
      refit();
    }
    return last >= schedule.total() ? Optional.empty() : Optional.ofNullable(forecast);
  }

  private void refit() {
    Run run =
        new Run(
            "live", Arrays.copyOf(step, points), Arrays.copyOf(loss, points), Map.of(), List.of());
    try {
      forecast =
          Forecaster.forecast(
              new ForecastRequest(run, schedule, schedule.total(), siblings, level));
      reason = "";
    } catch (IllegalArgumentException e) {
      // too early, or past the end: said by reason()
      reason = e.getMessage();
    }
  }

  /** Returns why there is no newer forecast, empty where there is one. */
  public String reason() {
    return reason;
  }

  /** Returns the number of points kept, for tests of the bound. */
  int points() {
    return points;
  }
}
