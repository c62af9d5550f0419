package dev.headroom.cli.verdict;

import dev.headroom.scaling.check.CheckOptions;
import dev.headroom.scaling.check.FailOn;
import dev.headroom.scaling.check.Finding;
import dev.headroom.scaling.check.Severity;
import dev.headroom.scaling.check.Verdict;
import dev.headroom.scaling.check.baseline.Comparison;
import dev.headroom.scaling.log.Run;
import java.util.List;
import java.util.Optional;

/**
 * What is said of one run, without its curve: thousands of them fit into memory.
 *
 * @param run name of the run, as it was given
 * @param outcome whether it is good
 * @param rules ids of the rules that were applied, sorted
 * @param extent how far the run goes
 * @param findings findings in order of their step
 * @param notes what was odd in its log
 * @param failOn which findings make it fail
 * @param baseline how it compares with golden runs; empty where none were given
 * @param problem why it could not be judged; empty where it was
 */
public record Judged(
    String run,
    Outcome outcome,
    List<String> rules,
    Extent extent,
    List<Finding> findings,
    List<String> notes,
    FailOn failOn,
    Optional<Comparison> baseline,
    String problem) {

  /** How a run came out, from good to worst. */
  public enum Outcome {
    /** No rule objects. */
    PASS,
    /** A rule objects. */
    FAIL,
    /** The log cannot be read or judged. */
    UNREADABLE
  }

  /**
   * How far a run goes.
   *
   * @param points steps with a loss
   * @param firstStep step of the first
   * @param lastStep step of the last
   * @param lastLoss loss of the last, nats per token; NaN where there is none
   */
  public record Extent(int points, long firstStep, long lastStep, double lastLoss) {
    static final Extent NONE = new Extent(0, 0, 0, Double.NaN);

    static Extent of(Run run) {
      int last = run.size() - 1;
      return last < 0
          ? NONE
          : new Extent(last + 1, run.step()[0], run.step()[last], run.loss()[last]);
    }
  }

  /** Copies the lists. */
  public Judged {
    rules = List.copyOf(rules);
    findings = List.copyOf(findings);
    notes = List.copyOf(notes);
  }

  /** Says what the rules found in a run. */
  public static Judged of(Run run, CheckOptions options, Verdict verdict) {
    return new Judged(
        run.name(),
        verdict.passed() ? Outcome.PASS : Outcome.FAIL,
        options.rules().stream().sorted().toList(),
        Extent.of(run),
        verdict.findings(),
        run.notes(),
        options.failOn(),
        Optional.empty(),
        "");
  }

  /** Says that a run could not be judged, and why. */
  public static Judged unreadable(String run, String problem) {
    return new Judged(
        run,
        Outcome.UNREADABLE,
        List.of(),
        Extent.NONE,
        List.of(),
        List.of(),
        FailOn.ERROR,
        Optional.empty(),
        problem);
  }

  /** Returns this with how the run compares with golden runs. */
  public Judged beside(Comparison golden) {
    return new Judged(
        run, outcome, rules, extent, findings, notes, failOn, Optional.of(golden), problem);
  }

  /** Says whether the run is good. */
  public boolean passed() {
    return outcome == Outcome.PASS;
  }

  /** Says whether a finding makes its run fail. */
  public boolean fails(Finding finding) {
    return !failOn.passes(List.of(finding));
  }

  /** Returns the findings of one rule. */
  public List<Finding> findings(String rule) {
    return findings.stream().filter(f -> f.rule().equals(rule)).toList();
  }

  /** Counts the findings of a severity. */
  public long count(Severity severity) {
    return findings.stream().filter(f -> f.severity() == severity).count();
  }
}
