package dev.headroom.cli.train;

import com.google.gson.JsonObject;
import java.nio.file.Path;
import java.util.List;

/**
 * Says what the models of a study are trained on, and their sizes.
 *
 * @param corpus null for the packaged one
 * @param fields of its JSONL records
 * @param seeds how many, from 1 on
 * @param steps updates of a run
 * @param schedule learning rates as text, or null where none was given
 * @param width of the model
 * @param layers of the model
 * @param context T, tokens of a window
 * @param batch windows of a step
 * @param allClasses whether the head has all classes of o200k, or those of the corpus and all
 *     number tokens
 * @param threads of the engine and of the head
 */
public record StudyPlan(
    Path corpus,
    List<String> fields,
    int seeds,
    int steps,
    String schedule,
    int width,
    int layers,
    int context,
    int batch,
    boolean allClasses,
    int threads) {

  /** Checks what the settings of a run do not. */
  public StudyPlan {
    fields = List.copyOf(fields);
    require("--seeds", seeds, 1000);
    require("--steps", steps, 1_000_000);
  }

  static void require(String name, long value, long most) {
    if (value < 1 || value > most) {
      throw new IllegalArgumentException(name + ": " + value + " (expected: 1 to " + most + ")");
    }
  }

  /** Returns the options of a run, which is evaluated when the study asks. */
  TrainOptions options(long seed, int evalBatches) {
    TrainOptions options = new TrainOptions();
    options.width = width;
    options.layers = layers;
    options.context = context;
    options.batch = batch;
    options.threads = threads;
    options.seed = seed;
    options.schedule = schedule;
    options.evalEvery = Integer.MAX_VALUE;
    options.evalBatches = evalBatches;
    return options;
  }

  /** Reads the text, with the classes that the head has. */
  StudyText read() {
    TokenCorpus read = CorpusReader.read(corpus, fields);
    return allClasses ? StudyText.whole(read) : StudyText.compact(read);
  }

  /** Returns what decides the numbers of every run, but for the learning rates. */
  JsonObject json(String sha256) {
    JsonObject settings = new JsonObject();
    settings.addProperty("corpus_sha256", sha256);
    settings.addProperty("fields", String.join(",", fields));
    settings.addProperty("steps", steps);
    settings.addProperty("width", width);
    settings.addProperty("layers", layers);
    settings.addProperty("context", context);
    settings.addProperty("batch", batch);
    settings.addProperty("all_classes", allClasses);
    settings.addProperty("threads", threads);
    return settings;
  }
}
