package dev.headroom.scaling.forecast;

import dev.headroom.scaling.schedule.Schedule;

/** Rates ahead given by a function of the step. */
record Ahead(Rates rates, long total, String text) implements Schedule {
  /** The rate as a function of the step. */
  interface Rates {
    double at(long step);
  }

  @Override
  public double lr(long step) {
    return rates.at(Math.min(step, total));
  }

  @Override
  public long warmup() {
    return 0;
  }
}
