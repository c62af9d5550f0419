package dev.headroom.scaling.log;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.zip.GZIPInputStream;

/**
 * Decodes a log to characters: unpacks gzip, refuses what is not UTF-8 text, and knows whether the
 * text ended with a line end.
 */
final class TextInput extends Reader {
  /** Longest line that is kept; a longer one is a malformed line, not a full heap. */
  private static final int LONGEST_LINE = 1 << 24;

  private final String name;
  private final Reader in;
  private final char[] head = new char[1 << 16];
  private int headAt;
  private int headEnd;
  private boolean cutShort;
  private char last = '\n';
  private long lines = 1;

  TextInput(InputStream raw, String name) {
    this.name = name;
    try {
      BufferedInputStream bytes = new BufferedInputStream(raw, 1 << 16);
      bytes.mark(2);
      boolean packed = bytes.read() == 0x1f && bytes.read() == 0x8b;
      bytes.reset();
      InputStream plain = packed ? new Unpacked(new GZIPInputStream(bytes, 1 << 16)) : bytes;
      in =
          new InputStreamReader(
              plain,
              StandardCharsets.UTF_8
                  .newDecoder()
                  .onMalformedInput(CodingErrorAction.REPORT)
                  .onUnmappableCharacter(CodingErrorAction.REPORT));
      fillHead();
    } catch (IOException e) {
      throw unreadable(e);
    }
  }

  /** Gzip data that may end early, as a writer that was killed leaves it. */
  private final class Unpacked extends FilterInputStream {
    Unpacked(InputStream in) {
      super(in);
    }

    @Override
    public int read(byte[] out, int off, int len) throws IOException {
      if (cutShort) {
        return -1;
      }
      try {
        return super.read(out, off, len);
      } catch (EOFException e) {
        cutShort = true;
        return -1;
      }
    }
  }

  private void fillHead() throws IOException {
    int n = 0;
    while (n < head.length) {
      int got = in.read(head, n, head.length - n);
      if (got < 0) {
        break;
      }
      n += got;
    }
    headEnd = n;
    headAt = n > 0 && head[0] == '\ufeff' ? 1 : 0;
    for (int i = 0; i < n; i++) {
      if (head[i] == 0) {
        throw binary();
      }
    }
  }

  /** Returns the first characters of the text, at most 65,536, without consuming them. */
  String start() {
    return new String(head, headAt, headEnd - headAt);
  }

  /** Says whether gzip data ended before its end mark; known once all is read. */
  boolean cutShort() {
    return cutShort;
  }

  /** Says whether the text read so far ends with a line end (or is empty). */
  boolean endsWithLineEnd() {
    return last == '\n' || last == '\r';
  }

  @Override
  public int read(char[] out, int off, int len) {
    int n;
    if (headAt < headEnd) {
      n = Math.min(len, headEnd - headAt);
      System.arraycopy(head, headAt, out, off, n);
      headAt += n;
    } else {
      try {
        n = in.read(out, off, len);
      } catch (IOException e) {
        throw unreadable(e);
      }
    }
    for (int i = off; i < off + n; i++) {
      if (out[i] == '\n') {
        lines++;
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
    if (at < end || headAt < headEnd) {
      return false;
    }
    end = Math.max(0, read(buffer, 0, buffer.length));
    at = 0;
    return end == 0;
  }

  private String finish() {
    int n = line.length();
    return n > 0 && line.charAt(n - 1) == '\r' ? line.substring(0, n - 1) : line.toString();
  }

  private LogException unreadable(IOException e) {
    if (e instanceof CharacterCodingException) {
      return new LogException(
          name,
          lines > 1 ? lines : 0,
          LogException.Kind.UNREADABLE,
          "not UTF-8 text, near this line or shortly after it (expected: a log in UTF-8;"
              + " convert it with iconv)");
    }
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
