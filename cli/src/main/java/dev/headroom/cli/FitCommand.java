package dev.headroom.cli;

import com.google.gson.JsonObject;
import dev.headroom.scaling.choice.Runs;
import dev.headroom.scaling.fit.Fit;
import dev.headroom.scaling.fit.FitOptions;
import dev.headroom.scaling.fit.Fitter;
import dev.headroom.scaling.fit.Objective;
import dev.headroom.scaling.fit.Status;
import dev.headroom.scaling.law.Law;
import dev.headroom.scaling.law.Laws;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Fits one law. */
@Command(
    name = "headroom fit",
    sortOptions = false,
    header = {
      "Fits a scaling law to losses.",
      "",
      "Examples:",
      "  headroom fit chinchilla points.csv --map n=N,d=D --where 'C < 1e21' --bootstrap 1000",
      "  headroom fit auto points.csv --predict n=7e9,d=1.4e11 --influence 5",
      "  headroom fit isoflop sweep.csv --map c=flops,n=params --chart isoflop.svg",
      "  headroom fit power run.jsonl --map x=tokens --json -o fit.json --chart fit.svg",
      "  headroom fit annealing a.csv b.csv --schedule 'cosine(peak=3e-4,warmup=2160,total=24000)' \\",
      "      --schedule 'constant(peak=3e-4,warmup=2160,total=24000)'",
      ""
    },
    footer = {
      "",
      "Laws:",
      "  power       E + A x^-a                x: column x, tokens or step",
      "  power0      A x^-a",
      "  chinchilla  E + A/N^a + B/D^b         n: parameters, d: tokens",
      "  annealing   L0 + A S1^-al - C S2      from runs: step, loss and the schedule of each",
      "  auto        all laws above whose columns are there, compared by how well each, fitted to",
      "              the smaller runs, predicts the larger ones; then fits the best",
      "  isoflop     N* = k C^a in three ways, from runs at several budgets; c: FLOPs, n: parameters",
      "",
      "Exit codes: 0 good; 2 usage; 3 a file is unreadable or empty; 4 the fit did not converge, or",
      "the data do not determine it (fewer points than parameters, for example)."
    })
final class FitCommand extends HeadroomCommand {

  @Parameters(
      index = "0",
      paramLabel = "LAW",
      description = "One of the laws below, auto or isoflop.")
  String lawName;

  @Parameters(
      index = "1..*",
      arity = "1..*",
      paramLabel = "FILE",
      description = "Tables or logs (JSONL, CSV; - is standard input).")
  List<String> files;

  @Mixin LogOptions log = new LogOptions();

  @Option(
      names = "--schedule",
      paramLabel = "TEXT",
      description =
          "annealing: the learning rate of the run; once for all files, or once for each in the"
              + " order of the files. Without it the log's header or its lr column is used.")
  List<String> schedules = new ArrayList<>();

  @Option(
      names = "--objective",
      paramLabel = "NAME",
      description =
          "huber_log (Huber on log-loss, the default), least_squares or least_squares_log.")
  Objective objective = Objective.HUBER_LOG;

  @Option(
      names = "--delta",
      paramLabel = "D",
      description = "Where Huber turns linear, in log-loss (default: 0.001).")
  double delta = 1e-3;

  @Option(
      names = "--bootstrap",
      paramLabel = "K",
      description = "Intervals from K resamples (default: 0, intervals from the covariance).")
  int bootstrap;

  @Option(
      names = "--level",
      paramLabel = "P",
      description = "Level of the intervals (default: 0.95).")
  double level = 0.95;

  @Option(names = "--seed", paramLabel = "S", description = "Seed of the resamples (default: 1).")
  long seed = 1;

  @Option(
      names = "--predict",
      paramLabel = "NAME=VALUE,...",
      description =
          "Predict the loss there, with a band made of the errors of earlier forecasts among these"
              + " runs; may be given again. A law by name is averaged over objectives and ranges,"
              + " auto over laws too.")
  List<String> predict = new ArrayList<>();

  @Option(
      names = "--influence",
      paramLabel = "K",
      description =
          "Name the K runs without which the first prediction (or the loss of the largest run)"
              + " changes most. None is dropped.")
  int influence;

  @Option(
      names = "--chart",
      paramLabel = "FILE",
      description = "Also draw points and law to FILE.svg or FILE.png.")
  Path chart;

  @Override
  public Integer call() {
    ChartFile.check(chart);
    FitOptions options =
        new FitOptions(
            objective, delta, bootstrap, level, seed, Runtime.getRuntime().availableProcessors());
    if (lawName.equals("auto")) {
      return new FitAuto(this, options).call();
    }
    if (lawName.equals("isoflop")) {
      return new FitIsoFlop(this, options).call();
    }
    Law law = Laws.named(lawName);
    LawPoints points = points(law);
    points.notes().forEach(n -> note("note: " + n));
    enough(law, points);
    Runs runs = Runs.of(law, points.data());
    FitQuestions questions = new FitQuestions(this, runs, List.of(law), options);
    Fit fit = Fitter.fit(law, points.data(), options);
    JsonObject json = FitOutput.json(json(), fit, points, options);
    String answers = questions.answer(fit, points.data(), json);
    emit(json, () -> FitOutput.text(fit, points) + answers);
    return finish(fit, points);
  }

  /** Draws the chart and turns the status into an exit code. */
  int finish(Fit fit, LawPoints points) {
    if (chart != null) {
      ChartFile.write(chart, points.chart(fit));
    }
    if (fit.status() != Status.CONVERGED) {
      note("headroom fit: " + FitOutput.status(fit) + ", so this ends with exit code 4");
      return ExitCode.FIT;
    }
    return ExitCode.OK;
  }

  private LawPoints points(Law law) {
    LogFiles reader = log.files();
    boolean fromRuns =
        law.name().equals("annealing")
            && !(reader.map().column("s1") != null && reader.map().column("s2") != null);
    if (!fromRuns && !schedules.isEmpty()) {
      throw new IllegalArgumentException(
          "--schedule: given for " + law.name() + " (expected: only with annealing)");
    }
    return fromRuns
        ? new AnnealingReader(reader, schedules).read(files)
        : new PointReader(reader, law).read(files);
  }

  /** Too few points are an answer about the data, not a wrong command line. */
  static void enough(Law law, LawPoints points) {
    int needed = law.parameters().size();
    if (points.data().size() < needed) {
      throw new CommandException(
          ExitCode.FIT,
          "points: "
              + points.data().size()
              + " (expected: at least "
              + needed
              + ", the number of parameters of "
              + law.name()
              + ")");
    }
  }
}
