package dev.headroom.cli.train;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import dev.headroom.cli.Headroom;

/** Writes the first line of a log: every setting of the run, its sizes and its corpus. */
final class RunHeader {
  private static final Gson GSON = new GsonBuilder().disableHtmlEscaping().create();

  private RunHeader() {}

  /** Returns the header as one line of JSON. */
  static String json(TrainSettings settings, TokenCorpus corpus, Batches batches, Network network) {
    JsonObject run = new JsonObject();
    for (var entry : GSON.toJsonTree(settings).getAsJsonObject().entrySet()) {
      run.add(snakeCase(entry.getKey()), entry.getValue());
    }
    run.addProperty("classes", TokenSink.CLASSES);
    run.addProperty("params", network.decoder().params());
    run.addProperty("params_total", network.decoder().paramsTotal());
    run.addProperty("tokens_per_step", settings.tokensPerStep());
    run.addProperty("backend", network.backend());
    run.addProperty("optimizer", settings.plain() ? "DJL Adam" : "AdamW");
    run.addProperty("corpus", corpus.source());
    run.addProperty("corpus_bytes", corpus.bytes());
    run.addProperty("corpus_sha256", corpus.sha256());
    run.addProperty("train_tokens", batches.trainTokens());
    run.addProperty("heldout_tokens", batches.heldTokens());
    JsonObject header = new JsonObject();
    header.addProperty("headroom", Headroom.VERSION);
    header.add("run", run);
    return GSON.toJson((JsonElement) header);
  }

  private static String snakeCase(String name) {
    return name.replaceAll("([A-Z])", "_$1").toLowerCase(java.util.Locale.ROOT);
  }
}
