package dev.headroom.cli;

import com.google.gson.JsonObject;
import dev.headroom.cli.report.IsoLossChart;
import dev.headroom.scaling.fit.Fit;
import dev.headroom.scaling.fit.FitOptions;
import dev.headroom.scaling.fit.Fitter;
import dev.headroom.scaling.fit.Status;
import dev.headroom.scaling.law.Law;
import dev.headroom.scaling.law.Laws;
import dev.headroom.scaling.plan.Planner;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Plans a budget with the Chinchilla law, or the mixture of the data. */
@Command(
    name = "headroom plan",
    sortOptions = false,
    header = {
      "Plans a training budget: model size, tokens, learning rate, and which runs to do first; or,",
      "with --mixture, the proportions of the training data that suit a target best.",
      "",
      "Examples:",
      "  headroom plan points.csv --map n=N,d=D --flops 1e24",
      "  headroom plan points.csv --flops 1e24 --serve 2e13 --max-params 1.3e10",
      "  headroom plan points.csv --flops 1e23 --unique 1e11 --chart plan.svg",
      "  headroom plan points.csv --flops 1e23 --runs-budget 1e20",
      "  headroom plan --law E=1.8172,A=482.01,B=2085.43,a=0.3478,b=0.3658 --flops 1e24 --json",
      "  headroom plan small.csv --mixture web,code,books --target loss_qa=0.7,loss_code=0.3",
      "  headroom plan small.csv --mixture web,code --target val=1 --bound code=0.1:0.4",
      ""
    },
    footer = {
      "",
      "Fits E + A/N^a + B/D^b to the runs and minimises it along C = 6 N D. Intervals are those of",
      "the fitted parameters; for bands of the loss that allow for a wrong law: headroom fit --predict.",
      "Learning rate and batch are those of Step Law (Li et al. 2025) for AdamW; repeated data are",
      "valued after Muennighoff et al. (2023).",
      "",
      "With --mixture: fits c + k exp(sum t_j r_j) to each loss (Ye et al. 2025) and minimises their",
      "weighted sum. Rows are counted without the header, of those that --where keeps. The best",
      "mixture may change with model size and tokens: keep them alike in the runs, and near yours.",
      "",
      "Exit codes: 0 good; 2 usage; 3 a file is unreadable or empty; 4 the fit did not converge, or",
      "the data do not determine it."
    })
final class PlanCommand extends HeadroomCommand {

  @Parameters(
      arity = "0..*",
      paramLabel = "FILE",
      description =
          "Runs of several sizes: columns n, d and loss; or of several mixtures (JSONL, CSV; - is"
              + " stdin).")
  List<String> files = new ArrayList<>();

  @Mixin LogOptions log = new LogOptions();

  @Option(
      names = "--flops",
      paramLabel = "C",
      description = "The budget in FLOPs: of training, and of serving too with --serve.")
  double flops = Double.NaN;

  @Option(
      names = "--law",
      paramLabel = "E=..,A=..,B=..,a=..,b=..",
      description = "Known parameters in place of runs; the plan then has no intervals.")
  String known;

  @Option(
      names = "--serve",
      paramLabel = "TOKENS",
      description = "Tokens to be served: 2 N FLOPs each come out of the budget.")
  double serve;

  @Option(
      names = "--unique",
      paramLabel = "TOKENS",
      description = "Different tokens at hand: more are epochs, which are worth less.")
  double unique = Double.NaN;

  @Option(names = "--min-params", paramLabel = "N", description = "The smallest model allowed.")
  double minParams;

  @Option(names = "--max-params", paramLabel = "N", description = "The largest model allowed.")
  double maxParams = Double.MAX_VALUE;

  @Option(names = "--max-tokens", paramLabel = "D", description = "The most tokens allowed.")
  double maxTokens = Double.MAX_VALUE;

  @Option(
      names = "--runs-budget",
      paramLabel = "C",
      description = "Also choose small runs of C FLOPs together that sharpen the forecast most.")
  double runsBudget = Double.NaN;

  @Mixin MixtureOptions mixture = new MixtureOptions();

  @Option(
      names = "--bootstrap",
      paramLabel = "K",
      description =
          "Intervals from K resamples (default: 0, intervals from the covariance; 1000 with"
              + " --mixture).")
  int bootstrap;

  @Mixin IntervalOptions intervals = new IntervalOptions();

  @Option(
      names = "--chart",
      paramLabel = "FILE",
      description = "Also draw lines of equal loss and equal FLOPs to FILE.svg or FILE.png.")
  Path chart;

  @Override
  public Integer call() {
    if (mixture.asked(spec.commandLine().getParseResult())) {
      return new PlanMixture(this).run();
    }
    ChartFile.check(chart);
    if (Double.isNaN(flops)) {
      throw new IllegalArgumentException(
          "--flops: not given (expected: the budget, or --mixture to plan the data)");
    }
    positive("--flops", flops);
    positive("--max-params", maxParams);
    positive("--max-tokens", maxTokens);
    notNegative("--serve", serve);
    notNegative("--min-params", minParams);
    if (known == null == files.isEmpty()) {
      throw new IllegalArgumentException(
          "FILE, --law: " + (known == null ? "neither" : "both") + " (expected: one of them)");
    }
    return known == null ? fromRuns() : fromParameters();
  }

  private int fromParameters() {
    if (!Double.isNaN(runsBudget)) {
      throw new IllegalArgumentException(
          "--runs-budget: given with --law (expected: with runs, whose noise it needs)");
    }
    Map<String, Double> theta = Numbers.parse("--law", known, List.of("E", "A", "B", "a", "b"));
    double[] values = {
      theta.get("E"), theta.get("A"), theta.get("B"), theta.get("a"), theta.get("b")
    };
    finish(new PlanOutput(this, new Planner(values)), json());
    return ExitCode.OK;
  }

  private int fromRuns() {
    Law law = Laws.named("chinchilla");
    LawPoints points = new PointReader(log.files(), law).read(files);
    points.notes().forEach(n -> note("note: " + n));
    FitOptions options = intervals.fit(bootstrap);
    FitCommand.enough(law, points);
    Fit fit = Fitter.fit(law, points.data(), options);
    PlanOutput output = new PlanOutput(this, planner(fit));
    JsonObject json = json();
    json.add("fit", FitOutput.json(new JsonObject(), fit, points, options));
    fit.warnings().forEach(w -> note("warning: " + w));
    if (!Double.isNaN(runsBudget)) {
      positive("--runs-budget", runsBudget);
      output.experiments(fit, points.data());
    }
    finish(output, json);
    if (fit.status() != Status.CONVERGED) {
      note("headroom plan: " + FitOutput.status(fit) + ", so this ends with exit code 4");
      return ExitCode.FIT;
    }
    return ExitCode.OK;
  }

  /** A law that lost a term is an answer about the data, not a wrong command line. */
  private Planner planner(Fit fit) {
    try {
      return new Planner(fit, intervals.level, intervals.seed);
    } catch (IllegalArgumentException e) {
      throw new CommandException(ExitCode.FIT, e.getMessage());
    }
  }

  private void finish(PlanOutput output, JsonObject json) {
    output.make();
    emit(output.json(json), output::text);
    if (chart != null) {
      ChartFile.write(chart, IsoLossChart.of(output.law(), flops));
    }
  }

  private static void positive(String option, double value) {
    if (!(value > 0 && value <= Double.MAX_VALUE)) {
      throw new IllegalArgumentException(option + ": " + value + " (expected: finite, above 0)");
    }
  }

  private static void notNegative(String option, double value) {
    if (!(value >= 0 && value <= Double.MAX_VALUE)) {
      throw new IllegalArgumentException(option + ": " + value + " (expected: 0 or more)");
    }
  }
}
