package dev.headroom.cli;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import picocli.CommandLine;

/** Finds the command that was asked for and runs it. */
public final class Headroom {

  /** Version of the program, as in the pom. */
  public static final String VERSION = "0.1.0";

  private Headroom() {}

  /** Runs the program; the only place that exits. */
  public static void main(String[] args) {
    PrintWriter out = writer(FileDescriptor.out);
    PrintWriter err = writer(FileDescriptor.err);
    int code = run(args, out, err);
    err.flush();
    System.exit(code);
  }

  private static PrintWriter writer(FileDescriptor descriptor) {
    return new PrintWriter(new FileOutputStream(descriptor), false, StandardCharsets.UTF_8);
  }

  /**
   * Runs one command line.
   *
   * @param args words after {@code headroom}
   * @param out receives results
   * @param err receives messages and progress
   * @return one of {@link ExitCode}
   */
  public static int run(String[] args, PrintWriter out, PrintWriter err) {
    int code = dispatch(args, out, err);
    if (out.checkError()) {
      err.println("headroom: cannot write to standard output");
      code = code == ExitCode.OK ? ExitCode.INPUT : code;
    }
    err.flush();
    return code;
  }

  private static int dispatch(String[] args, PrintWriter out, PrintWriter err) {
    if (args.length == 0) {
      err.print(RootHelp.text());
      return ExitCode.USAGE;
    }
    switch (args[0]) {
      case "-h", "--help" -> {
        out.print(RootHelp.text());
        return ExitCode.OK;
      }
      case "-V", "--version" -> {
        out.println("headroom " + VERSION);
        return ExitCode.OK;
      }
      case "help" -> {
        return args.length == 1
            ? dispatch(new String[] {"--help"}, out, err)
            : dispatch(new String[] {args[1], "--help"}, out, err);
      }
      default -> {
        try {
          return commandLine(Commands.named(args[0]), out, err)
              .execute(Arrays.copyOfRange(args, 1, args.length));
        } catch (CommandException e) {
          err.println("headroom: " + e.getMessage());
          return e.exitCode();
        } catch (OutOfMemoryError e) {
          err.println(
              "headroom "
                  + args[0]
                  + ": not enough memory for this input (HEADROOM_JAVA_OPTS=-Xmx8g"
                  + " gives the Java heap 8 GB)");
          return ExitCode.DEFECT;
        } catch (Error | RuntimeException e) {
          err.println("headroom " + args[0] + ": defect: " + e + "; " + Failures.REPORT);
          return ExitCode.DEFECT;
        }
      }
    }
  }

  /** Makes the parser of one command, with its handlers. */
  static CommandLine commandLine(Commands command, PrintWriter out, PrintWriter err) {
    CommandLine line = new CommandLine(command.create());
    line.setOut(out).setErr(err);
    line.setCaseInsensitiveEnumValuesAllowed(true);
    line.setUsageHelpWidth(100);
    line.setParameterExceptionHandler(Failures::usage);
    line.setExecutionExceptionHandler(Failures::during);
    return line;
  }
}
