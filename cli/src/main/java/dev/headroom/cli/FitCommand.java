package dev.headroom.cli;

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
      "",
      "Exit codes: 0 good; 2 usage; 3 a file is unreadable or empty; 4 the fit did not converge, or",
      "the data do not determine it (fewer points than parameters, for example)."
    })
final class FitCommand extends HeadroomCommand {

  @Parameters(
      index = "0",
      paramLabel = "LAW",
      description = "power, power0, chinchilla or annealing.")
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
      names = "--chart",
      paramLabel = "FILE",
      description = "Also draw points and law to FILE.svg or FILE.png.")
  Path chart;

  @Override
  public Integer call() {
    Law law = Laws.named(lawName);
    ChartFile.check(chart);
    FitOptions options =
        new FitOptions(
            objective, delta, bootstrap, level, seed, Runtime.getRuntime().availableProcessors());
    LawPoints points = points(law);
    points.notes().forEach(n -> note("note: " + n));
    enough(law, points);
    Fit fit = Fitter.fit(law, points.data(), options);
    emit(FitOutput.json(json(), fit, points, options), () -> FitOutput.text(fit, points));
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
  private static void enough(Law law, LawPoints points) {
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
