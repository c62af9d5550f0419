package dev.headroom.cli.train;

import com.google.gson.GsonBuilder;
import com.google.gson.JsonObject;
import dev.headroom.cli.CommandException;
import dev.headroom.cli.ExitCode;
import dev.headroom.cli.Headroom;
import dev.headroom.head.training.LossLog;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Trains a small language model and writes its log. */
@Command(
    name = "headroom train",
    sortOptions = false,
    header = {
      "Trains a small decoder-only language model with the o200k vocabulary (200,019 classes) on the",
      "CPU, by DJL and Headroom's head, and writes DIR/log.jsonl, one line a step.",
      "",
      "Examples:",
      "  headroom train --steps 300 -o run",
      "  headroom train --corpus book.txt --steps 1000 --width 128 --layers 4 --context 256 --batch 8 -o run",
      "  headroom train --corpus train.jsonl --fields question,answer --steps 300 -o run",
      "  headroom train --resume run --steps 2000",
      ""
    },
    footer = {
      "",
      "Exit codes: 0 good; 1 the loss or a gradient is not finite (the run stops before the update);",
      "2 usage; 3 the corpus cannot be used, or DIR cannot be written."
    })
public final class TrainCommand implements Callable<Integer> {

  @Option(
      names = "--corpus",
      paramLabel = "FILE|DIR",
      description = "UTF-8 text, JSONL, or a folder of these (default: the packaged corpus).")
  private Path corpusPath;

  @Option(
      names = "--fields",
      split = ",",
      paramLabel = "NAME",
      description = "Fields of a JSONL record, joined by a line break (default: text).")
  private List<String> fields = List.of();

  @Option(names = "--steps", paramLabel = "N", description = "Updates to make (default: 300).")
  private Long steps;

  @Mixin private TrainOptions options = new TrainOptions();

  @Option(
      names = {"-o", "--output"},
      paramLabel = "DIR",
      description = "Folder of the log and the checkpoint.")
  private Path folder;

  @Option(
      names = "--no-checkpoint",
      description = "Write no checkpoint (it has three times the size of the parameters).")
  private boolean noCheckpoint;

  @Option(names = "--json", description = "Write the summary as JSON (schema 1).")
  private boolean json;

  @Option(
      names = {"-q", "--quiet"},
      description = "No notes and no progress on standard error.")
  private boolean quiet;

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      description = "Show this help.")
  private boolean help;

  @Spec private CommandSpec spec;

  /** Creates the command. */
  public TrainCommand() {}

  @Override
  public Integer call() throws IOException {
    if (folder == null) {
      throw new IllegalArgumentException("-o: missing (expected: -o DIR, where the log goes)");
    }
    long n = steps == null ? 300 : steps;
    if (n < 1) {
      throw new IllegalArgumentException("--steps: " + n + " (expected: at least 1)");
    }
    TrainSettings settings = options.settings(n);
    System.setProperty("ai.djl.pytorch.num_threads", Integer.toString(settings.threads()));
    TokenCorpus corpus = CorpusReader.read(corpusPath, fields);
    Batches batches = new Batches(corpus, settings);
    Files.createDirectories(folder);
    try (Network network = new Network(settings, TokenSink.CLASSES)) {
      return run(settings, corpus, batches, network, n);
    }
  }

  private int run(
      TrainSettings settings, TokenCorpus corpus, Batches batches, Network network, long n)
      throws IOException {
    note(
        String.format(
            Locale.ROOT,
            "%,d parameters, %,d without embeddings and head; %,d tokens to train on; backend %s",
            network.decoder().paramsTotal(),
            network.decoder().params(),
            batches.trainTokens(),
            network.backend()));
    TrainingLoop loop = new TrainingLoop(settings, batches, network);
    LossLog.Entry entry = null;
    Float valLoss = null;
    try (LossLog log =
            LossLog.create(
                folder.resolve("log.jsonl"), RunHeader.json(settings, corpus, batches, network));
        Progress progress = new Progress(0, n, settings.tokensPerStep(), quiet ? null : err())) {
      for (long step = 1; step <= n; step++) {
        entry = loop.step(step, step == n, entry == null ? 0 : entry.seconds());
        log.write(entry);
        progress.step(entry);
        valLoss = entry.valLoss() == null ? valLoss : entry.valLoss();
        if (!Float.isFinite(entry.loss()) || !Double.isFinite(entry.gradNorm())) {
          throw new CommandException(
              ExitCode.CHECK_FAILED,
              "step "
                  + step
                  + ": loss "
                  + entry.loss()
                  + ", gradient norm "
                  + entry.gradNorm()
                  + "; stopped before the update (lower the peak of --schedule)");
        }
      }
    }
    finish(network, entry, valLoss);
    return ExitCode.OK;
  }

  private void finish(Network network, LossLog.Entry last, Float valLoss) throws IOException {
    JsonObject summary = new JsonObject();
    summary.addProperty("headroom", Headroom.VERSION);
    summary.addProperty("schema", 1);
    summary.addProperty("command", "train");
    summary.addProperty("log", folder.resolve("log.jsonl").toString());
    summary.addProperty("params", network.decoder().params());
    summary.addProperty("params_total", network.decoder().paramsTotal());
    summary.addProperty("step", last.step());
    summary.addProperty("tokens", last.tokens());
    summary.addProperty("loss", last.loss());
    summary.addProperty("val_loss", valLoss);
    summary.addProperty("seconds", last.seconds());
    summary.addProperty("tokens_per_second", last.tokens() / last.seconds());
    summary.addProperty("peak_bytes", PeakMemory.bytes());
    String text = new GsonBuilder().setPrettyPrinting().create().toJson(summary) + "\n";
    Files.writeString(folder.resolve("summary.json"), text, StandardCharsets.UTF_8);
    PrintWriter out = spec.commandLine().getOut();
    out.print(
        json
            ? text
            : String.format(
                Locale.ROOT,
                "step %d: loss %.4f, held-out %.4f nats a token; %.0f tokens/s; peak memory %.2f GB; log %s%n",
                last.step(),
                last.loss(),
                valLoss,
                last.tokens() / last.seconds(),
                PeakMemory.bytes() / 1e9,
                folder.resolve("log.jsonl")));
    out.flush();
  }

  private PrintWriter err() {
    return spec.commandLine().getErr();
  }

  private void note(String message) {
    if (!quiet) {
      err().println(message);
      err().flush();
    }
  }
}
