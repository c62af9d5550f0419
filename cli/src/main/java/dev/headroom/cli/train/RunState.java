package dev.headroom.cli.train;

import com.google.gson.Gson;
import com.google.gson.JsonElement;
import com.google.gson.JsonParseException;
import dev.headroom.cli.CommandException;
import dev.headroom.cli.ExitCode;
import dev.headroom.head.training.Checkpoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * What a checkpoint says about its run, beside the arrays.
 *
 * @param settings of the run
 * @param corpus path of the corpus, null for the packaged one
 * @param fields of its records
 * @param corpusSha256 of the bytes read
 * @param step last update made
 * @param steps updates the run was to make
 * @param seconds that the run took so far
 */
record RunState(
    TrainSettings settings,
    String corpus,
    List<String> fields,
    String corpusSha256,
    long step,
    long steps,
    double seconds) {
  private static final Gson GSON = new Gson();

  /** Returns the state at a later step. */
  RunState at(long newStep, double newSeconds) {
    return new RunState(settings, corpus, fields, corpusSha256, newStep, steps, newSeconds);
  }

  /** Returns the state of a run that goes on to so many steps. */
  RunState to(long newSteps) {
    return new RunState(settings, corpus, fields, corpusSha256, step, newSteps, seconds);
  }

  /** Returns the path of the corpus, or null for the packaged one. */
  Path corpusPath() {
    return corpus == null ? null : Path.of(corpus);
  }

  String json() {
    return GSON.toJson(this);
  }

  /** Returns where the checkpoint of a folder lies. */
  static Path file(Path folder) {
    return folder.resolve("checkpoint.bin");
  }

  /**
   * Reads the state of a folder's checkpoint.
   *
   * @throws CommandException with exit code 3 where there is none or it cannot be read
   */
  static RunState read(Path folder) {
    Path file = file(folder);
    if (!Files.exists(file)) {
      throw new CommandException(
          ExitCode.INPUT,
          "--resume: "
              + folder
              + " has no checkpoint.bin (expected: the -o folder of an earlier train)");
    }
    try {
      return GSON.fromJson(Checkpoint.state(file), RunState.class);
    } catch (IOException | JsonParseException e) {
      throw new CommandException(ExitCode.INPUT, "--resume: " + e.getMessage());
    }
  }

  /**
   * Refuses settings that differ from the checkpoint's.
   *
   * @throws IllegalArgumentException naming the first option that differs
   */
  void requireSame(TrainSettings asked) {
    Map<String, JsonElement> mine = GSON.toJsonTree(settings).getAsJsonObject().asMap();
    for (var entry : GSON.toJsonTree(asked).getAsJsonObject().entrySet()) {
      JsonElement saved = mine.get(entry.getKey());
      if (!entry.getValue().equals(saved)) {
        String option = entry.getKey().replaceAll("([A-Z])", "-$1").toLowerCase(Locale.ROOT);
        throw new IllegalArgumentException(
            "--"
                + option
                + ": "
                + entry.getValue()
                + " (expected: "
                + saved
                + " as in the checkpoint, or left out; a resumed run changes only --steps)");
      }
    }
  }
}
