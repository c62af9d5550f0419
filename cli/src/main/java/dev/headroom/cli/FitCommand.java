package dev.headroom.cli;

import com.google.gson.JsonObject;
import dev.headroom.cli.report.ProfileChart;
import dev.headroom.cli.report.Scene;
import dev.headroom.scaling.choice.Runs;
import dev.headroom.scaling.fit.Constraints;
import dev.headroom.scaling.fit.Fit;
import dev.headroom.scaling.fit.FitOptions;
import dev.headroom.scaling.fit.Fitter;
import dev.headroom.scaling.fit.Intervals;
import dev.headroom.scaling.fit.MultiPowerFit;
import dev.headroom.scaling.fit.Objective;
import dev.headroom.scaling.fit.Profile;
import dev.headroom.scaling.fit.Status;
import dev.headroom.scaling.law.Law;
import dev.headroom.scaling.law.Laws;
import dev.headroom.scaling.law.Parameter;
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
      "  headroom fit chinchilla points.csv --prior 'a~normal(.35,.05)' --profile profiles.svg",
      "  headroom fit 'own: E + A/N^a + B/D^b' points.csv --vars N=params,D=tokens --start a=.3",
      "  headroom fit annealing a.csv b.csv --schedule 'cosine(peak=3e-4,warmup=2160,total=24000)' \\",
      "      --schedule 'constant(peak=3e-4,warmup=2160,total=24000)'",
      ""
    },
    footer = {
      "",
      "Laws, with their variables (columns of these names, or --map):",
      "  power              E + A x^-a                                 x; tokens or step too",
      "  power0             A x^-a                                     x",
      "  shifted            E + A (x + x0)^-a                          x",
      "  broken:K           E + A x^-c0 with K breaks, 1 to 3          x",
      "  exponential        E + A exp(-g x)                            x",
      "  chinchilla         E + A/N^a + B/D^b                          n (parameters), d (tokens)",
      "  kaplan             [(A/N^aN)^(1/aD) + (B/D^aD)^(1/aD)]^aD     n, d",
      "  kaplan-trajectory  A/N^aN + C ((1 + Bcrit(L)/B)/S)^aS         n, s (steps), b (batch)",
      "  data-constrained   E + A/N'^a + B/D'^b, tokens repeated       n, d, u (unique tokens)",
      "  overtraining       E + A N^-a + B 6^(-a/2) (M N)^-a           n, m (tokens/parameter)",
      "  ensemble           E + A/N^a + B/K^b                          n, k (members)",
      "  nmt                Linf + A Ne^-pe Nd^-pd                     ne, nd",
      "  annealing          L0 + A S1^-al - C S2      from runs: step, loss, schedule; or s1, s2",
      "  annealing-size     L0 + A S1^-al - C S2 + B N^-be             s1, s2, n",
      "  multi-power        L0 + A S1^-al + B sum_k ...       from runs: step, loss, schedule",
      "  mixture-exp:M      c + k exp(sum t_j r_j)                     r1 to rM",
      "  mixture-add:M      E + K/(sum c_i h_i^g_i) + A/N^a + B/D^b    h1 to hM, n, d",
      "  mixture-joint:M    E + K/(sum c_i h_i^g_i) + A_h/N^a + B_h/D^b  h1 to hM, n, d",
      "  rectified          B/(Dl + D^be) + E                          d (samples)",
      "  sft                C (D + k T^al)^-be + E                     d, t (pre-training tokens)",
      "  loss-to-loss       K (L0 - E0)^kappa + E1                     l0",
      "  error              E - k exp(-g L)                            l (loss)",
      "  sigmoid            b + a/(1 + exp(k (L - L0)))                l",
      "  bleu               (c + al log D)^be                          d",
      "  coverage           F (1 - (1 - p)^K)                          k (samples)",
      "  coverage-power     exp(-A K^-b)                               k",
      "  coverage-beta      1 - B(al, be + K)/B(al, be)                k",
      "  steplaw-lr         c N^p D^q                                  n, d",
      "  steplaw-batch      c D^q                                      d",
      "  growth             G N^p R^q                                  n, r (learning rate)",
      "  own: FORMULA       + - * / ^ and exp log sqrt pow sigmoid tanh min max abs atan sin cos, pi;",
      "                     the names in --vars are variables, all others parameters",
      "  auto               of the laws of a loss whose columns are there, the one that, fitted to the",
      "                     smaller runs, best predicts the larger ones",
      "  isoflop            N* = k C^a in three ways, from runs at several budgets",
      "                                                                c (FLOPs), n (parameters)",
      "",
      "Exit codes: 0 good; 2 usage; 3 a file is unreadable or empty; 4 the fit did not converge, or",
      "the data do not determine it (fewer points than parameters, for example)."
    })
final class FitCommand extends HeadroomCommand {

  @Parameters(index = "0", paramLabel = "LAW", description = "A name below, or 'own: FORMULA'.")
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
          "annealing, multi-power: the learning rate of the run; once for all files, or once for each in the"
              + " order of the files. Without it the log's header or its lr column is used.")
  List<String> schedules = new ArrayList<>();

  @Option(
      names = "--vars",
      paramLabel = "NAME=COLUMN,...",
      description = "own: the variables of the formula, and the columns that hold them.")
  List<String> variables = new ArrayList<>();

  @Option(
      names = "--start",
      paramLabel = "NAME=V,...",
      description =
          "own: where the search for a parameter begins; a name may come several times. Parameters"
              + " without a start are solved for or tried at usual values.")
  List<String> starts = new ArrayList<>();

  @Option(
      names = "--objective",
      paramLabel = "NAME",
      description =
          "huber_log (Huber on log-loss, the default), least_squares, least_squares_log or student_t"
              + " (on log-loss).")
  Objective objective = Objective.HUBER_LOG;

  @Option(
      names = "--delta",
      paramLabel = "D",
      description = "Where Huber turns linear, in log-loss (default: 0.001).")
  double delta = 1e-3;

  @Option(
      names = "--tails",
      paramLabel = "NU",
      description = "student_t: degrees of freedom (default: 4); fewer forgive more.")
  double tails = 4;

  @Option(
      names = "--weights",
      paramLabel = "COLUMN",
      description = "Weight of each point: its inverse variance, up to a factor.")
  String weights;

  @Mixin Knowledge knowledge = new Knowledge();

  @Option(
      names = "--interval",
      paramLabel = "KIND",
      description =
          "covariance, pairs, runs, residual or wild (bootstraps) or profile. Without it runs or"
              + " pairs where --bootstrap is given, else covariance.")
  Intervals intervals = Intervals.AUTO;

  @Option(
      names = "--profile",
      paramLabel = "FILE",
      description =
          "Also draw how the objective rises along each parameter, to FILE.svg or FILE.png.")
  Path profile;

  @Option(
      names = "--bootstrap",
      paramLabel = "K",
      description =
          "Intervals from K resamples (default: 0, intervals from the covariance; 1000 where"
              + " --interval names a bootstrap).")
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

  private MultiPowerReader multiPower;

  @Override
  public Integer call() {
    OwnFormula own = own();
    ChartFile.check(chart);
    ChartFile.check(profile, "--profile");
    if (lawName.equals("auto") || lawName.equals("isoflop")) {
      return chosen();
    }
    Law law = own == null ? Laws.named(lawName) : own.law();
    FitOptions options = options(law);
    LawPoints points = points(law);
    law = multiPower == null ? law : multiPower.law();
    points.notes().forEach(n -> note("note: " + n));
    enough(law, points, options.constraints());
    boolean asked = !predict.isEmpty() || influence != 0;
    Runs runs = asked ? Runs.of(law, points.data()) : null;
    FitQuestions questions = new FitQuestions(this, runs, List.of(law), options);
    Fit fit =
        own == null || own.starts().isEmpty()
            ? Fitter.fit(law, points.data(), options)
            : Fitter.fitFrom(law, points.data(), options, own.starts());
    JsonObject json = FitOutput.json(json(), fit, points, options);
    String answers = questions.answer(fit, points.data(), json);
    emit(json, () -> FitOutput.text(fit, points) + answers);
    if (profile != null) {
      ChartFile.write(profile, profiles(fit, points, options));
    }
    return finish(fit, points);
  }

  /** What names a parameter or a column makes sense with one law only. */
  private Integer chosen() {
    if (!knowledge.isEmpty() || weights != null || profile != null) {
      throw new IllegalArgumentException(
          "--fix, --tie, --bound, --prior, --weights, --profile: given with "
              + lawName
              + " (expected: only with a law by name)");
    }
    FitOptions options = options(Constraints.none());
    return lawName.equals("auto")
        ? new FitAuto(this, options).call()
        : new FitIsoFlop(this, options).call();
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

  private FitOptions options(Law law) {
    Constraints constraints = knowledge.constraints();
    constraints.check(law);
    boolean open = law.name().equals("multi-power");
    return options(open ? MultiPowerFit.settled(constraints) : constraints);
  }

  private FitOptions options(Constraints constraints) {
    return new FitOptions(
        objective,
        delta,
        bootstrap,
        level,
        seed,
        Runtime.getRuntime().availableProcessors(),
        tails,
        intervals,
        constraints);
  }

  private static Scene profiles(Fit fit, LawPoints points, FitOptions options) {
    List<Profile> profiles = new ArrayList<>();
    for (Parameter parameter : fit.law().parameters()) {
      String name = parameter.name();
      Constraints known = options.constraints();
      if (!known.fixed().containsKey(name) && !known.tied().containsKey(name)) {
        profiles.add(Fitter.profile(points.data(), options, fit, name));
      }
    }
    String title = "Profiles of " + fit.law().name() + ", " + fit.law().formula();
    return ProfileChart.of(title, Figures.percent(fit.level()), profiles);
  }

  /** Reads the formula where one is given, else null. */
  private OwnFormula own() {
    if (!OwnFormula.isOne(lawName)) {
      if (!variables.isEmpty() || !starts.isEmpty()) {
        throw new IllegalArgumentException(
            (variables.isEmpty() ? "--start" : "--vars")
                + ": given for "
                + lawName
                + " (expected: only with 'own: FORMULA')");
      }
      return null;
    }
    OwnFormula own = OwnFormula.read(lawName, variables, starts);
    log.map.addAll(own.columns());
    return own;
  }

  private LawPoints points(Law law) {
    LogFiles reader = log.files();
    if (law.name().equals("multi-power")) {
      multiPower = new MultiPowerReader(reader);
      return multiPower.read(files, schedules);
    }
    boolean fromRuns =
        law.name().equals("annealing")
            && !(reader.map().column("s1") != null && reader.map().column("s2") != null);
    if (!fromRuns && !schedules.isEmpty()) {
      throw new IllegalArgumentException(
          "--schedule: given for "
              + law.name()
              + " (expected: only with annealing or multi-power)");
    }
    if (fromRuns && weights != null) {
      throw new IllegalArgumentException(
          "--weights: " + weights + " (expected: only with a table, not with runs)");
    }
    return fromRuns
        ? new AnnealingReader(reader, schedules).read(files)
        : new PointReader(reader, law, weights).read(files);
  }

  /** Too few points are an answer about the data, not a wrong command line. */
  static void enough(Law law, LawPoints points) {
    enough(law, points, Constraints.none());
  }

  private static void enough(Law law, LawPoints points, Constraints known) {
    int needed = law.parameters().size() - known.fixed().size() - known.tied().size();
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
