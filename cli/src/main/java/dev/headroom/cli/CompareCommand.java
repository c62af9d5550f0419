package dev.headroom.cli;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import dev.headroom.scaling.choice.Comparison;
import dev.headroom.scaling.fit.Estimate;
import dev.headroom.scaling.fit.Fit;
import dev.headroom.scaling.fit.FitOptions;
import dev.headroom.scaling.fit.Fitter;
import dev.headroom.scaling.fit.Status;
import dev.headroom.scaling.law.Law;
import dev.headroom.scaling.law.Laws;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Compares two recipes by their fitted curves. */
@Command(
    name = "headroom compare",
    sortOptions = false,
    header = {
      "Compares two recipes: where their curves cross, and what one is worth in the other's compute.",
      "",
      "Examples:",
      "  headroom compare chinchilla old.csv new.csv --map n=N,d=D",
      "  headroom compare power adam.csv muon.csv --map x=flops --at 1e20 --at 1e22 --to 1e26",
      "  headroom compare chinchilla old.csv new.csv --bootstrap 1000 --json",
      ""
    },
    footer = {
      "",
      "The scale is the law's x; for chinchilla the budget 6 N D, each recipe at its own best split.",
      "A multiplier below 1 says that SECOND reaches the loss of FIRST with less.",
      "",
      "Exit codes: 0 good; 2 usage; 3 a file is unreadable or empty; 4 a fit did not converge, or",
      "its data do not determine it."
    })
final class CompareCommand extends HeadroomCommand {

  /** Without --to, crossings are looked for up to this many times the largest scale of the runs. */
  private static final double BEYOND = 1e4;

  @Parameters(index = "0", paramLabel = "LAW", description = "power, power0 or chinchilla.")
  String lawName;

  @Parameters(index = "1", paramLabel = "FIRST", description = "Runs of one recipe.")
  String firstFile;

  @Parameters(index = "2", paramLabel = "SECOND", description = "Runs of the other.")
  String secondFile;

  @Mixin LogOptions log = new LogOptions();

  @Option(
      names = "--at",
      paramLabel = "SCALE",
      description = "Compare there too; may be given again (default: the largest scale of FIRST).")
  List<Double> at = new ArrayList<>();

  @Option(
      names = "--to",
      paramLabel = "SCALE",
      description = "Look for a crossing up to there (default: 1e4 times the largest scale).")
  double to = Double.NaN;

  @Option(
      names = "--bootstrap",
      paramLabel = "K",
      description = "Intervals from K resamples (default: 0, intervals from the covariance).")
  int bootstrap;

  @Mixin IntervalOptions intervals = new IntervalOptions();

  private double least = Double.MAX_VALUE;
  private double most;

  @Override
  public Integer call() {
    Law law = Laws.named(lawName);
    Fit first = fit(law, firstFile);
    List<Double> scales = at.isEmpty() ? List.of(most) : at;
    Fit second = fit(law, secondFile);
    double end = Double.isNaN(to) ? BEYOND * most : to;
    scales.forEach(CompareCommand::positive);
    Comparison comparison = comparison(first, second);
    Estimate crossing = comparison.crossing(least, end);
    double share = comparison.crossingShare(least, end);
    JsonObject json = json();
    json.addProperty("law", law.name());
    json.addProperty("level", intervals.level);
    json.add("crossing", estimate(crossing));
    json.getAsJsonObject("crossing").addProperty("searched_to", end);
    json.getAsJsonObject("crossing").add("share_of_draws", Json.number(share));
    json.add("asymptote_difference", estimate(comparison.asymptotes()));
    JsonArray array = new JsonArray();
    List<String[]> rows = new ArrayList<>();
    rows.add(
        new String[] {
          "at", "SECOND against FIRST", "value", Figures.percent(intervals.level) + " low", "high"
        });
    for (double scale : scales) {
      array.add(at(comparison, scale, rows));
    }
    row(rows, "limit", "loss difference", comparison.asymptotes());
    json.add("at", array);
    emit(json, () -> Figures.table(rows) + words(crossing, share, end));
    boolean good = first.status() == Status.CONVERGED && second.status() == Status.CONVERGED;
    return good ? ExitCode.OK : ExitCode.FIT;
  }

  private Fit fit(Law law, String file) {
    LawPoints points = new PointReader(log.files(), law).read(List.of(file));
    points.notes().forEach(n -> note("note: " + file + ": " + n));
    FitCommand.enough(law, points);
    FitOptions options = intervals.fit(bootstrap);
    for (double[] x : points.data().x()) {
      double scale = law.name().equals("chinchilla") ? 6 * x[0] * x[1] : x[0];
      least = Math.min(least, scale);
      most = Math.max(most, scale);
    }
    Fit fit = Fitter.fit(law, points.data(), options);
    fit.warnings().forEach(w -> note("warning: " + file + ": " + w));
    if (fit.status() != Status.CONVERGED) {
      note("warning: " + file + ": " + FitOutput.status(fit) + ", so this ends with exit code 4");
    }
    return fit;
  }

  /** A curve that lost a term has no best split: an answer about the data. */
  private Comparison comparison(Fit first, Fit second) {
    Comparison comparison = new Comparison(first, second, intervals.level, intervals.seed);
    try {
      comparison.difference(most);
    } catch (IllegalArgumentException e) {
      throw new CommandException(ExitCode.FIT, e.getMessage());
    }
    return comparison;
  }

  private static JsonObject at(Comparison comparison, double scale, List<String[]> rows) {
    JsonObject one = new JsonObject();
    one.add("scale", Json.number(scale));
    Estimate difference = comparison.difference(scale);
    Estimate multiplier = comparison.multiplier(scale);
    Estimate data = comparison.dataMultiplier(scale);
    one.add("loss_difference", estimate(difference));
    one.add("scale_multiplier", estimate(multiplier));
    one.add("data_multiplier", estimate(data));
    row(rows, Figures.of(scale, 3), "loss difference", difference);
    row(rows, "", "scale multiplier", multiplier);
    if (!Double.isNaN(data.value())) {
      row(rows, "", "data multiplier", data);
    }
    return one;
  }

  private static void row(List<String[]> rows, String at, String name, Estimate e) {
    rows.add(
        new String[] {
          at, name, Figures.of(e.value(), 4), Figures.of(e.low(), 4), Figures.of(e.high(), 4)
        });
  }

  private static JsonObject estimate(Estimate e) {
    JsonObject json = new JsonObject();
    json.add("value", Json.number(e.value()));
    json.add("low", Json.number(e.low()));
    json.add("high", Json.number(e.high()));
    return json;
  }

  private String words(Estimate crossing, double share, double end) {
    String draws = String.format(Locale.ROOT, "%.0f %% of the draws", 100 * share);
    if (Double.isInfinite(crossing.value())) {
      return "the curves do not cross up to "
          + Figures.of(end, 3)
          + " (they do in "
          + draws
          + ")\n";
    }
    return "the curves cross at "
        + Figures.of(crossing.value(), 3)
        + ", "
        + Figures.percent(intervals.level)
        + " interval "
        + Figures.of(crossing.low(), 3)
        + " to "
        + (Double.isInfinite(crossing.high())
            ? "beyond " + Figures.of(end, 3)
            : Figures.of(crossing.high(), 3))
        + " ("
        + draws
        + " cross)\n";
  }

  private static void positive(double scale) {
    if (!(scale > 0 && scale <= Double.MAX_VALUE)) {
      throw new IllegalArgumentException("--at: " + scale + " (expected: finite, above 0)");
    }
  }
}
