package dev.headroom.scaling.check.baseline;

import dev.headroom.scaling.check.BaselineRule;
import dev.headroom.scaling.check.Finding;
import dev.headroom.scaling.check.Severity;
import java.util.List;

/**
 * Says how a run compares with golden runs. Sizes are relative: 0.003 is 0.3 % more loss.
 *
 * @param outcome the verdict
 * @param size estimated difference: of the look that decides where the verdict is different, else
 *     of the whole run; NaN where the run's loss is not finite
 * @param low lower end of its 95 % interval
 * @param high upper end
 * @param shape the kind of difference in words: over the whole run, from step 900 on, growing
 * @param p tail probability over the look's share of the alarm rate, the smaller of both sides
 * @param goldenRuns number of golden runs compared with
 * @param degrees degrees of freedom, from the golden runs and the prior
 * @param points common points compared
 * @param effectiveParts independent parts that the points are worth
 * @param looks number of looks the alarm rate was spent on
 * @param effectiveLooks independent looks that they are worth
 * @param detectable smallest difference of the whole run that is found with probability 0.8
 * @param moreGolden further golden runs that would settle the matter if the estimates stay as they
 *     are; 0 where it is settled, -1 where no number would
 * @param lastStep step of the run at the last place compared
 * @param message the verdict in a sentence or two
 * @param notes what had to be left out or taken for granted
 */
public record Comparison(
    Outcome outcome,
    double size,
    double low,
    double high,
    String shape,
    double p,
    int goldenRuns,
    double degrees,
    int points,
    double effectiveParts,
    int looks,
    double effectiveLooks,
    double detectable,
    int moreGolden,
    long lastStep,
    String message,
    List<String> notes) {

  /** Copies the notes. */
  public Comparison {
    notes = List.copyOf(notes);
  }

  /** Returns what this is to a verdict: worse is an error, cannot tell a warning. */
  public Finding finding() {
    Severity severity =
        switch (outcome) {
          case WORSE -> Severity.ERROR;
          case CANNOT_TELL -> Severity.WARNING;
          case BETTER, EQUIVALENT -> Severity.INFO;
        };
    return new Finding(BaselineRule.ID, severity, lastStep, message);
  }
}
