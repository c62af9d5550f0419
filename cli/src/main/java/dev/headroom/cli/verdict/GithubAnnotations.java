package dev.headroom.cli.verdict;

import dev.headroom.scaling.check.Finding;
import dev.headroom.scaling.check.Severity;
import java.util.ArrayList;
import java.util.List;

/**
 * GitHub annotations as workflow commands: {@code ::error file=run.jsonl,title=spike::message}.
 *
 * <p>GitHub shows the first ten errors, ten warnings and ten notices of a step and drops the others
 * without a word. So the findings of one rule in one run are one annotation, and where there are
 * more than ten the tenth counts the rest.
 */
final class GithubAnnotations {
  private static final int SHOWN = 10;
  private static final int LONGEST = 2000;

  private record Annotation(String run, String title, String message) {}

  private GithubAnnotations() {}

  static String text(List<Judged> runs) {
    StringBuilder text = new StringBuilder();
    for (String level : List.of("error", "warning", "notice")) {
      append(text, level, annotations(runs, level));
    }
    return text.toString();
  }

  private static List<Annotation> annotations(List<Judged> runs, String level) {
    List<Annotation> all = new ArrayList<>();
    for (Judged run : runs) {
      if (run.outcome() == Judged.Outcome.UNREADABLE && level.equals("error")) {
        all.add(new Annotation(run.run(), "unreadable", run.problem()));
      }
      for (String rule : run.findings().stream().map(Finding::rule).distinct().toList()) {
        List<Finding> found =
            run.findings(rule).stream().filter(f -> level(run, f).equals(level)).toList();
        if (!found.isEmpty()) {
          all.add(new Annotation(run.run(), rule, message(run, found)));
        }
      }
    }
    return all;
  }

  private static String level(Judged run, Finding finding) {
    if (run.fails(finding)) {
      return "error";
    }
    return finding.severity() == Severity.INFO ? "notice" : "warning";
  }

  private static String message(Judged run, List<Finding> found) {
    Finding first = found.get(0);
    String more = found.size() == 1 ? "" : " (and " + (found.size() - 1) + " more like it)";
    return run.run() + " at step " + first.step() + ": " + first.message() + more;
  }

  private static void append(StringBuilder text, String level, List<Annotation> all) {
    int alone = all.size() <= SHOWN ? all.size() : SHOWN - 1;
    for (Annotation one : all.subList(0, alone)) {
      text.append("::").append(level).append(" file=").append(property(one.run()));
      text.append(",title=").append(property("headroom check: " + one.title()));
      text.append("::").append(data(one.message())).append('\n');
    }
    if (alone < all.size()) {
      long runs = all.subList(alone, all.size()).stream().map(Annotation::run).distinct().count();
      String rest =
          (all.size() - alone) + " more of this kind in " + runs + (runs == 1 ? " run" : " runs");
      text.append("::").append(level).append(" title=").append(property("headroom check: more"));
      text.append("::").append(data(rest + "; the other reports have them all")).append('\n');
    }
  }

  /** Escapes the text after the second {@code ::}. */
  static String data(String text) {
    String cut = text.length() <= LONGEST ? text : text.substring(0, LONGEST) + "...";
    return cut.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A");
  }

  /** Escapes the value of a property. */
  static String property(String text) {
    return data(text).replace(":", "%3A").replace(",", "%2C");
  }
}
