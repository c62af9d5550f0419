package dev.headroom.cli.verdict;

import dev.headroom.cli.Figures;
import dev.headroom.scaling.check.BaselineRule;
import dev.headroom.scaling.check.Finding;
import dev.headroom.scaling.check.Severity;
import dev.headroom.scaling.check.baseline.Comparison;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/**
 * Markdown as GitHub and GitLab show it: a line of counts, a table of the runs with the worst
 * first, beside golden runs with the difference, and the findings of each run that has some. That a
 * run is as good as its golden runs is said in the table alone.
 */
public final class MarkdownReport {
  private MarkdownReport() {}

  static String text(List<Judged> runs) {
    List<Judged> worstFirst = new ArrayList<>(runs);
    worstFirst.sort(
        Comparator.comparing(Judged::outcome)
            .thenComparing(r -> r.count(Severity.WARNING))
            .reversed());
    StringBuilder text = new StringBuilder("## headroom check\n\n");
    text.append(counts(runs)).append("\n\n");
    boolean golden = runs.stream().anyMatch(run -> run.baseline().isPresent());
    text.append("| run | verdict | points | last step | last loss | errors | warnings |");
    text.append(golden ? " beside golden runs |\n" : "\n");
    text.append("|---|---|--:|--:|--:|--:|--:|").append(golden ? "---|\n" : "\n");
    for (Judged run : worstFirst) {
      text.append(row(run)).append(golden ? " " + beside(run) + " |\n" : "\n");
    }
    for (Judged run : worstFirst) {
      boolean news = run.findings().stream().anyMatch(f -> !inTable(run, f));
      if (news || !run.problem().isEmpty()) {
        text.append("\n### ").append(escape(run.run())).append("\n\n");
        if (!run.problem().isEmpty()) {
          text.append("- ").append(escape(run.problem())).append('\n');
        }
        run.findings().forEach(finding -> text.append(line(finding)));
      }
    }
    return text.toString();
  }

  /**
   * Cuts a text after a line so that its UTF-8 bytes fit, and says so in its last line.
   *
   * @param bytes room for the text and that line; a text for which even the line is too long
   *     becomes empty
   */
  public static String fit(String text, long bytes) {
    if (text.getBytes(StandardCharsets.UTF_8).length <= bytes) {
      return text;
    }
    String last = "\n_Cut here: the rest is beyond the limit of this page._\n";
    long room = bytes - last.length();
    StringBuilder kept = new StringBuilder();
    for (String line : text.split("(?<=\n)", -1)) {
      room -= line.getBytes(StandardCharsets.UTF_8).length;
      if (room < 0) {
        break;
      }
      kept.append(line);
    }
    return bytes < last.length() ? "" : kept.append(last).toString();
  }

  private static String counts(List<Judged> runs) {
    StringBuilder text = new StringBuilder("**" + Figures.count(runs.size(), "run") + "**");
    for (Judged.Outcome outcome : Judged.Outcome.values()) {
      long count = runs.stream().filter(r -> r.outcome() == outcome).count();
      if (count > 0) {
        text.append(", ").append(count).append(' ').append(word(outcome));
      }
    }
    return text.toString();
  }

  private static String word(Judged.Outcome outcome) {
    return switch (outcome) {
      case PASS -> "passed";
      case FAIL -> "failed";
      case UNREADABLE -> "unreadable";
    };
  }

  private static String row(Judged run) {
    Judged.Extent extent = run.extent();
    boolean readable = run.outcome() != Judged.Outcome.UNREADABLE;
    return String.join(
            " | ",
            "| " + escape(run.run()),
            readable ? word(run.outcome()) : "**unreadable**",
            readable ? String.valueOf(extent.points()) : "",
            readable ? String.valueOf(extent.lastStep()) : "",
            readable ? loss(extent.lastLoss()) : "",
            String.valueOf(run.count(Severity.ERROR)),
            String.valueOf(run.count(Severity.WARNING)))
        + " |";
  }

  private static boolean inTable(Judged run, Finding f) {
    boolean plain = run.baseline().isPresent() && run.baseline().get().notes().isEmpty();
    return plain && f.rule().equals(BaselineRule.ID) && f.severity() == Severity.INFO;
  }

  private static String beside(Judged run) {
    if (run.baseline().isEmpty()) {
      return "";
    }
    Comparison golden = run.baseline().get();
    String word = golden.outcome().name().toLowerCase(Locale.ROOT).replace('_', ' ');
    if (Double.isNaN(golden.size())) {
      return word;
    }
    return String.format(
        Locale.ROOT,
        "%s: %+.2f %% (%+.2f to %+.2f)",
        word,
        100 * golden.size(),
        100 * golden.low(),
        100 * golden.high());
  }

  private static String loss(double loss) {
    return Double.isNaN(loss) ? "NaN" : Figures.of(loss, 5);
  }

  private static String line(Finding f) {
    String severity = f.severity().word();
    String shown = f.severity() == Severity.ERROR ? "**" + severity + "**" : severity;
    return "- "
        + shown
        + " `"
        + f.rule()
        + "` at step "
        + f.step()
        + ": "
        + escape(f.message())
        + "\n";
  }

  /** Writes text so that none of it is taken for Markdown or HTML. */
  static String escape(String text) {
    return text.replaceAll("\\s*\\R\\s*", " ")
        .replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replaceAll("([\\\\`*_\\[\\]|~#@])", "\\\\$1");
  }
}
