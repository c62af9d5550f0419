package dev.headroom.cli;

import dev.headroom.scaling.check.BaselineRule;
import dev.headroom.scaling.check.CheckOptions;
import dev.headroom.scaling.check.baseline.BaselineComparison;
import dev.headroom.scaling.check.baseline.BaselineFolder;
import dev.headroom.scaling.check.baseline.BaselineSettings;
import dev.headroom.scaling.check.baseline.Comparison;
import dev.headroom.scaling.check.baseline.GoldenRun;
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
      description =
          "For equivalence: a difference that does not matter (baseline.margin; default: 0.5).")
  Double margin;

  @Option(
      names = "--baseline-alpha",
      paramLabel = "PERCENT",
      description = "Healthy repeats that may be called different (baseline.alpha; default: 1).")
  Double alpha;

  @Option(
      names = "--baseline-by",
      paramLabel = "AXIS",
      description = "Compare at equal step (default) or tokens (baseline.by).")
  String axis;

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
      description =
          "What other hardware may make different (baseline.hardware_margin; default: 0.5).")
  Double hardwareMargin;

  /** Compares runs with golden runs that have been read. */
  interface Judge {
    Optional<Comparison> compare(Run run);
  }

  /**
   * Returns options with what the flags set; without golden runs the rule is off.
   *
   * @param asked whether the rule was asked for by its name
   */
  CheckOptions options(CheckOptions options, boolean asked) {
    CheckOptions out = options;
    if (baseline.isEmpty()) {
      out = out.without(BaselineRule.ID);
      if (asked || out.rules().isEmpty() && options.has(BaselineRule.ID)) {
        throw new IllegalArgumentException(
            "rule baseline: no golden runs (expected: --baseline DIR|RUN)");
      }
    }
    out = percent(out, "--baseline-margin", "baseline.margin", margin);
    out = percent(out, "--baseline-alpha", "baseline.alpha", alpha);
    out = percent(out, "--hardware-margin", "baseline.hardware_margin", hardwareMargin);
    return axis == null ? out : out.with("baseline.by", axis);
  }

  private static CheckOptions percent(
      CheckOptions options, String flag, String setting, Double percent) {
    try {
      return percent == null ? options : options.with(setting, percent / 100);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(flag + " " + percent + " %: " + e.getMessage(), e);
    }
  }

  /** Says that golden runs are given, but the rule is off. */
  boolean ignored(CheckOptions options) {
    return !baseline.isEmpty() && !options.has(BaselineRule.ID);
  }

  /**
   * Reads the golden runs.
   *
   * @param options what {@link #options} returned
   */
  Judge open(LogFiles files, CheckOptions options) {
    if (!options.has(BaselineRule.ID)) {
      return run -> Optional.empty();
    }
    BaselineSettings settings = BaselineSettings.of(options, hardware);
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
}
