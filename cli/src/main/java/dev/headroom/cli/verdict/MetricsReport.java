package dev.headroom.cli.verdict;

import dev.headroom.scaling.check.Finding;
import dev.headroom.scaling.check.Severity;
import java.util.List;
import java.util.function.ToDoubleFunction;

/**
 * OpenMetrics 1.0 text: gauges of each run, by its name in the label {@code run}.
 *
 * <p>No time stamps, since a report of an unchanged log is to be an unchanged report. GitLab takes
 * everything after a {@code #} for a comment, in a label too, so that a {@code #} in a name becomes
 * {@code _}.
 */
final class MetricsReport {
  private MetricsReport() {}

  static String text(List<Judged> runs) {
    StringBuilder text = new StringBuilder();
    List<Judged> read =
        runs.stream().filter(r -> r.outcome() != Judged.Outcome.UNREADABLE).toList();
    family(text, "headroom_check_passed", "", "Whether the run passed (1) or not (0).");
    gauges(text, "headroom_check_passed", runs, r -> r.outcome() == Judged.Outcome.PASS ? 1 : 0);
    family(text, "headroom_check_readable", "", "Whether the log could be judged (1) or not (0).");
    gauges(
        text,
        "headroom_check_readable",
        runs,
        r -> r.outcome() == Judged.Outcome.UNREADABLE ? 0 : 1);
    family(text, "headroom_check_findings", "", "Warnings and errors of a rule.");
    read.forEach(run -> findings(text, run));
    family(text, "headroom_check_last_step", "", "Last step of the run.");
    gauges(text, "headroom_check_last_step", read, r -> r.extent().lastStep());
    family(text, "headroom_check_last_loss_nats", "nats", "Loss at the last step.");
    gauges(text, "headroom_check_last_loss_nats", read, r -> r.extent().lastLoss());
    List<Judged> compared = read.stream().filter(r -> r.baseline().isPresent()).toList();
    if (!compared.isEmpty()) {
      String difference = "headroom_check_baseline_difference_ratio";
      family(text, difference, "ratio", "Loss beside the golden runs: 0.003 is 0.3 % more.");
      gauges(text, difference, compared, r -> r.baseline().orElseThrow().size());
      String detectable = "headroom_check_baseline_detectable_ratio";
      family(text, detectable, "ratio", "Difference that would be found 4 times in 5.");
      gauges(text, detectable, compared, r -> r.baseline().orElseThrow().detectable());
    }
    return text.append("# EOF\n").toString();
  }

  private static void family(StringBuilder text, String name, String unit, String help) {
    text.append("# TYPE ").append(name).append(" gauge\n");
    if (!unit.isEmpty()) {
      text.append("# UNIT ").append(name).append(' ').append(unit).append('\n');
    }
    text.append("# HELP ").append(name).append(' ').append(help).append('\n');
  }

  private static void gauges(
      StringBuilder text, String name, List<Judged> runs, ToDoubleFunction<Judged> value) {
    for (Judged run : runs) {
      text.append(name).append("{run=\"").append(label(run.run())).append("\"} ");
      text.append(number(value.applyAsDouble(run))).append('\n');
    }
  }

  private static void findings(StringBuilder text, Judged run) {
    for (String rule : run.rules()) {
      List<Finding> found = run.findings(rule);
      for (Severity severity : List.of(Severity.WARNING, Severity.ERROR)) {
        long count = found.stream().filter(f -> f.severity() == severity).count();
        text.append("headroom_check_findings{run=\"").append(label(run.run()));
        text.append("\",rule=\"").append(label(rule)).append("\",severity=\"");
        text.append(severity.word()).append("\"} ");
        text.append(count).append('\n');
      }
    }
  }

  /** Writes a number as OpenMetrics has it. */
  static String number(double value) {
    if (Double.isNaN(value)) {
      return "NaN";
    }
    if (Double.isInfinite(value)) {
      return value > 0 ? "+Inf" : "-Inf";
    }
    return value == Math.rint(value) && Math.abs(value) < 1e15
        ? String.valueOf((long) value)
        : String.valueOf(value);
  }

  /** Escapes the value of a label. */
  static String label(String text) {
    return text.replace("\r", "")
        .replace("\\", "\\\\")
        .replace("\"", "\\\"")
        .replace("\n", "\\n")
        .replace('#', '_');
  }
}
