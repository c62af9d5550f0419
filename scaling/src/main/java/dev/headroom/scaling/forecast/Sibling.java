package dev.headroom.scaling.forecast;

import dev.headroom.scaling.log.Run;
import dev.headroom.scaling.schedule.Schedule;
import java.util.Objects;

/**
 * Holds a finished run whose curve lends its shape to a forecast.
 *
 * @param run the log of the run
 * @param schedule the learning rate it was trained with
 */
public record Sibling(Run run, Schedule schedule) {
  /** Checks that both are there. */
  public Sibling {
    Objects.requireNonNull(run, "run");
    Objects.requireNonNull(schedule, "schedule");
  }
}
