package dev.headroom.cli;

import com.google.gson.JsonObject;
import dev.headroom.cli.report.MemoryChart;
import dev.headroom.head.HeadOptions;
import dev.headroom.head.bench.BenchLosses;
import dev.headroom.head.bench.BenchSettings;
import dev.headroom.head.bench.HeadBench;
import dev.headroom.head.bench.HeadShape;
import dev.headroom.head.bench.ShapeResult;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Measures the head against DJL's plain one. */
@Command(
    name = "headroom bench",
    sortOptions = false,
    header = {
      "Measures loss and both gradients: Headroom's heads against DJL's matMul with softmax",
      "cross-entropy and, where a Python has them, PyTorch's own heads, taking turns in one run on the",
      "same inputs and threads. Time (median of 5 after 2 warm-ups), peak memory above inputs and",
      "gradients, the error of the loss against float64, and the rate beside that of the three bare",
      "matrix products.",
      "",
      "Examples:",
      "  headroom bench --shape 1024,512,32000",
      "  headroom bench --shape 1024,512,32000 --shape 2048,256,200064 --json -o bench.json \\",
      "      --chart memory.svg",
      "  headroom bench --shape 8192,2304,256000 --rounds 1 --python ~/torch/bin/python",
      "  headroom bench --number-losses wasserstein:0.3,whole:0.3 --seeds 5 --runs runs.jsonl \\",
      "      --corpus train.jsonl --fields question,answer --chart numbers.svg",
      "  headroom bench --spherical z:0.1:10,taylor --steps 300 --markdown spherical.md",
      ""
    },
    footer = {
      "",
      "PyTorch's heads: torch-ce is cross_entropy(linear(e, c), t); torch-lce is",
      "linear_cross_entropy(e, c, t), its reference path (options=None); torch-lce-chunked the same",
      "with options=LinearCrossEntropyOptions(), whose default chunk may be a few rows; torch-lce-sized",
      "with batch_chunk_size as many rows as fill --workspace. -bf16: bfloat16 inputs and gradients.",
      "",
      "--number-losses: at evenly spaced places of the held-out text where digits begin after a whole",
      "window of T tokens, the model's most likely number token is taken, and further ones while the",
      "most likely class of all is a number token, 4 at most; their digits are the number, compared",
      "with the whole run of digits in the text. Models of one seed have the same first weights and",
      "the same batches: the paired differences compare them. Intervals are Student's, over seeds.",
      "",
      "--spherical: a model ranks the classes after each token of evenly spaced windows of held-out",
      "text by the probability that its loss gives them: by o for softmax, z and squared, by o^2 for",
      "spherical, by (1 + o)^2 for taylor. Each loss takes the peak of --peaks that was best in top-1",
      "with seed 0 on every second batch of these windows; what is told is that of seeds from 1 on, on",
      "the other batches. Seconds are wall time, medians over the steps of a run.",
      "",
      "A head that the machine has too little memory for, or that fails, is left out with a note and",
      "its fields are null; one that is slow is measured once. Without a PyTorch its heads are left",
      "out. Exit codes: 0 good; 1 a loss of a study is not finite; 2 usage; 3 its corpus or runs",
      "cannot be used."
    })
final class BenchCommand extends HeadroomCommand {

  @Option(
      names = "--shape",
      paramLabel = "N,D,V",
      description =
          "Rows (tokens), width and classes; may be repeated (default: 1024,512,32000, then"
              + " 1024,2304,64000, then 2048,256,200064).")
  List<String> shapes = List.of("1024,512,32000", "1024,2304,64000", "2048,256,200064");

  @Option(
      names = "--workspace",
      paramLabel = "MIB",
      description = "Scratch memory of Headroom's heads (default: 256).")
  long workspaceMebibytes = HeadOptions.DEFAULT_WORKSPACE_BYTES >> 20;

  @Option(
      names = "--chart",
      paramLabel = "FILE",
      description = "Also draw the peak memory, or a study's means, to FILE.svg or FILE.png.")
  Path chart;

  @Option(
      names = "--markdown",
      paramLabel = "FILE",
      description =
          "Also write the tables to FILE, with command, machine, versions, commit and date.")
  Path markdown;

  @Option(
      names = "--rounds",
      paramLabel = "R",
      description = "Rounds that count, after up to two that do not (default: 5).")
  int rounds = 5;

  @Option(
      names = "--python",
      paramLabel = "FILE",
      description =
          "Python with PyTorch 2.13 or later, whose own heads take part (default: the variable"
              + " HEADROOM_PYTHON, then python3); none leaves them out.")
  String python;

  @Option(
      names = "--loss",
      split = ",",
      paramLabel = "NAME",
      description =
          "Instead of the other heads: these losses beside the fused head, all of them with all.")
  List<String> losses = List.of();

  @Option(
      names = "--filter",
      paramLabel = "RUN",
      description =
          "Instead: what the gradient filter buys and costs on the head of RUN, a folder of"
              + " headroom train with a checkpoint.")
  Path filter;

  @ArgGroup(validate = false, heading = "%nStudies of losses on small models:%n")
  BenchStudies studies = new BenchStudies();

  @Override
  public Integer call() {
    ChartFile.check(chart);
    BenchStudy study = studies.study(this::note);
    if (study != null) {
      write(study);
      return ExitCode.OK;
    }
    if (filter != null) {
      FilterReport report = FilterReport.of(filter);
      JsonObject json = json();
      report.addTo(json);
      emit(json, report::text);
      return ExitCode.OK;
    }
    require(workspaceMebibytes, 1 << 20, "--workspace", " MiB");
    require(rounds, 1000, "--rounds", "");
    List<HeadShape> parsed = shapes.stream().map(HeadShape::parse).toList();
    int threads = threads();
    BenchSettings settings =
        new BenchSettings(
            workspaceMebibytes << 20,
            rounds,
            threads,
            losses.isEmpty() ? BenchPython.chosen(python, System.getenv()) : null,
            losses.equals(List.of("all")) ? BenchLosses.names() : losses);
    List<ShapeResult> results = new ArrayList<>();
    for (HeadShape shape : parsed) {
      results.add(HeadBench.measure(shape, settings, this::note));
    }
    BenchReport report = new BenchReport(results);
    List<String> words = spec.commandLine().getParseResult().originalArgs();
    BenchSurroundings where = BenchSurroundings.find(line(words), report.peer());
    emit(json(report, settings, where), report::text);
    if (markdown != null) {
      String page = BenchMarkdown.of(report, settings, where);
      OutputFile.write(markdown, page.getBytes(StandardCharsets.UTF_8));
    }
    if (chart != null) {
      ChartFile.write(chart, MemoryChart.of(report.bars()));
    }
    return ExitCode.OK;
  }

  private void write(BenchStudy report) {
    BenchSurroundings where =
        BenchSurroundings.find(line(spec.commandLine().getParseResult().originalArgs()), "");
    JsonObject json = json();
    where.addTo(json);
    report.addTo(json);
    emit(json, report::text);
    if (markdown != null) {
      OutputFile.write(markdown, report.markdown(where).getBytes(StandardCharsets.UTF_8));
    }
    if (chart != null) {
      ChartFile.write(chart, report.chart());
    }
  }

  private static List<String> line(List<String> words) {
    List<String> line = new ArrayList<>(List.of("bench"));
    line.addAll(words);
    return line;
  }

  private static void require(long value, long most, String name, String unit) {
    if (value < 1 || value > most) {
      throw new IllegalArgumentException(
          name + ": " + value + " (expected: 1 to " + most + unit + ")");
    }
  }

  /** Gives DJL's engine as many threads as the others have; left alone, it counts cores its way. */
  private static int threads() {
    String property = "ai.djl.pytorch.num_threads";
    int processors = Runtime.getRuntime().availableProcessors();
    int threads = Integer.getInteger(property, processors);
    System.setProperty(property, String.valueOf(threads));
    return threads;
  }

  private JsonObject json(BenchReport report, BenchSettings settings, BenchSurroundings where) {
    JsonObject json = json();
    json.addProperty("workspaceBytes", settings.workspaceBytes());
    json.addProperty("rounds", settings.rounds());
    json.addProperty("threads", settings.threads());
    where.addTo(json);
    report.addTo(json);
    return json;
  }
}
