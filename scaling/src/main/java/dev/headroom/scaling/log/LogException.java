package dev.headroom.scaling.log;

/** Says that a log cannot be used, with the file, the line and the kind of fault. */
public final class LogException extends RuntimeException {
  private static final long serialVersionUID = 1;

  /** Kinds of fault. */
  public enum Kind {
    /** The file cannot be opened, is binary or is not UTF-8. */
    UNREADABLE,
    /** There is no row in it. */
    EMPTY,
    /** No row of it can be read. */
    MALFORMED
  }

  private final String file;
  private final long line;
  private final Kind kind;

  /**
   * Makes the exception.
   *
   * @param file name of the file as the user gave it
   * @param line line of the fault from 1, or 0 where it has none
   * @param kind kind of fault
   * @param what the fault and the way out, without the file name
   */
  public LogException(String file, long line, Kind kind, String what) {
    super(file + (line > 0 ? ":" + line : "") + ": " + what);
    this.file = file;
    this.line = line;
    this.kind = kind;
  }

  /** Returns the name of the file. */
  public String file() {
    return file;
  }

  /** Returns the line of the fault from 1, or 0. */
  public long line() {
    return line;
  }

  /** Returns the kind of fault. */
  public Kind kind() {
    return kind;
  }
}
