package dev.headroom.scaling.schedule;

/** A schedule up to a step, and another one after it. */
record Continued(Schedule past, long last, Schedule ahead) implements Schedule {

  Continued {
    if (last < 1 || last > past.total() || ahead.total() <= last) {
      throw new IllegalArgumentException(
          "schedule ahead: "
              + ahead.total()
              + " steps in all (expected: more than "
              + last
              + ", the last step of the run so far)");
    }
  }

  @Override
  public double lr(long step) {
    return step <= last ? past.lr(step) : ahead.lr(step);
  }

  @Override
  public long total() {
    return ahead.total();
  }

  @Override
  public long warmup() {
    return past.warmup();
  }

  @Override
  public String text() {
    return ahead.text();
  }
}
