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

/**
 * One log before its kind is known: a file, a folder or a stream, unpacked where it is gzip, with
 * its first 64 KiB at hand.
 *
 * <p>The bytes can be asked for once, since a pipe is read once; {@link #head} is free.
 */
final class LogInput implements AutoCloseable {
  private static final int HEAD = 1 << 16;

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
      return new LogInput(name, path, false, Files.newInputStream(path));
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
    Unpacked(InputStream in) throws IOException {
      super(in, HEAD);
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
      headText = isBinary(headText) ? "" : headText;
    }
    return headText;
  }

  private Charset charset() {
    return StandardCharsets.UTF_8;
  }

  /** Text holds no zero and few characters that cannot be decoded or are no text. */
  private static boolean isBinary(String text) {
    int odd = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == 0) {
        return true;
      }
      odd += c == '\ufffd' || (c < ' ' && "\t\n\r\f\b\u0007\u001b".indexOf(c) < 0) ? 1 : 0;
    }
    return odd > 0.2 * text.length();
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
