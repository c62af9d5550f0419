package dev.headroom.cli.verdict;

import dev.headroom.scaling.check.CheckOptions;
import dev.headroom.scaling.check.FailOn;
import dev.headroom.scaling.check.Finding;
import dev.headroom.scaling.check.Severity;
import dev.headroom.scaling.check.Verdict;
import dev.headroom.scaling.check.baseline.Comparison;
import dev.headroom.scaling.check.baseline.Outcome;
import dev.headroom.scaling.log.Run;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Runs to report on, among them one whose texts hold what each format has to escape. */
final class Verdicts {

  /** Text with the special characters of XML, YAML, Markdown, OpenMetrics and workflow commands. */
  static final String NASTY =
      "a|b `c` *d* <e a=\"1\"> &amp; % , : :: # ' \\ {x=\"y\"} ]]> @f ~g~ [h](i)\n::error::x\r\n"
          + "\u0000\u001b[31m\t\uD800 \uFFFE \u00e9\u4e2d\uD83D\uDE00";

  private static final CheckOptions RULES =
      CheckOptions.defaults().only(Set.of("finite", "spike", "divergence"));

  private Verdicts() {}

  static Judged good() {
    return Judged.of(run("runs/good.jsonl", 2.5), RULES, new Verdict(true, List.of()));
  }

  static Judged warned() {
    Finding spike = new Finding("spike", Severity.WARNING, 7, "20 % up, came back");
    Finding note = new Finding("divergence", Severity.INFO, 9, "flat");
    return Judged.of(run("warned.csv", 3), RULES, new Verdict(true, List.of(spike, note)));
  }

  static Judged bad() {
    return Judged.of(
        run("runs/bad #1.jsonl", Double.NaN),
        RULES,
        new Verdict(
            false,
            List.of(
                new Finding("spike", Severity.WARNING, 3, "10 % up"),
                new Finding("finite", Severity.ERROR, 8, "loss is NaN"),
                new Finding("finite", Severity.ERROR, 9, "loss is NaN again"))));
  }

  /** The findings of {@link #warned}, judged by another condition of failure. */
  static Judged warned(FailOn failOn) {
    List<Finding> findings = warned().findings();
    Verdict verdict = Verdict.of(findings, failOn);
    return Judged.of(run("warned.csv", 3), RULES.failingOn(failOn), verdict);
  }

  /** A run of which golden runs cannot tell whether it is worse. */
  static Judged undecided(FailOn failOn) {
    Comparison golden =
        new Comparison(
            Outcome.CANNOT_TELL,
            .001,
            -.01,
            .012,
            "over the whole run",
            .5,
            1,
            3,
            100,
            20,
            5,
            3,
            .02,
            2,
            10,
            "cannot tell",
            List.of());
    List<Finding> findings =
        List.of(new Finding("baseline", Severity.WARNING, 10, golden.message()));
    Run run = run("undecided.csv", 3);
    CheckOptions rules = RULES.only(Set.of("finite", "baseline")).failingOn(failOn);
    return Judged.of(run, rules, Verdict.of(findings, failOn)).beside(golden);
  }

  static Judged nasty() {
    Finding finding = new Finding("finite", Severity.ERROR, -1, NASTY);
    return Judged.of(run(NASTY, 1e-300), RULES, new Verdict(false, List.of(finding)));
  }

  static Judged unreadable() {
    return Judged.unreadable("absent.csv", "absent.csv: no such file (expected: a log)");
  }

  static List<Judged> all() {
    return List.of(good(), warned(), bad(), nasty(), unreadable());
  }

  private static Run run(String name, double lastLoss) {
    return new Run(
        name, new long[] {1, 10}, new double[] {4, lastLoss}, Map.of(), List.of("1 gap"));
  }
}
