package dev.headroom.cli.verdict;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/** The forms of a report: the word that asks for it, its usual file and what makes it. */
public enum ReportKind {
  /** JUnit XML, a test case for each rule and run; Jenkins, GitLab and others show it. */
  JUNIT("headroom-junit.xml", JunitReport::text, "junit"),
  /** GitHub annotations, as workflow commands on standard error. */
  GITHUB("", GithubAnnotations::text, "github"),
  /** Markdown for the page of a GitHub job, added to the file of {@code GITHUB_STEP_SUMMARY}. */
  STEP_SUMMARY("", MarkdownReport::text, "step-summary"),
  /** OpenMetrics text, which GitLab shows beside a merge request. */
  OPENMETRICS("metrics.txt", MetricsReport::text, "openmetrics", "gitlab"),
  /** A table and the findings in Markdown. */
  MARKDOWN("headroom-check.md", MarkdownReport::text, "markdown"),
  /** The same data for programs, as {@code check-1.schema.json} describes it. */
  JSON("headroom-check.json", JsonReport::text, "json");

  private final String usualFile;
  private final Function<List<Judged>, String> writer;
  private final List<String> words;

  ReportKind(String usualFile, Function<List<Judged>, String> writer, String... words) {
    this.usualFile = usualFile;
    this.writer = writer;
    this.words = List.of(words);
  }

  /** Returns the file it goes to where none is named; empty where it does not go to one. */
  public String usualFile() {
    return usualFile;
  }

  /** Returns the first word that asks for it. */
  public String word() {
    return words.get(0);
  }

  /** Makes the text. */
  public String text(List<Judged> runs) {
    return writer.apply(runs);
  }

  /**
   * Finds a kind.
   *
   * @throws IllegalArgumentException for a word that is none
   */
  public static ReportKind named(String word) {
    List<String> known = new ArrayList<>();
    for (ReportKind kind : values()) {
      if (kind.words.contains(word)) {
        return kind;
      }
      known.addAll(kind.words);
    }
    throw new IllegalArgumentException(
        "report: " + word + " (expected: one of " + String.join(", ", known) + ")");
  }
}
