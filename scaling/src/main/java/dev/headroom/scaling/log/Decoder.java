package dev.headroom.scaling.log;

import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.Charset;

/**
 * Decodes the bytes of a log.
 *
 * <p>Bytes that are no character are counted and read as U+FFFD: numbers are ASCII in every
 * encoding of logs, so that only names suffer. A block of zero bytes, the hole that a crash leaves
 * in a file, is dropped and counted; a lone zero is the mark of a binary file. A byte order mark is
 * dropped.
 */
final class Decoder {
  /** Shortest run of zero bytes that is a hole and no binary number. */
  static final int HOLE = 64;

  private final String name;
  private final Reader in;
  private char last = '\n';
  private boolean begun;
  private long undecoded;
  private long firstUndecoded;
  private long zeroRun;
  private long zeros;

  Decoder(InputStream bytes, Charset charset, String name) {
    this.name = name;
    in = new InputStreamReader(bytes, charset);
  }

  /** Reads at least one character, or -1 at the end; line is the one for messages. */
  int read(char[] out, int off, int len, long line) {
    try {
      while (true) {
        int n = in.read(out, off, len);
        if (n < 0) {
          checkHole(line);
          return n;
        }
        if (!begun && n > 0) {
          begun = true;
          if (out[off] == '\ufeff') {
            System.arraycopy(out, off + 1, out, off, --n);
          }
        }
        n = clean(out, off, n, line);
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

  private int clean(char[] out, int off, int n, long line) {
    boolean zero = zeroRun > 0;
    for (int i = off; i < off + n; i++) {
      char c = out[i];
      if (c == 0) {
        zero = true;
      } else if (c == '\ufffd' && undecoded++ == 0) {
        firstUndecoded = line;
      }
    }
    return zero ? withoutZeros(out, off, n, line) : n;
  }

  private int withoutZeros(char[] out, int off, int n, long line) {
    int kept = off;
    for (int i = off; i < off + n; i++) {
      if (out[i] == 0) {
        zeroRun++;
      } else {
        checkHole(line);
        out[kept++] = out[i];
      }
    }
    return kept - off;
  }

  private void checkHole(long line) {
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

  /** Returns the character read last, a line end before the first. */
  char last() {
    return last;
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
  }

  void close() throws IOException {
    in.close();
  }
}
