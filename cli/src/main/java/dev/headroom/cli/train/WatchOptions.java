package dev.headroom.cli.train;

import dev.headroom.listeners.ForecastLine;
import dev.headroom.listeners.RuleGuard;
import dev.headroom.listeners.SpectralAlignment;
import dev.headroom.listeners.StepObserver;
import dev.headroom.scaling.check.Finding;
import dev.headroom.scaling.check.Severity;
import dev.headroom.scaling.forecast.LiveForecast;
import dev.headroom.scaling.schedule.Schedule;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import picocli.CommandLine.Option;

/** The options that watch a run and change none of its numbers. */
final class WatchOptions {
  private static final double LEVEL = 0.9;

  @Option(
      names = "--stop-on",
      paramLabel = "SEVERITY",
      description =
          "Stop at a finding of the rules of headroom check: error, warning or never (default:"
              + " never). Findings are told on standard error in any case.")
  String stopOn = "never";

  @Option(
      names = "--forecast-every",
      paramLabel = "K",
      description = "Forecast the last loss every K steps on standard error (default: 0, off).")
  int forecastEvery;

  @Option(
      names = "--alignment-every",
      paramLabel = "K",
      description =
          "Log the sign diversity of the inputs of each layer's inner matrices every K steps: its"
              + " fall to 0 is an early sign of collapse (default: 0, off).")
  int alignmentEvery;

  /** Returns what measures the layers, or null. */
  SpectralAlignment alignment() {
    notNegative("--alignment-every", alignmentEvery);
    return alignmentEvery == 0 ? null : new SpectralAlignment(alignmentEvery);
  }

  /**
   * Returns who is told of each step.
   *
   * @param schedule learning rates of the run
   * @param line takes what they have to say
   */
  List<StepObserver> observers(Schedule schedule, Consumer<String> line) {
    notNegative("--forecast-every", forecastEvery);
    List<StepObserver> out = new ArrayList<>();
    RuleGuard.Builder guard = RuleGuard.builder().addCallback(f -> line.accept(text(f)));
    out.add(stop(guard).build());
    if (forecastEvery > 0) {
      LiveForecast forecast = new LiveForecast(schedule, List.of(), LEVEL);
      out.add(new ForecastLine(forecast, forecastEvery, line));
    }
    return out;
  }

  private RuleGuard.Builder stop(RuleGuard.Builder guard) {
    switch (stopOn) {
      case "never":
        return guard.neverStop();
      case "warning":
        return guard.optStopOn(Severity.WARNING);
      case "error":
        return guard.optStopOn(Severity.ERROR);
      default:
        throw new IllegalArgumentException(
            "--stop-on: " + stopOn + " (expected: error, warning or never)");
    }
  }

  private static String text(Finding finding) {
    return finding.severity().word()
        + " "
        + finding.rule()
        + " at step "
        + finding.step()
        + ": "
        + finding.message();
  }

  private static void notNegative(String name, int value) {
    if (value < 0) {
      throw new IllegalArgumentException(name + ": " + value + " (expected: 0 (off) or more)");
    }
  }
}
