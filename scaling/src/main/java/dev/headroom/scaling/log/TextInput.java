package dev.headroom.scaling.log;

import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.Charset;
import java.util.Arrays;

/**
 * Decodes a log to characters and lines.
 *
 * <p>Bytes that are no character are counted and read as U+FFFD: numbers are ASCII in every
 * encoding of logs, so that only names suffer. A line ends with LF, CR LF or, as progress bars end
 * it, CR alone. A block of zero bytes, the hole that a crash leaves in a file, is dropped and
 * counted; a lone zero is the mark of a binary file. A line of more than 8 million characters is
 * counted and left out, one of more than 256 million ends the reading: memory and time are bounded
 * whatever the log holds.
 */
final class TextInput extends Reader {
  /** Longest line that is kept. */
  static final int LONGEST_LINE = 1 << 23;

  private static final long LONGEST_SKIPPED = 1L << 28;

  /** Shortest run of zero bytes that is a hole and no binary number. */
  static final int HOLE = 64;

  private final String name;
  private final Reader in;
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
  private char last = '\n';
  private boolean begun;
  private long undecoded;
  private long firstUndecoded;
  private long word;
  private long zeroRun;
  private long zeros;
  private long tooLong;
  private long firstTooLong;

  TextInput(InputStream bytes, Charset charset, String name) {
    this.name = name;
    in = new InputStreamReader(bytes, charset);
  }

  /** Goes to the next line, which then is {@link #chars} from {@link #from} to {@link #to}. */
  boolean nextLine() {
    while (true) {
      if (endedLine) {
        line++;
        endedLine = false;
      }
      from = at;
      while (true) {
        int p = at;
        int stop = end;
        char[] b = buffer;
        while (p < stop && (b[p] > '\r' || (b[p] != '\n' && b[p] != '\r'))) {
          p++;
        }
        at = p;
        if (p < stop) {
          break;
        }
        if (at - from >= LONGEST_LINE) {
          skip();
          from = at;
          break;
        }
        if (!fill()) {
          to = at;
          open = to > from;
          return open;
        }
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
    int got = decode(buffer, end, buffer.length - end);
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
    return last == '\n' || last == '\r';
  }

  @Override
  public int read(char[] out, int off, int len) {
    if (at < end) {
      int n = Math.min(len, end - at);
      System.arraycopy(buffer, at, out, off, n);
      at += n;
      return n;
    }
    int n = decode(out, off, len);
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

  /** Reads at least one character, or -1 at the end. */
  private int decode(char[] out, int off, int len) {
    try {
      while (true) {
        int n = in.read(out, off, len);
        if (n < 0) {
          checkHole();
          return n;
        }
        if (!begun && n > 0) {
          begun = true;
          if (out[off] == '\ufeff') {
            System.arraycopy(out, off + 1, out, off, --n);
          }
        }
        n = clean(out, off, n);
        if (n > 0) {
          last = out[off + n - 1];
          return n;
        }
      }
    } catch (IOException e) {
      throw new LogException(
          name, 0, LogException.Kind.UNREADABLE, "cannot be read: " + e.getMessage());
    }
  }

  private int clean(char[] out, int off, int n) {
    boolean zero = zeroRun > 0;
    for (int i = off; i < off + n; i++) {
      char c = out[i];
      if (c == 0) {
        zero = true;
      } else if (c == '\ufffd' && undecoded++ == 0) {
        firstUndecoded = line;
      }
    }
    return zero ? withoutZeros(out, off, n) : n;
  }

  private int withoutZeros(char[] out, int off, int n) {
    int kept = off;
    for (int i = off; i < off + n; i++) {
      if (out[i] == 0) {
        zeroRun++;
      } else {
        checkHole();
        out[kept++] = out[i];
      }
    }
    return kept - off;
  }

  private void checkHole() {
    if (zeroRun > 0 && zeroRun < HOLE) {
      throw new LogException(
          name,
          line > 1 ? line : 0,
          LogException.Kind.UNREADABLE,
          "a binary file, it holds a zero byte (expected: JSONL or CSV text)");
    }
    zeros += zeroRun;
    zeroRun = 0;
  }

  /** Notes what could not be read, once all is read. */
  void tell(Faults faults) {
    if (undecoded > 0) {
      faults.note(
          (undecoded == 1 ? "1 character is" : undecoded + " characters are")
              + " not UTF-8, first near "
              + name
              + ":"
              + firstUndecoded
              + " (names with them read as '\ufffd'; convert the log with iconv)");
    }
    if (zeros > 0) {
      faults.note(zeros + " zero bytes, a hole as a crash leaves it, were left out");
    }
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
