package dev.headroom.cli;

import dev.headroom.cli.verdict.Judged;
import dev.headroom.cli.verdict.MarkdownReport;
import dev.headroom.cli.verdict.ReportKind;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import picocli.CommandLine.Option;

/** The option that writes verdicts in the forms that continuous integration reads. */
final class ReportOptions {

  /** GitHub shows no summary of a step that is longer than this, in bytes. */
  static final long SUMMARY_LIMIT = 1024 * 1024;

  @Option(
      names = "--report",
      split = ",",
      paramLabel = "KIND[=FILE]",
      description =
          "Report as junit, github (annotations, on standard error), step-summary (added to"
              + " $GITHUB_STEP_SUMMARY), gitlab or openmetrics, markdown, json; without FILE to"
              + " headroom-junit.xml, metrics.txt, headroom-check.md, headroom-check.json.")
  List<String> reports = new ArrayList<>();

  /** Where one report goes; without a file it goes to standard error. */
  private record Target(ReportKind kind, Path file) {
    String name() {
      return "report " + kind.word() + ": ";
    }
  }

  /** The reports that were asked for, every one known to make sense. */
  static final class Reports {
    private final List<Target> targets;

    private Reports(List<Target> targets) {
      this.targets = targets;
    }

    /**
     * Writes all reports; one that cannot be written does not hinder the others.
     *
     * @param command name of the command, for messages
     * @return the exit code: {@link ExitCode#INPUT} where one could not be written
     */
    int write(List<Judged> runs, String command, PrintWriter err) {
      int code = ExitCode.OK;
      for (Target target : targets) {
        try {
          write(target, target.kind().text(runs), err);
        } catch (CommandException e) {
          err.println(command + ": " + target.name() + e.getMessage());
          code = ExitCode.INPUT;
        }
      }
      err.flush();
      return code;
    }

    private static void write(Target target, String text, PrintWriter err) {
      if (target.file() == null) {
        err.print(text);
      } else if (target.kind() == ReportKind.STEP_SUMMARY) {
        append(target.file(), text);
      } else {
        OutputFile.write(target.file(), text.getBytes(StandardCharsets.UTF_8));
      }
    }

    /** Other steps of the same job may have written to the file before. */
    private static void append(Path file, String text) {
      try {
        long used = Files.exists(file) ? Files.size(file) : 0;
        String fitting = MarkdownReport.fit(text, SUMMARY_LIMIT - used);
        if (fitting.isEmpty()) {
          throw new CommandException(
              ExitCode.INPUT,
              file + ": " + used + " bytes are in it (expected: room below GitHub's 1 MiB)");
        }
        Files.writeString(file, fitting, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
      } catch (IOException e) {
        throw new CommandException(
            ExitCode.INPUT, "output: cannot write " + file + ": " + OutputFile.reason(e));
      }
    }
  }

  /**
   * Understands the option before any log is read.
   *
   * @param environment environment variables
   * @throws CommandException with exit code 2 for an unknown kind, one file for two reports, and a
   *     step summary where there is no step
   */
  Reports open(Map<String, String> environment) {
    List<Target> targets = new ArrayList<>();
    Set<Path> files = new HashSet<>();
    for (String report : reports) {
      Target target = target(report, environment);
      if (target.file() != null && !files.add(target.file().toAbsolutePath().normalize())) {
        throw new CommandException(
            ExitCode.USAGE,
            "--report: two reports to " + target.file() + " (expected: a file for each)");
      }
      targets.add(target);
    }
    return new Reports(targets);
  }

  private static Target target(String report, Map<String, String> environment) {
    int equals = report.indexOf('=');
    ReportKind kind = ReportKind.named(equals < 0 ? report : report.substring(0, equals));
    String file = equals < 0 ? kind.usualFile() : report.substring(equals + 1);
    if (equals >= 0 && file.isBlank()) {
      throw new CommandException(
          ExitCode.USAGE, "--report: " + report + " (expected: " + kind.word() + "=FILE)");
    }
    if (equals < 0 && kind == ReportKind.STEP_SUMMARY) {
      file = environment.getOrDefault("GITHUB_STEP_SUMMARY", "");
      if (file.isEmpty()) {
        throw new CommandException(
            ExitCode.USAGE,
            "--report: step-summary without GITHUB_STEP_SUMMARY (expected: a GitHub job, or"
                + " step-summary=FILE)");
      }
    }
    try {
      return new Target(kind, file.isEmpty() ? null : Path.of(file));
    } catch (InvalidPathException e) {
      throw new CommandException(
          ExitCode.USAGE, "--report: " + report + " (expected: a file name): " + e.getReason());
    }
  }
}
