package dev.headroom.scaling.log;

import java.io.IOException;
import java.io.InputStream;
import java.io.Reader;
import java.nio.charset.Charset;
import java.util.Arrays;

/**
 * Decodes a log to characters and lines.
 *
 * <p>A line ends with LF, CR LF or, as progress bars end it, CR alone. A line of more than 8
 * million characters is counted and left out, one of more than 256 million ends the reading: memory
 * and time are bounded whatever the log holds.
 */
final class TextInput extends Reader {
  /** Longest line that is kept. */
  static final int LONGEST_LINE = 1 << 23;

  private static final long LONGEST_SKIPPED = 1L << 28;

  private final String name;
  private final Decoder in;
  private char[] buffer = new char[1 << 16];
  private int at;
  private int end;
  private int from;
  private int to;
  private long line = 1;
  private boolean afterReturn;
  private boolean endedLine;
  private boolean over;
  private boolean open;
  private long word;
  private long tooLong;
  private long firstTooLong;

  TextInput(InputStream bytes, Charset charset, String name) {
    this.name = name;
    in = new Decoder(bytes, charset, name);
  }

  /** Goes to the next line, which then is {@link #chars} from {@link #from} to {@link #to}. */
  boolean nextLine() {
    while (true) {
      if (endedLine) {
        line++;
        endedLine = false;
      }
      from = at;
      if (!findLineEnd()) {
        to = at;
        open = to > from;
        return open;
      }
      if (at == end) {
        continue;
      }
      to = at;
      char c = buffer[at++];
      endedLine = c == '\n';
      boolean second = c == '\n' && to == from && afterReturn;
      afterReturn = c == '\r';
      if (!second) {
        return true;
      }
    }
  }

  /** Goes to the end of the line begun; returns false if the text ends before. */
  private boolean findLineEnd() {
    while (true) {
      int p = at;
      int stop = end;
      char[] b = buffer;
      while (p < stop && (b[p] > '\r' || (b[p] != '\n' && b[p] != '\r'))) {
        p++;
      }
      at = p;
      if (p < stop) {
        return true;
      }
      if (at - from >= LONGEST_LINE) {
        skip();
        from = at;
        return true;
      }
      if (!fill()) {
        return false;
      }
    }
  }

  /** Passes over the rest of a line that is too long. */
  private void skip() {
    if (tooLong++ == 0) {
      firstTooLong = line;
    }
    long skipped = at - from;
    while (true) {
      from = at;
      if (!fill()) {
        return;
      }
      while (at < end && buffer[at] != '\n' && buffer[at] != '\r') {
        at++;
        skipped++;
      }
      if (at < end) {
        return;
      }
      if (skipped > LONGEST_SKIPPED) {
        throw new LogException(
            name,
            line,
            LogException.Kind.UNREADABLE,
            "a line of more than 256 million characters (expected: lines of at most 8 million)");
      }
    }
  }

  /** Reads on behind the line begun; returns false at the end. */
  private boolean fill() {
    if (over) {
      return false;
    }
    if (from > 0) {
      System.arraycopy(buffer, from, buffer, 0, end - from);
      at -= from;
      end -= from;
      from = 0;
    }
    if (end == buffer.length) {
      buffer = Arrays.copyOf(buffer, 2 * end);
    }
    int got = in.read(buffer, end, buffer.length - end, line);
    if (got < 0) {
      over = true;
      return false;
    }
    end += got;
    return true;
  }

  char[] chars() {
    return buffer;
  }

  int from() {
    return from;
  }

  int to() {
    return to;
  }

  /** Returns the number of the line last read, from 1. */
  long line() {
    return line;
  }

  /** Returns the next line without its end, null at the end. */
  String readLine() {
    return nextLine() ? new String(buffer, from, to - from) : null;
  }

  /** Says whether the line last read has no line end, so that it may be cut. */
  boolean lineIsOpen() {
    return open;
  }

  /** Says whether the line last read ended with a carriage return. */
  boolean lineIsRedrawn() {
    return afterReturn;
  }

  /** Says whether the text read so far ends with a line end (or is empty). */
  boolean endsWithLineEnd() {
    return in.last() == '\n' || in.last() == '\r';
  }

  @Override
  public int read(char[] out, int off, int len) {
    if (at < end) {
      int n = Math.min(len, end - at);
      System.arraycopy(buffer, at, out, off, n);
      at += n;
      return n;
    }
    int n = in.read(out, off, len, line);
    for (int i = off; i < off + n; i++) {
      char c = out[i];
      line += c == '\n' ? 1 : 0;
      word = c == '\n' || c == ',' || c == '"' ? 0 : word + 1;
    }
    if (word > LONGEST_LINE) {
      throw new LogException(
          name,
          line,
          LogException.Kind.UNREADABLE,
          "a value of more than 8 million characters (expected: a log)");
    }
    return n;
  }

  /** Notes what could not be read, once all is read. */
  void tell(Faults faults) {
    in.tell(faults);
    if (tooLong > 0) {
      faults.note(
          (tooLong == 1 ? "1 line" : tooLong + " lines")
              + " of more than 8 million characters left out, first at "
              + name
              + ":"
              + firstTooLong);
    }
  }

  @Override
  public void close() throws IOException {
    in.close();
  }
}
