package dev.headroom.cli.verdict;

import dev.headroom.scaling.check.Finding;
import dev.headroom.scaling.check.baseline.Outcome;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * JUnit XML: a suite for each run, a test case for each rule.
 *
 * <p>A rule with a finding that makes the run fail is a failed case. Other findings stand in the
 * output of a case that passed; one that golden runs cannot decide is skipped. A run that could not
 * be judged is a suite with one case {@code readable}, in error. Characters that XML 1.0 cannot
 * hold become U+FFFD.
 */
final class JunitReport {
  private JunitReport() {}

  static String text(List<Judged> runs) {
    StringBuilder suites = new StringBuilder();
    int tests = 0;
    int failures = 0;
    int errors = 0;
    for (Judged run : runs) {
      boolean readable = run.outcome() != Judged.Outcome.UNREADABLE;
      int cases = readable ? run.rules().size() : 1;
      int failed = (int) run.rules().stream().filter(r -> fails(run, r)).count();
      suites.append(
          String.format(
              Locale.ROOT,
              "  <testsuite name=\"%s\" tests=\"%d\" failures=\"%d\" errors=\"%d\" skipped=\"%d\">%n",
              escape(run.run()),
              cases,
              failed,
              readable ? 0 : 1,
              run.rules().stream().filter(r -> undecided(run, r)).count()));
      if (readable) {
        run.rules().forEach(rule -> suites.append(testcase(run, rule)));
      } else {
        suites.append(unreadable(run));
      }
      suites.append("  </testsuite>\n");
      tests += cases;
      failures += failed;
      errors += readable ? 0 : 1;
    }
    return String.format(
        Locale.ROOT,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>%n"
            + "<testsuites name=\"headroom check\" tests=\"%d\" failures=\"%d\" errors=\"%d\">%n"
            + "%s</testsuites>%n",
        tests,
        failures,
        errors,
        suites);
  }

  private static boolean fails(Judged run, String rule) {
    return run.findings(rule).stream().anyMatch(run::fails);
  }

  /** Neither good nor bad: the golden runs are too few to tell. */
  private static boolean undecided(Judged run, String rule) {
    return rule.equals("baseline")
        && !fails(run, rule)
        && run.baseline().filter(b -> b.outcome() == Outcome.CANNOT_TELL).isPresent();
  }

  private static String testcase(Judged run, String rule) {
    List<Finding> findings = run.findings(rule);
    if (findings.isEmpty()) {
      return "    <testcase " + names(run, rule) + "/>\n";
    }
    String lines = findings.stream().map(JunitReport::line).collect(Collectors.joining("\n"));
    String body;
    if (undecided(run, rule)) {
      body = "      <skipped message=\"" + escape(lines) + "\"/>\n";
    } else if (fails(run, rule)) {
      Finding first = findings.stream().filter(run::fails).findFirst().orElseThrow();
      String message = "step " + first.step() + ": " + first.message();
      body =
          "      <failure type=\""
              + escape(rule)
              + "\" message=\""
              + escape(message)
              + "\">"
              + escape(lines)
              + "</failure>\n";
    } else {
      body = "      <system-out>" + escape(lines) + "</system-out>\n";
    }
    return "    <testcase " + names(run, rule) + ">\n" + body + "    </testcase>\n";
  }

  private static String unreadable(Judged run) {
    return "    <testcase "
        + names(run, "readable")
        + ">\n      <error type=\"unreadable\" message=\""
        + escape(run.problem())
        + "\"/>\n    </testcase>\n";
  }

  /** A full stop would make Jenkins take what is before it for a package. */
  private static String names(Judged run, String rule) {
    return "classname=\""
        + escape(run.run().replace('.', '_'))
        + "\" name=\""
        + escape(rule)
        + "\"";
  }

  private static String line(Finding f) {
    return f.severity().word() + " at step " + f.step() + ": " + f.message();
  }

  /** Writes text so that it can stand in an attribute and between tags. */
  static String escape(String text) {
    StringBuilder out = new StringBuilder(text.length() + 16);
    text.codePoints()
        .forEach(
            c -> {
              switch (c) {
                case '&' -> out.append("&amp;");
                case '<' -> out.append("&lt;");
                case '>' -> out.append("&gt;");
                case '"' -> out.append("&quot;");
                case '\t', '\n', '\r' -> out.append("&#").append(c).append(';');
                default -> out.appendCodePoint(legal(c) ? c : 0xFFFD);
              }
            });
    return out.toString();
  }

  private static boolean legal(int c) {
    return c >= 0x20 && c < 0xD800 || c >= 0xE000 && c <= 0xFFFD || c >= 0x10000;
  }
}
