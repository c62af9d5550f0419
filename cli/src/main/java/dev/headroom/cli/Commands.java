package dev.headroom.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * The commands by name.
 *
 * <p>Classes are named, not referred to: the class of a command is loaded when that command is
 * asked for, so that {@code fit} starts without the classes of {@code train} and works where the
 * engine is absent.
 */
enum Commands {
  DEMO("DemoCommand", true, "the whole line in a few minutes: train, fit, forecast, check, report"),
  TRAIN("train.TrainCommand", true, "train a small language model with a 200k vocabulary"),
  FIT("FitCommand", false, "fit a scaling law to losses"),
  COMPARE("CompareCommand", false, "set two recipes against each other"),
  PLAN("PlanCommand", false, "split a budget, choose the next runs"),
  FORECAST("ForecastCommand", false, "predict the final loss of a run from its log so far"),
  CHECK("CheckCommand", false, "judge a run's log: finite, spike, divergence, final"),
  BASELINE("BaselineCommand", false, "keep golden runs that check --baseline compares with"),
  REPORT("ReportCommand", false, "make one HTML page, and charts, of runs"),
  INSPECT("InspectCommand", false, "say what is in a log: format, columns, ranges, gaps, NaNs"),
  CONVERT("ConvertCommand", false, "turn any log into canonical JSONL or CSV"),
  BENCH("BenchCommand", true, "measure the head against DJL's plain head on this machine"),
  DOCTOR("DoctorCommand", true, "say what this machine offers and which backend serves"),
  SELFTEST("SelftestCommand", false, "check Headroom's own numerics on this machine");

  private final String className;
  private final boolean needsHead;
  private final String description;

  Commands(String className, boolean needsHead, String description) {
    this.className = className;
    this.needsHead = needsHead;
    this.description = description;
  }

  /** Returns the word on the command line. */
  String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  String description() {
    return description;
  }

  /**
   * Loads the command and makes an instance.
   *
   * @throws CommandException with exit code 2 where the jars it needs are absent
   */
  Object create() {
    try {
      return Class.forName("dev.headroom.cli." + className).getDeclaredConstructor().newInstance();
    } catch (ReflectiveOperationException | LinkageError e) {
      if (!needsHead) {
        throw new IllegalStateException(word() + ": " + e, e);
      }
      throw new CommandException(
          ExitCode.USAGE,
          word()
              + ": the head module is not on the class path (expected: its jars in cli/target/lib;"
              + " `mvn -B package` in the repository puts them there and `./headroom "
              + word()
              + "` finds them)");
    }
  }

  /**
   * Finds a command.
   *
   * @throws CommandException with exit code 2 for a word that is none, with the nearest one
   */
  static Commands named(String word) {
    List<String> words = new ArrayList<>();
    Commands nearest = FIT;
    for (Commands command : values()) {
      if (command.word().equals(word)) {
        return command;
      }
      words.add(command.word());
      if (distance(command.word(), word) < distance(nearest.word(), word)) {
        nearest = command;
      }
    }
    String hint =
        distance(nearest.word(), word) <= 2 ? "; did you mean " + nearest.word() + "?" : "";
    throw new CommandException(
        ExitCode.USAGE,
        "command: " + word + " (expected: one of " + String.join(", ", words) + hint + ")");
  }

  /** Counts the letters to insert, delete or change to get from one word to the other. */
  private static int distance(String from, String to) {
    int[] row = new int[to.length() + 1];
    for (int j = 0; j <= to.length(); j++) {
      row[j] = j;
    }
    for (int i = 1; i <= from.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= to.length(); j++) {
        int change = diagonal + (from.charAt(i - 1) == to.charAt(j - 1) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(change, 1 + Math.min(row[j], row[j - 1]));
      }
    }
    return row[to.length()];
  }
}
