package dev.headroom.head.training;

import java.io.BufferedReader;
import java.io.Closeable;
import java.io.IOException;
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
 * <p>Keys: {@code step, tokens, loss} (nats a token), {@code lr, grad_norm, time} (seconds) and,
 * where it was evaluated, {@code val_loss}. A loss that is not finite is written as {@code NaN} or
 * {@code Infinity}, which the readers take.
 */
public final class LossLog implements Closeable {
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
  public void write(Entry entry) throws IOException {
    out.write(entry.json() + "\n");
    out.flush();
  }

  @Override
  public void close() throws IOException {
    out.close();
  }

  /**
   * One line of the log.
   *
   * @param step number of the update, from 1
   * @param tokens seen so far, this step's included
   * @param loss of this step's batch before the update, in nats a token
   * @param lr learning rate of this update
   * @param gradNorm norm of all gradients before clipping
   * @param seconds since the run began
   * @param valLoss loss on held-out text after this update, or null
   */
  public record Entry(
      long step,
      long tokens,
      float loss,
      double lr,
      double gradNorm,
      double seconds,
      Float valLoss) {

    String json() {
      // Float.toString is the shortest text that gives the same float back
      return "{\"step\":"
          + step
          + ",\"tokens\":"
          + tokens
          + ",\"loss\":"
          + loss
          + ",\"lr\":"
          + lr
          + ",\"grad_norm\":"
          + gradNorm
          + ",\"time\":"
          + Math.round(seconds * 1000) / 1000.0
          + (valLoss == null ? "" : ",\"val_loss\":" + valLoss)
          + "}";
    }
  }
}
