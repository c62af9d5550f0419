package dev.headroom.cli.train;

import com.google.gson.GsonBuilder;
import com.google.gson.JsonObject;
import dev.headroom.cli.CommandException;
import dev.headroom.cli.ExitCode;
import dev.headroom.cli.Headroom;
import dev.headroom.listeners.TrainingStep;
import dev.headroom.scaling.schedule.Schedule;
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
      "  headroom train --corpus book.txt --width 128 --context 256 --batch 8 --steps 1000 -o run",
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
      names = "--resume",
      paramLabel = "DIR",
      description =
          "Continue the run of DIR from its checkpoint, bit for bit on the same machine; --steps may be"
              + " larger.")
  private Path resume;

  @Option(
      names = "--save-every",
      paramLabel = "K",
      description = "Steps between two checkpoints; one is written at the end (default: 100).")
  private long saveEvery = 100;

  @Option(names = "--force", description = "Replace the run that -o DIR holds.")
  private boolean force;

  @Option(
      names = "--no-checkpoint",
      description = "Write no checkpoint (it has three times the size of the parameters).")
  private boolean noCheckpoint;

  @Mixin private WatchOptions watch = new WatchOptions();

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
    RunState state = resume == null ? fresh() : resumed();
    ProcessMemory.returnLargeBlocks();
    TokenCorpus corpus = CorpusReader.read(state.corpusPath(), state.fields());
    state = checked(state, corpus);
    Files.createDirectories(folder);
    positive("--save-every", saveEvery);
    boolean saves = !noCheckpoint && !state.settings().plain();
    TrainingRun run =
        new TrainingRun(
            folder, state, corpus, saves ? saveEvery : 0, watch.alignment(), quiet ? null : err());
    try (Network network = run.network()) {
      note(sizes(run));
      run.toTheEnd(watch.observers(Schedule.parse(state.settings().schedule()), this::note));
      finish(run, network);
    }
    return ExitCode.OK;
  }

  private RunState fresh() {
    if (folder == null) {
      throw new IllegalArgumentException("-o: missing (expected: -o DIR, where the log goes)");
    }
    if (Files.exists(RunState.file(folder)) && !force) {
      throw new IllegalArgumentException(
          "-o: "
              + folder
              + " holds a checkpoint (expected: a folder without one; --resume "
              + folder
              + " continues that run, --force replaces it)");
    }
    long n = positive("--steps", steps == null ? 300 : steps);
    String path = corpusPath == null ? null : corpusPath.toAbsolutePath().toString();
    return new RunState(options.settings(n), path, List.copyOf(fields), null, 0, n, 0);
  }

  private RunState resumed() {
    if (folder != null && !folder.equals(resume)) {
      throw new IllegalArgumentException(
          "-o: " + folder + " (expected: left out; --resume continues in its own folder)");
    }
    folder = resume;
    RunState state = RunState.read(folder);
    long n = positive("--steps", steps == null ? state.steps() : steps);
    if (n < state.step()) {
      throw new IllegalArgumentException(
          "--steps: " + n + " (expected: at least " + state.step() + ", the steps already made)");
    }
    state.requireSame(options.over(state.settings(), n));
    if (corpusPath != null) {
      String path = corpusPath.toAbsolutePath().toString();
      state =
          new RunState(
              state.settings(),
              path,
              state.fields(),
              state.corpusSha256(),
              state.step(),
              n,
              state.seconds());
    }
    return state.to(n);
  }

  private static long positive(String name, long value) {
    if (value < 1) {
      throw new IllegalArgumentException(name + ": " + value + " (expected: at least 1)");
    }
    return value;
  }

  private static RunState checked(RunState state, TokenCorpus corpus) {
    String saved = state.corpusSha256();
    if (saved != null && !saved.equals(corpus.sha256())) {
      throw new CommandException(
          ExitCode.INPUT,
          "corpus: "
              + corpus.source()
              + " is not the text this run began with (sha256 "
              + corpus.sha256()
              + ", expected: "
              + saved
              + ")");
    }
    return new RunState(
        state.settings(),
        state.corpus(),
        state.fields(),
        corpus.sha256(),
        state.step(),
        state.steps(),
        state.seconds());
  }

  private static String sizes(TrainingRun run) {
    return String.format(
        Locale.ROOT,
        "%,d parameters, %,d without embeddings and head; %,d tokens to train on; backend %s",
        run.network().decoder().paramsTotal(),
        run.network().decoder().params(),
        run.batches().trainTokens(),
        run.network().backend());
  }

  private void finish(TrainingRun run, Network network) throws IOException {
    TrainingStep last = run.last();
    if (last == null) {
      note("nothing left to do: all steps are made (expected: a larger --steps)");
      return;
    }
    JsonObject summary = new JsonObject();
    summary.addProperty("headroom", Headroom.VERSION);
    summary.addProperty("schema", 1);
    summary.addProperty("command", "train");
    summary.addProperty("log", run.log().toString());
    summary.addProperty("params", network.decoder().params());
    summary.addProperty("params_total", network.decoder().paramsTotal());
    summary.addProperty("step", last.step());
    summary.addProperty("tokens", last.tokens());
    summary.addProperty("loss", last.loss());
    summary.addProperty("val_loss", run.valLoss());
    summary.addProperty("seconds", last.seconds());
    summary.addProperty("tokens_per_second", last.tokens() / last.seconds());
    summary.addProperty("peak_bytes", ProcessMemory.peakBytes());
    String text = new GsonBuilder().setPrettyPrinting().create().toJson(summary) + "\n";
    Files.writeString(folder.resolve("summary.json"), text, StandardCharsets.UTF_8);
    PrintWriter out = spec.commandLine().getOut();
    out.print(json ? text : line(run));
    out.flush();
  }

  private static String line(TrainingRun run) {
    TrainingStep last = run.last();
    return String.format(
        Locale.ROOT,
        "step %d: loss %.4f, held-out %.4f nats a token; %.0f tokens/s; peak memory %.2f GB; log %s%n",
        last.step(),
        last.loss(),
        run.valLoss(),
        last.tokens() / last.seconds(),
        ProcessMemory.peakBytes() / 1e9,
        run.log());
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
