package dev.headroom.scaling.forecast;

import dev.headroom.scaling.log.Run;
import dev.headroom.scaling.schedule.Schedule;
import java.util.List;
import java.util.Objects;

/**
 * Asks for the loss of a run at a step.
 *
 * @param run the log so far
 * @param schedule the learning rate of the whole run, what is ahead included
 * @param toStep the step to forecast
 * @param siblings finished runs of the same kind, none if there are none
 * @param level nominal coverage of the band, above 0 and below 1
 */
public record ForecastRequest(
    Run run, Schedule schedule, long toStep, List<Sibling> siblings, double level) {
  /** Checks the parts that can be judged alone, and copies. */
  public ForecastRequest {
    Objects.requireNonNull(run, "run");
    Objects.requireNonNull(schedule, "schedule");
    siblings = List.copyOf(siblings);
    if (!(level > 0 && level < 1)) {
      throw new IllegalArgumentException("level: " + level + " (expected: above 0, below 1)");
    }
    if (toStep < 1) {
      throw new IllegalArgumentException("toStep: " + toStep + " (expected: 1 or more)");
    }
  }
}
