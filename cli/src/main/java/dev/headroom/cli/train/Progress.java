package dev.headroom.cli.train;

import dev.headroom.listeners.TrainingStep;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/** Shows how far a run is: a bar on a terminal, else a line now and then, nothing when quiet. */
final class Progress implements AutoCloseable {
  private static final long LINE_NANOS = 15_000_000_000L;

  private final long first;
  private final long steps;
  private final long tokensPerStep;
  private final PrintWriter err;
  private final ProgressBar bar;
  private final long start = System.nanoTime();
  private long lastLine = start;
  private Float valLoss;

  Progress(long first, long steps, long tokensPerStep, PrintWriter err) {
    this.first = first;
    this.steps = steps;
    this.tokensPerStep = tokensPerStep;
    this.err = err;
    bar = err != null && stderrIsTerminal() ? bar(first, steps) : null;
  }

  /** System.console() tells of standard input and output, not of where the bar goes. */
  private static boolean stderrIsTerminal() {
    try {
      String target = Files.readSymbolicLink(Path.of("/proc/self/fd/2")).toString();
      return target.startsWith("/dev/pts/") || target.startsWith("/dev/tty");
    } catch (IOException | UnsupportedOperationException e) {
      return false;
    }
  }

  private static ProgressBar bar(long first, long steps) {
    return new ProgressBarBuilder()
        .setTaskName("train")
        .setInitialMax(steps)
        .startsFrom(first, java.time.Duration.ZERO)
        .setStyle(ProgressBarStyle.ASCII)
        .setUpdateIntervalMillis(500)
        .build();
  }

  /** Tells of a finished step. */
  void step(TrainingStep entry) {
    valLoss = entry.valLoss() == null ? valLoss : entry.valLoss();
    if (bar != null) {
      bar.stepTo(entry.step());
      bar.setExtraMessage(message(entry));
    } else if (err != null && System.nanoTime() - lastLine > LINE_NANOS) {
      lastLine = System.nanoTime();
      long left = Math.round(perStep(entry) * (steps - entry.step()));
      err.printf(
          Locale.ROOT,
          "step %d of %d, %s, %d:%02d left%n",
          entry.step(),
          steps,
          message(entry),
          left / 60,
          left % 60);
      err.flush();
    }
  }

  private double perStep(TrainingStep entry) {
    return (System.nanoTime() - start) / 1e9 / Math.max(1, entry.step() - first);
  }

  private String message(TrainingStep entry) {
    return String.format(
        Locale.ROOT,
        "loss %.4f%s, %.0f tokens/s",
        entry.loss(),
        valLoss == null ? "" : String.format(Locale.ROOT, ", held-out %.4f", valLoss),
        tokensPerStep / perStep(entry));
  }

  @Override
  public void close() {
    if (bar != null) {
      bar.close();
    }
  }
}
