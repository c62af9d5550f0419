package dev.headroom.cli;

import dev.headroom.scaling.check.Finding;
import dev.headroom.scaling.check.Severity;
import dev.headroom.scaling.check.baseline.BaselineComparison;
import dev.headroom.scaling.check.baseline.BaselineFolder;
import dev.headroom.scaling.check.baseline.BaselineSettings;
import dev.headroom.scaling.check.baseline.Comparison;
import dev.headroom.scaling.check.baseline.GoldenRun;
import dev.headroom.scaling.log.Axis;
import dev.headroom.scaling.log.LogException;
import dev.headroom.scaling.log.Run;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Option;

/** Golden runs to compare with, and how. */
final class BaselineOptions {

  /** Id of the rule. */
  static final String RULE = "baseline";

  @Option(
      names = "--baseline",
      split = ",",
      paramLabel = "DIR|RUN,...",
      description =
          "Rule baseline: compare with these golden runs, folders of them (headroom baseline) or logs:"
              + " different, equivalent, or cannot tell. Repeatable.")
  List<String> baseline = new ArrayList<>();

  @Option(
      names = "--baseline-margin",
      paramLabel = "PERCENT",
      description = "Difference that does not matter, for equivalence (default: 0.5).")
  double margin = 0.5;

  @Option(
      names = "--baseline-alpha",
      paramLabel = "PERCENT",
      description = "Healthy repeats that may be called different (default: 1).")
  double alpha = 1;

  @Option(
      names = "--baseline-by",
      paramLabel = "AXIS",
      description = "Compare at equal step (default) or tokens.")
  Axis axis = Axis.STEP;

  @Option(
      names = "--hardware",
      paramLabel = "CLASS",
      description =
          "Hardware of this run, such as h100: golden runs of the same class are used; where there is"
              + " none, others with --hardware-margin.")
  String hardware = "";

  @Option(
      names = "--hardware-margin",
      paramLabel = "PERCENT",
      description = "Difference that other hardware may make (default: 0.5).")
  double hardwareMargin = 0.5;

  /** Compares runs with golden runs that have been read. */
  interface Judge {
    Optional<Comparison> compare(Run run);
  }

  /** Reads the golden runs. */
  Judge open(LogFiles files) {
    if (baseline.isEmpty()) {
      return run -> Optional.empty();
    }
    BaselineSettings settings =
        new BaselineSettings(alpha / 100, margin / 100, hardwareMargin / 100, axis, hardware);
    List<GoldenRun> golden = new ArrayList<>();
    for (String source : baseline) {
      golden.addAll(read(source, files));
    }
    BaselineComparison comparison = new BaselineComparison(settings);
    return run -> Optional.of(comparison.compare(golden, run));
  }

  private static List<GoldenRun> read(String source, LogFiles files) {
    Path path = LogFiles.path(source);
    if (Files.isDirectory(path) && BaselineFolder.isBaseline(path)) {
      return BaselineFolder.open(path).read();
    }
    try {
      return List.of(new GoldenRun(files.run(source), ""));
    } catch (LogException e) {
      // A folder may be a log of its own kind; if it is none, a baseline was meant.
      if (Files.isDirectory(path)) {
        BaselineFolder.open(path);
      }
      throw e;
    }
  }

  /** Returns what a comparison is to a verdict: worse fails, cannot tell warns. */
  static Finding finding(Comparison c) {
    Severity severity =
        switch (c.outcome()) {
          case WORSE -> Severity.ERROR;
          case CANNOT_TELL -> Severity.WARNING;
          case BETTER, EQUIVALENT -> Severity.INFO;
        };
    return new Finding(RULE, severity, c.lastStep(), c.message());
  }
}
