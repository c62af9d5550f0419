package dev.headroom.scaling.log;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Gives the values of one metric of MLflow's file store: lines of {@code timestamp value step}, the
 * time in milliseconds, the step absent in old stores.
 */
final class MlflowMetric implements StepStream {
  private static final int LONGEST_LINE = 256;

  private final Path file;
  private final EventFile.Opening opening;
  private final Faults faults;
  private final int stepColumn;
  private final int timeColumn;
  private final int valueColumn;
  private InputStream in;
  private final byte[] buffer = new byte[LONGEST_LINE];
  private long line;
  private long step;
  private double seconds;
  private String value;

  MlflowMetric(Path file, EventFile.Opening opening, String column, Cells cells, Faults faults) {
    this.file = file;
    this.opening = opening;
    this.faults = faults;
    stepColumn = cells.add("step");
    timeColumn = cells.add("wall_time");
    valueColumn = cells.add(column);
  }

  /** Says whether a file begins with a line of a metric. */
  static boolean isMetric(Path file) {
    try (InputStream in = Files.newInputStream(file)) {
      String head = new String(in.readNBytes(LONGEST_LINE), StandardCharsets.ISO_8859_1);
      return isMetric(head);
    } catch (IOException e) {
      return false;
    }
  }

  /** Says whether text begins with a line of a metric. */
  static boolean isMetric(String head) {
    int end = head.indexOf('\n');
    String[] fields = (end < 0 ? head : head.substring(0, end)).split(" ", -1);
    return (fields.length == 2 || fields.length == 3)
        && fields[0].matches("[0-9]{12,14}")
        && !Run.isAbsent(Cells.number(fields[1]))
        && (fields.length == 2 || fields[2].strip().matches("-?[0-9]{1,18}"));
  }

  @Override
  public boolean advance() {
    try {
      if (in == null) {
        in = new BufferedInputStream(opening.open());
      }
      while (true) {
        String text = readLine();
        if (text == null) {
          return false;
        }
        if (isMetric(text)) {
          take(text.split(" ", -1));
          return true;
        }
        faults.malformed("no line 'timestamp value step' of " + file.getFileName(), line, text);
      }
    } catch (IOException e) {
      throw new LogException(
          file.toString(), 0, LogException.Kind.UNREADABLE, "cannot be read: " + e.getMessage());
    }
  }

  /** Returns the next line that has a line end, at most its first 256 bytes; null at the end. */
  private String readLine() throws IOException {
    int n = 0;
    int b = in.read();
    boolean any = b >= 0;
    while (b >= 0 && b != '\n') {
      if (n < LONGEST_LINE && b != '\r') {
        buffer[n++] = (byte) b;
      }
      b = in.read();
    }
    if (!any) {
      return null;
    }
    line++;
    if (b < 0) {
      faults.note("the last line is cut and was left out (" + file + ":" + line + ")");
      return null;
    }
    return new String(buffer, 0, n, StandardCharsets.ISO_8859_1);
  }

  private void take(String[] fields) {
    seconds = Long.parseLong(fields[0]) / 1000.0;
    value = fields[1];
    step = fields.length == 2 ? 0 : Long.parseLong(fields[2]);
  }

  @Override
  public long step() {
    return step;
  }

  @Override
  public long firstStep() {
    return Long.MIN_VALUE;
  }

  @Override
  public boolean clashes(Cells cells) {
    return cells.has(valueColumn);
  }

  @Override
  public void lay(Cells cells) {
    cells.set(stepColumn, (double) step);
    cells.set(timeColumn, seconds);
    cells.set(valueColumn, value);
  }

  @Override
  public void close() {
    try {
      if (in != null) {
        in.close();
      }
    } catch (IOException e) {
      // All that was wanted of the file was read.
      in = null;
    }
  }
}
