package dev.headroom.cli;

/** The numbers with which the program can end. */
public final class ExitCode {
  /** All good. */
  public static final int OK = 0;

  /** A check failed. */
  public static final int CHECK_FAILED = 1;

  /** The command line makes no sense. */
  public static final int USAGE = 2;

  /** An input is unreadable or empty, or an output cannot be written. */
  public static final int INPUT = 3;

  /** A fit did not converge, or the data do not determine it. */
  public static final int FIT = 4;

  /** A defect of Headroom. */
  public static final int DEFECT = 70;

  private ExitCode() {}
}
