package dev.headroom.cli.train;

import com.google.gson.Gson;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import dev.headroom.cli.CommandException;
import dev.headroom.cli.ExitCode;
import dev.headroom.cli.train.NumberStudy.Outcome;
import dev.headroom.cli.train.NumberStudy.Plan;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * The finished runs of a study, one line of JSON each, in a file that only grows.
 *
 * <p>A line says what it was trained on and how; lines of other sizes or of another text are left
 * alone, so that one file may serve several studies. A line that was cut off counts for nothing.
 */
final class NumberRuns {
  private static final Gson GSON = new Gson();

  private final Path file;
  private final JsonObject settings;
  private final List<Outcome> outcomes = new ArrayList<>();

  private NumberRuns(Path file, JsonObject settings) {
    this.file = file;
    this.settings = settings;
  }

  /**
   * Reads what is there.
   *
   * @param file may be missing, or null for a study that is kept nowhere
   * @param sha256 of the corpus
   * @throws CommandException with exit code 3 where it cannot be read
   */
  static NumberRuns open(Path file, Plan plan, String sha256, Consumer<String> note) {
    NumberRuns runs = new NumberRuns(file, settings(plan, sha256));
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

  private static JsonObject settings(Plan plan, String sha256) {
    JsonObject settings = new JsonObject();
    settings.addProperty("corpus_sha256", sha256);
    settings.addProperty("fields", String.join(",", plan.fields()));
    settings.addProperty("steps", plan.steps());
    settings.addProperty("schedule", plan.rates());
    settings.addProperty("width", plan.width());
    settings.addProperty("layers", plan.layers());
    settings.addProperty("context", plan.context());
    settings.addProperty("batch", plan.batch());
    settings.addProperty("numbers", plan.numbers());
    settings.addProperty("all_classes", plan.allClasses());
    settings.addProperty("threads", plan.threads());
    return settings;
  }

  private boolean read(String line) {
    try {
      JsonElement element = JsonParser.parseString(line);
      if (!element.isJsonObject() || !element.getAsJsonObject().has("settings")) {
        return false;
      }
      JsonObject object = element.getAsJsonObject();
      Outcome outcome = GSON.fromJson(object.get("run"), Outcome.class);
      if (outcome == null || outcome.variant() == null || outcome.score() == null) {
        return false;
      }
      if (object.get("settings").equals(settings)) {
        outcomes.add(outcome);
      }
      return true;
    } catch (JsonParseException e) {
      return false;
    }
  }

  /** Returns a finished run, or null. */
  Outcome find(String variant, long seed) {
    return outcomes.stream()
        .filter(o -> o.variant().equals(variant) && o.seed() == seed)
        .findFirst()
        .orElse(null);
  }

  /** Adds a run to the list and to the file. */
  void add(Outcome outcome) {
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
