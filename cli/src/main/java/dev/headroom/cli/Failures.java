package dev.headroom.cli;

import dev.headroom.scaling.log.LogException;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/** Turns what can go wrong into one line and an exit code; never a stack trace. */
final class Failures {

  /** Where a defect is reported. */
  static final String REPORT =
      "please report it with the command line and the output of `headroom doctor`, and the trace"
          + " that --debug or HEADROOM_DEBUG=1 shows";

  private Failures() {}

  /** Handles a command line that cannot be parsed. */
  static int usage(ParameterException e, String[] args) {
    CommandLine line = e.getCommandLine();
    PrintWriter err = line.getErr();
    err.println(line.getCommandName() + ": " + oneLine(e.getMessage()));
    err.println("Try: " + line.getCommandName() + " --help");
    return ExitCode.USAGE;
  }

  /** Handles what a command threw. */
  static int during(Exception e, CommandLine line, ParseResult parsed) {
    String name = line.getCommandName();
    PrintWriter err = line.getErr();
    int code = code(e);
    if (code == ExitCode.DEFECT) {
      err.println(
          name + ": defect: " + e.getClass().getSimpleName() + ": " + oneLine(e.getMessage()));
      err.println(name + ": " + REPORT);
    } else {
      err.println(name + ": " + oneLine(message(e)));
    }
    if (debug(line)) {
      e.printStackTrace(err);
    }
    return code;
  }

  /** Returns the line about one of several inputs, which it names. */
  static String line(String input, RuntimeException e) {
    String line = oneLine(message(e));
    return line.startsWith(input) ? line : input + ": " + line;
  }

  /** Returns the exit code that an exception stands for. */
  static int code(Exception e) {
    if (e instanceof CommandException command) {
      return command.exitCode();
    }
    if (e instanceof LogException
        || e instanceof IOException
        || e instanceof UncheckedIOException) {
      return ExitCode.INPUT;
    }
    return e instanceof IllegalArgumentException ? ExitCode.USAGE : ExitCode.DEFECT;
  }

  private static String message(Exception e) {
    if (e instanceof IOException io) {
      return fileOf(io) + OutputFile.reason(io);
    }
    if (e instanceof UncheckedIOException unchecked) {
      return fileOf(unchecked.getCause()) + OutputFile.reason(unchecked.getCause());
    }
    return String.valueOf(e.getMessage());
  }

  private static String fileOf(IOException e) {
    return e instanceof java.nio.file.FileSystemException system && system.getFile() != null
        ? system.getFile() + ": "
        : "";
  }

  private static boolean debug(CommandLine line) {
    String variable = System.getenv("HEADROOM_DEBUG");
    boolean asked =
        line.getCommandSpec().userObject() instanceof HeadroomCommand command
            && command.common.debug;
    return asked || (variable != null && !variable.isEmpty() && !variable.equals("0"));
  }

  private static String oneLine(String message) {
    return message == null ? "no message" : message.strip().replaceAll("\\s*\\R\\s*", "; ");
  }
}
