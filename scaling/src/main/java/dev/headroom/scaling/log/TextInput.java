package dev.headroom.scaling.log;

import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.Charset;

/**
 * Decodes a log to characters and knows whether the text ended with a line end.
 *
 * <p>Bytes that are no character are counted and read as U+FFFD: numbers are ASCII in every
 * encoding of logs, so that only names suffer.
 */
final class TextInput extends Reader {
  /** Longest line that is kept; a longer one is a malformed line, not a full heap. */
  private static final int LONGEST_LINE = 1 << 24;

  private final String name;
  private final Reader in;
  private boolean begun;
  private char last = '\n';
  private long lines = 1;
  private long undecoded;
  private long firstUndecoded;

  TextInput(InputStream bytes, Charset charset, String name) {
    this.name = name;
    in = new InputStreamReader(bytes, charset);
  }

  /** Says whether the text read so far ends with a line end (or is empty). */
  boolean endsWithLineEnd() {
    return last == '\n' || last == '\r';
  }

  @Override
  public int read(char[] out, int off, int len) {
    int n;
    try {
      n = in.read(out, off, len);
      if (!begun && n > 0) {
        begun = true;
        if (out[off] == '\ufeff') {
          System.arraycopy(out, off + 1, out, off, --n);
          n = n > 0 ? n : in.read(out, off, len);
        }
      }
    } catch (IOException e) {
      throw unreadable(e);
    }
    for (int i = off; i < off + n; i++) {
      if (out[i] == '\n') {
        lines++;
      } else if (out[i] == '\ufffd' && undecoded++ == 0) {
        firstUndecoded = lines;
      } else if (out[i] == 0) {
        throw binary();
      }
    }
    if (n > 0) {
      last = out[off + n - 1];
    }
    return n;
  }

  private final char[] buffer = new char[1 << 14];
  private int at;
  private int end;
  private final StringBuilder line = new StringBuilder();

  /**
   * Returns the next line without its end, null at the end, at most 16 million characters of it.
   */
  String readLine() {
    line.setLength(0);
    boolean any = false;
    while (true) {
      if (at == end) {
        end = read(buffer, 0, buffer.length);
        at = 0;
        if (end <= 0) {
          end = 0;
          return any ? finish() : null;
        }
      }
      any = true;
      int from = at;
      while (at < end && buffer[at] != '\n') {
        at++;
      }
      if (line.length() < LONGEST_LINE) {
        line.append(buffer, from, at - from);
      }
      if (at < end) {
        at++;
        return finish();
      }
    }
  }

  /** Says whether every character was handed out by readLine. */
  boolean finished() {
    if (at < end) {
      return false;
    }
    end = Math.max(0, read(buffer, 0, buffer.length));
    at = 0;
    return end == 0;
  }

  /** Notes what could not be decoded, once all is read. */
  void tell(Faults faults) {
    if (undecoded > 0) {
      faults.note(
          (undecoded == 1 ? "1 character is" : undecoded + " characters are")
              + " not UTF-8, first at "
              + name
              + ":"
              + firstUndecoded
              + " (names with them read as '\ufffd'; convert the log with iconv)");
    }
  }

  private String finish() {
    int n = line.length();
    return n > 0 && line.charAt(n - 1) == '\r' ? line.substring(0, n - 1) : line.toString();
  }

  private LogException unreadable(IOException e) {
    return new LogException(
        name, 0, LogException.Kind.UNREADABLE, "cannot be read: " + e.getMessage());
  }

  private LogException binary() {
    return new LogException(
        name,
        lines > 1 ? lines : 0,
        LogException.Kind.UNREADABLE,
        "a binary file, it holds a zero byte (expected: JSONL or CSV text)");
  }

  @Override
  public void close() throws IOException {
    in.close();
  }
}
