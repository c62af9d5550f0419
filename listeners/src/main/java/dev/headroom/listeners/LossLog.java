package dev.headroom.listeners;

import java.io.BufferedReader;
import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Writes a run's canonical JSONL log: a header, then one line a step, flushed, at full precision.
 *
 * <p>Keys: {@code step, tokens, loss} (nats a token), {@code lr, grad_norm, time} (seconds) and
 * those of {@link TrainingStep#more}. A number that is not finite is written as {@code NaN} or
 * {@code Infinity}, which the readers take.
 */
public final class LossLog implements StepObserver, Closeable {
  private static final Pattern STEP = Pattern.compile("^\\{\"step\":(\\d+),.*\\}$");

  private final Writer out;

  private LossLog(Path file, StandardOpenOption... options) throws IOException {
    out = Files.newBufferedWriter(file, StandardCharsets.UTF_8, options);
  }

  /**
   * Starts a log, in place of any older one.
   *
   * @param header the first line, a JSON object without line breaks
   */
  public static LossLog create(Path file, String header) throws IOException {
    LossLog log =
        new LossLog(
            file,
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING,
            StandardOpenOption.WRITE);
    log.out.write(header + "\n");
    log.out.flush();
    return log;
  }

  /**
   * Continues a log after a step: later lines, and a cut last one, are dropped, in one atomic
   * replacement, so that no step appears twice.
   */
  public static LossLog continueAfter(Path file, long lastStep) throws IOException {
    Path temporary = file.resolveSibling(file.getFileName() + ".tmp");
    try (BufferedReader in = Files.newBufferedReader(file, StandardCharsets.UTF_8);
        Writer kept = Files.newBufferedWriter(temporary, StandardCharsets.UTF_8)) {
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        Matcher step = STEP.matcher(line);
        boolean header = line.startsWith("{\"headroom\"");
        if (header || (step.matches() && Long.parseLong(step.group(1)) <= lastStep)) {
          kept.write(line + "\n");
        }
      }
    }
    Files.move(
        temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    return new LossLog(file, StandardOpenOption.APPEND);
  }

  /** Writes one line and flushes it. */
  public void write(TrainingStep step) throws IOException {
    line(step.json());
  }

  @Override
  public void onStep(TrainingStep step) {
    try {
      write(step);
    } catch (IOException e) {
      throw new UncheckedIOException("loss log: " + e.getMessage(), e);
    }
  }

  /** Writes a line of its own, which the readers lay over that of the same step. */
  @Override
  public void onEvaluation(long step, float valLoss) {
    try {
      line("{\"step\":" + step + ",\"val_loss\":" + valLoss + "}");
    } catch (IOException e) {
      throw new UncheckedIOException("loss log: " + e.getMessage(), e);
    }
  }

  private void line(String json) throws IOException {
    out.write(json + "\n");
    out.flush();
  }

  @Override
  public void close() throws IOException {
    out.close();
  }
}
