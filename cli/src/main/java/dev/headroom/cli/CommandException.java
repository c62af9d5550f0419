package dev.headroom.cli;

/** Ends a command with a message for the user and an exit code. */
public final class CommandException extends RuntimeException {
  private static final long serialVersionUID = 1;

  private final int exitCode;

  /**
   * Makes the exception.
   *
   * @param exitCode one of {@link ExitCode}
   * @param message what is wrong and the way out, one line
   */
  public CommandException(int exitCode, String message) {
    super(message);
    this.exitCode = exitCode;
  }

  /** Returns the exit code. */
  public int exitCode() {
    return exitCode;
  }
}
