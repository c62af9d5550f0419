package dev.headroom.cli.train;

import com.google.gson.Gson;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import dev.headroom.cli.CommandException;
import dev.headroom.cli.ExitCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Predicate;

/**
 * The finished runs of a study, one line of JSON each, in a file that only grows.
 *
 * <p>A line says what it was trained on and how; lines of other sizes or of another text are left
 * alone, so that one file may serve several studies. A line that was cut off counts for nothing.
 *
 * @param <T> what is kept of a run, a record
 */
final class StudyRuns<T> {
  private static final Gson GSON = new Gson();

  private final Path file;
  private final JsonObject settings;
  private final Class<T> type;
  private final Predicate<T> whole;
  private final List<T> outcomes = new ArrayList<>();

  private StudyRuns(Path file, JsonObject settings, Class<T> type, Predicate<T> whole) {
    this.file = file;
    this.settings = settings;
    this.type = type;
    this.whole = whole;
  }

  /**
   * Reads what is there.
   *
   * @param file may be missing, or null for a study that is kept nowhere
   * @param settings what decides the numbers of the runs
   * @param type of a run
   * @param whole tells a run from one that lacks fields
   * @throws CommandException with exit code 3 where it cannot be read
   */
  static <T> StudyRuns<T> open(
      Path file, JsonObject settings, Class<T> type, Predicate<T> whole, Consumer<String> note) {
    StudyRuns<T> runs = new StudyRuns<>(file, settings, type, whole);
    if (file != null && Files.exists(file)) {
      try {
        int number = 0;
        for (String line : Files.readAllLines(file)) {
          number++;
          if (!line.isBlank() && !runs.read(line)) {
            note.accept(file + " line " + number + ": no whole run, left out");
          }
        }
      } catch (IOException e) {
        throw new CommandException(ExitCode.INPUT, "--runs: " + file + ": " + e.getMessage());
      }
    }
    return runs;
  }

  private boolean read(String line) {
    try {
      JsonElement element = JsonParser.parseString(line);
      if (!element.isJsonObject() || !element.getAsJsonObject().has("settings")) {
        return false;
      }
      JsonObject object = element.getAsJsonObject();
      if (!object.get("settings").equals(settings)) {
        return object.has("run");
      }
      T outcome = GSON.fromJson(object.get("run"), type);
      if (outcome == null || !whole.test(outcome)) {
        return false;
      }
      outcomes.add(outcome);
      return true;
    } catch (JsonParseException e) {
      return false;
    }
  }

  /** Returns a finished run, or null. */
  T find(Predicate<T> which) {
    return outcomes.stream().filter(which).findFirst().orElse(null);
  }

  /** Adds a run to the list and to the file. */
  void add(T outcome) {
    outcomes.add(outcome);
    if (file == null) {
      return;
    }
    JsonObject line = new JsonObject();
    line.add("settings", settings);
    line.add("run", GSON.toJsonTree(outcome));
    try {
      // a line before it may have been cut off
      String before = Files.exists(file) && !endsWithBreak() ? "\n" : "";
      Files.writeString(
          file,
          before + GSON.toJson((JsonElement) line) + "\n",
          StandardOpenOption.CREATE,
          StandardOpenOption.APPEND);
    } catch (IOException e) {
      throw new CommandException(ExitCode.INPUT, "--runs: " + file + ": " + e.getMessage());
    }
  }

  private boolean endsWithBreak() throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    return bytes.length == 0 || bytes[bytes.length - 1] == '\n';
  }
}
