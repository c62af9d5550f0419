package dev.headroom.cli;

import java.nio.file.Path;
import picocli.CommandLine.Option;

/** The options that every command has. */
public final class CommonOptions {

  @Option(names = "--json", description = "Write the result as JSON (schema 1).")
  boolean json;

  @Option(
      names = {"-o", "--output"},
      paramLabel = "FILE",
      description =
          "Write the result to FILE instead of standard output. An existing FILE is replaced only"
              + " when the new one is complete.")
  Path output;

  @Option(
      names = {"-q", "--quiet"},
      description = "No notes and no progress on standard error.")
  boolean quiet;

  @Option(
      names = "--debug",
      description = "On a defect of Headroom, show the Java stack trace (also HEADROOM_DEBUG=1).")
  boolean debug;

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      description = "Show this help.")
  boolean help;

  /** Says whether the result is wanted as JSON. */
  public boolean json() {
    return json;
  }

  /** Says whether notes and progress are unwanted. */
  public boolean quiet() {
    return quiet;
  }

  /** Returns the file for the result, or null for standard output. */
  public Path output() {
    return output;
  }
}
