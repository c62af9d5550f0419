package dev.headroom.scaling.log;

import java.io.BufferedInputStream;
import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;

/**
 * One log before its kind is known: a file, a folder or a stream, unpacked where it is gzip, with
 * its first 64 KiB at hand.
 *
 * <p>The bytes can be asked for once, since a pipe is read once; {@link #head} is free.
 */
final class LogInput implements AutoCloseable {
  private static final int HEAD = 1 << 16;
  private static final long BOMB = 1L << 26;
  private static final long MOST_RATIO = 200;

  private final String name;
  private final Path path;
  private final boolean folder;
  private final InputStream raw;
  private InputStream rest;
  private byte[] head = {};
  private String headText;
  private TextInput text;
  private boolean cutShort;

  private LogInput(String name, Path path, boolean folder, InputStream raw) {
    this.name = name;
    this.path = path;
    this.folder = folder;
    this.raw = raw;
    if (!folder) {
      try {
        rest = unpack(raw);
        head = rest.readNBytes(HEAD);
      } catch (IOException e) {
        throw unreadable(e);
      }
    }
  }

  /** Opens a file or a folder; throws {@link LogException} where it cannot be opened. */
  static LogInput of(Path path) {
    String name = path.toString();
    if (Files.isDirectory(path)) {
      return new LogInput(name, path, true, InputStream.nullInputStream());
    }
    try {
      return new LogInput(name, path, false, FileStream.open(path));
    } catch (NoSuchFileException e) {
      throw new LogException(
          name, 0, LogException.Kind.UNREADABLE, "no such file (expected: a log)");
    } catch (IOException e) {
      throw new LogException(
          name, 0, LogException.Kind.UNREADABLE, "cannot be read: " + e.getMessage());
    }
  }

  /** Takes a stream, which {@link #close} leaves open. */
  static LogInput of(InputStream in, String name) {
    return new LogInput(name, null, false, in);
  }

  private InputStream unpack(InputStream in) throws IOException {
    BufferedInputStream bytes = new BufferedInputStream(in, HEAD);
    bytes.mark(2);
    boolean packed = bytes.read() == 0x1f && bytes.read() == 0x8b;
    bytes.reset();
    return packed ? new Unpacked(bytes) : bytes;
  }

  /** Gzip data that may end early, as a writer that was killed leaves it. */
  private final class Unpacked extends GZIPInputStream {
    private long unpacked;

    Unpacked(InputStream in) throws IOException {
      super(in, HEAD);
    }

    @Override
    public int read(byte[] out, int off, int len) throws IOException {
      if (cutShort) {
        return -1;
      }
      try {
        int n = super.read(out, off, len);
        unpacked += Math.max(0, n);
        if (unpacked > BOMB && unpacked / MOST_RATIO > inf.getBytesRead()) {
          throw new IOException(
              "a gzip bomb, it unpacks to more than "
                  + MOST_RATIO
                  + " times its size (expected: a log)");
        }
        return n;
      } catch (EOFException e) {
        cutShort = true;
        return -1;
      } catch (ZipException e) {
        // Bytes behind the packed data or damage in it: what came before is good.
        if (unpacked == 0) {
          throw e;
        }
        cutShort = true;
        return -1;
      }
    }
  }

  /** Returns the name for messages. */
  String name() {
    return name;
  }

  /** Returns the file or folder, null for a stream. */
  Path path() {
    return path;
  }

  boolean isFolder() {
    return folder;
  }

  /** Returns the first bytes after unpacking, at most 65,536, without consuming them. */
  byte[] head() {
    return head;
  }

  /** Returns the first characters, empty if the log is a folder or binary. */
  String headText() {
    if (headText == null) {
      headText = new String(head, charset());
      headText = headText.startsWith("\ufeff") ? headText.substring(1) : headText;
      headText = isBinary(headText) ? "" : headText.replace("\0", "");
    }
    return headText;
  }

  /** UTF-16 is told by its mark, or by ASCII with a zero in every second byte. */
  private Charset charset() {
    int n = Math.min(head.length & ~1, 512);
    if (n < 2) {
      return StandardCharsets.UTF_8;
    }
    int mark = (head[0] & 0xff) << 8 | (head[1] & 0xff);
    if (mark == 0xfeff || mark == 0xfffe) {
      return mark == 0xfeff ? StandardCharsets.UTF_16BE : StandardCharsets.UTF_16LE;
    }
    int even = 0;
    int odd = 0;
    for (int i = 0; i < n; i += 2) {
      even += head[i] == 0 && head[i + 1] != 0 ? 1 : 0;
      odd += head[i] != 0 && head[i + 1] == 0 ? 1 : 0;
    }
    if (n >= 16 && 10 * Math.max(even, odd) > 9 * (n / 2)) {
      return even > odd ? StandardCharsets.UTF_16BE : StandardCharsets.UTF_16LE;
    }
    return StandardCharsets.UTF_8;
  }

  /** Text holds no zero but in holes, and few characters that are no text. */
  private static boolean isBinary(String text) {
    int odd = 0;
    int zeros = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == 0) {
        zeros++;
        continue;
      }
      if (zeros > 0 && zeros < Decoder.HOLE) {
        return true;
      }
      zeros = 0;
      odd += c == '\ufffd' || (c < ' ' && "\t\n\r\f\b\u0007\u001b".indexOf(c) < 0) ? 1 : 0;
    }
    return odd > 0.2 * text.length() || (zeros > 0 && zeros < Decoder.HOLE);
  }

  /** Returns all bytes, unpacked; to be called once. */
  InputStream bytes() {
    if (rest == null) {
      throw new IllegalStateException(name + ": its bytes were taken (expected: once)");
    }
    InputStream out = new SequenceInputStream(new ByteArrayInputStream(head), rest);
    rest = null;
    return out;
  }

  /** Returns all characters; to be called once, instead of {@link #bytes}. */
  TextInput text() {
    text = new TextInput(bytes(), charset(), name);
    return text;
  }

  /** Notes what was odd in the bytes, once all is read. */
  void tell(Faults faults) {
    if (cutShort) {
      faults.note("the gzip data ends early and was read as far as it goes");
    }
    if (text != null) {
      text.tell(faults);
    }
  }

  /** Makes an exception that names this log. */
  LogException fault(LogException.Kind kind, long line, String what) {
    return new LogException(name, line, kind, what);
  }

  private LogException unreadable(IOException e) {
    return fault(LogException.Kind.UNREADABLE, 0, "cannot be read: " + e.getMessage());
  }

  @Override
  public void close() {
    if (path != null) {
      try {
        raw.close();
      } catch (IOException e) {
        throw unreadable(e);
      }
    }
  }
}
