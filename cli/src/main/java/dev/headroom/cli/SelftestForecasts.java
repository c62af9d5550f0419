package dev.headroom.cli;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import dev.headroom.scaling.forecast.Basis;
import dev.headroom.scaling.forecast.Trial;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/** Forecasts the ends of finished runs and tells how far off they were. */
final class SelftestForecasts {
  private static final double[] SHARES = {.3, .5, .7, .8};

  /** Shares that the bands are judged and calibrated on. */
  private static final double[] ALL = {.2, .3, .4, .5, .6, .7, .8, .9};

  /** Errors of the annealing law fitted to siblings with an offset, in per cent: to be beaten. */
  private static final double[] REFERENCE = {.34, .26, .27, .20};

  /** Fewest forecasts that quantiles are made from. */
  private static final int FEWEST = 15;

  private static final double LOWEST_COVERAGE = .8;

  private final List<Trial> trials;
  private final boolean published;

  private SelftestForecasts(List<Trial> trials, boolean published) {
    this.trials = trials;
    this.published = published;
  }

  /** Makes the forecasts on the sets under a folder, or on the fixtures where it is null. */
  static SelftestForecasts of(Path folder) {
    return new SelftestForecasts(
        Trial.of(folder == null ? ForecastSets.fixtures() : ForecastSets.under(folder), ALL),
        folder != null);
  }

  /** Returns what missed its mark, in words. */
  List<String> failures() {
    List<String> failures = new ArrayList<>();
    double held = coverage(trials, .9);
    if (published && held < LOWEST_COVERAGE) {
      failures.add(
          String.format(
              Locale.ROOT,
              "90 %% bands: %.0f %% covered (expected: at least %.0f %%)",
              100 * held,
              100 * LOWEST_COVERAGE));
    }
    for (int s = 0; s < SHARES.length && published; s++) {
      double share = SHARES[s];
      double error = mean(keep(t -> t.share() == share && t.beside().equals(ForecastSets.FAMILY)));
      if (error > REFERENCE[s]) {
        failures.add(
            String.format(
                Locale.ROOT,
                "error with siblings at %.0f %% of the run: %.3f %% (expected: at most %.2f %%)",
                100 * share,
                error,
                REFERENCE[s]));
      }
    }
    return failures;
  }

  /** Writes the tables for people. */
  String text() {
    StringBuilder text = new StringBuilder();
    text.append("Mean absolute error of the final loss, per cent, by share of the run seen\n\n");
    text.append(Figures.table(errors())).append('\n');
    text.append("Bands: share of forecasts from 20 to 90 % of the run that held what came; in");
    text.append(" brackets with quantiles from the other sets alone; mean half-width of the");
    text.append(" 90 % band\n\n");
    text.append(Figures.table(bands())).append('\n');
    if (!published) {
      text.append(
          "These runs are 600 steps long and their losses still fall steeply: no law of long");
      text.append(
          " runs holds.\nThe bands are too narrow on them, which is why they are not judged.\n\n");
    }
    text.append("Quantiles of the scores, each set weighing the same (in brackets: in use)\n\n");
    text.append(Figures.table(quantiles())).append('\n');
    failures().forEach(f -> text.append("FAILED: ").append(f).append('\n'));
    text.append(Figures.count(trials.size(), "forecast")).append(", ");
    text.append(!published ? "not judged\n" : failures().isEmpty() ? "passed\n" : "failed\n");
    return text.toString();
  }

  private List<String[]> errors() {
    List<String[]> rows = new ArrayList<>();
    rows.add(new String[] {"set", "siblings", "runs", "30 %", "50 %", "70 %", "80 %"});
    for (String[] key : keys()) {
      List<Trial> group = keep(t -> t.set().equals(key[0]) && t.beside().equals(key[1]));
      String[] row = new String[3 + SHARES.length];
      row[0] = key[0];
      row[1] = key[1];
      row[2] = "" + group.stream().map(Trial::run).distinct().count();
      for (int s = 0; s < SHARES.length; s++) {
        double share = SHARES[s];
        row[3 + s] = Figures.of(mean(group.stream().filter(t -> t.share() == share).toList()), 3);
      }
      rows.add(row);
    }
    return rows;
  }

  private List<String[]> bands() {
    List<String[]> rows = new ArrayList<>();
    rows.add(new String[] {"set", "basis", "forecasts", "50 %", "80 %", "90 %", "95 %", "width"});
    for (Basis basis : Basis.values()) {
      for (String set : sets()) {
        List<Trial> group = keep(t -> t.forecast().kind() == basis && t.set().equals(set));
        if (!group.isEmpty()) {
          rows.add(bandRow(set, basis, group));
        }
      }
      List<Trial> all = keep(t -> t.forecast().kind() == basis);
      if (!all.isEmpty() && sets().size() > 1) {
        rows.add(bandRow("all", basis, all));
      }
    }
    return rows;
  }

  private String[] bandRow(String set, Basis basis, List<Trial> group) {
    String[] row = new String[4 + Basis.LEVELS.length];
    row[0] = set;
    row[1] = basis.toString();
    row[2] = "" + group.size();
    for (int l = 0; l < Basis.LEVELS.length; l++) {
      double level = Basis.LEVELS[l];
      row[3 + l] = whole(coverage(group, level));
      double honest = coverageByOtherSets(basis, group, level);
      if (!Double.isNaN(honest)) {
        row[3 + l] += " (" + whole(honest) + ")";
      }
    }
    double width =
        group.stream()
            .mapToDouble(t -> 100 * t.forecast().scale() * basis.quantile(.9))
            .average()
            .orElse(Double.NaN);
    row[row.length - 1] = Figures.of(width, 2) + " %";
    return row;
  }

  /** Returns the coverage by bands whose quantiles come from the sets a forecast is not from. */
  private double coverageByOtherSets(Basis basis, List<Trial> group, double level) {
    long held = 0;
    long judged = 0;
    for (String set : sets()) {
      List<Trial> own = group.stream().filter(t -> t.set().equals(set)).toList();
      List<Trial> others = keep(t -> t.forecast().kind() == basis && !t.set().equals(set));
      if (others.size() >= FEWEST) {
        double q = Trial.quantile(others, level);
        held += own.stream().filter(t -> t.score() <= q).count();
        judged += own.size();
      }
    }
    return judged == 0 ? Double.NaN : held / (double) judged;
  }

  private List<String[]> quantiles() {
    List<String[]> rows = new ArrayList<>();
    rows.add(new String[] {"basis", "50 %", "80 %", "90 %", "95 %"});
    for (Basis basis : Basis.values()) {
      List<Trial> group = keep(t -> t.forecast().kind() == basis);
      String[] row = new String[1 + Basis.LEVELS.length];
      row[0] = basis.toString();
      for (int l = 0; l < Basis.LEVELS.length; l++) {
        double level = Basis.LEVELS[l];
        String measured = Figures.of(Trial.quantile(group, level), 3);
        row[1 + l] = measured + " (" + Figures.of(basis.quantile(level), 3) + ")";
      }
      rows.add(row);
    }
    return rows;
  }

  /** Writes every forecast for programs. */
  void fill(JsonObject json) {
    JsonArray list = new JsonArray();
    for (Trial trial : trials) {
      JsonObject one = new JsonObject();
      one.addProperty("set", trial.set());
      one.addProperty("run", trial.run());
      one.addProperty("siblings", trial.beside());
      one.addProperty("basis", trial.forecast().kind().toString());
      one.addProperty("share", trial.share());
      one.add("forecast", Json.number(trial.forecast().loss()));
      one.add("truth", Json.number(trial.truth()));
      one.add("scale", Json.number(trial.forecast().scale()));
      one.addProperty("covered90", trial.covered(.9));
      list.add(one);
    }
    json.add("forecasts", list);
    json.add("failures", Json.texts(failures()));
  }

  private List<String[]> keys() {
    Set<String> keys =
        trials.stream()
            .map(t -> t.set() + '\n' + t.beside())
            .collect(Collectors.toCollection(LinkedHashSet::new));
    return keys.stream().map(k -> k.split("\n")).toList();
  }

  private Set<String> sets() {
    return trials.stream().map(Trial::set).collect(Collectors.toCollection(LinkedHashSet::new));
  }

  private List<Trial> keep(Predicate<Trial> wanted) {
    return trials.stream().filter(wanted).toList();
  }

  private static double mean(List<Trial> group) {
    return group.stream().mapToDouble(t -> 100 * Math.abs(t.error())).average().orElse(Double.NaN);
  }

  private static String whole(double share) {
    return String.format(Locale.ROOT, "%.0f %%", 100 * share);
  }

  private static double coverage(List<Trial> group, double level) {
    return group.stream().filter(t -> t.covered(level)).count() / (double) group.size();
  }
}
