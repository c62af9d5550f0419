package dev.headroom.cli;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import dev.headroom.scaling.fit.Estimate;
import dev.headroom.scaling.fit.FitOptions;
import dev.headroom.scaling.fit.Objective;
import dev.headroom.scaling.log.Table;
import dev.headroom.scaling.plan.MixturePlan;
import dev.headroom.scaling.plan.MixtureRuns;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Plans the proportions of training data and writes them for people and for programs. */
final class PlanMixture {

  private static final int RESAMPLES = 1000;

  private final PlanCommand asked;
  private final FitOptions options;
  private final List<String> notes = new ArrayList<>();
  private MixtureRuns runs;
  private MixturePlan plan;

  PlanMixture(PlanCommand asked) {
    this.asked = asked;
    this.options =
        asked
            .intervals
            .fit(asked.bootstrap == 0 ? RESAMPLES : asked.bootstrap)
            .withObjective(Objective.LEAST_SQUARES_LOG);
  }

  int run() {
    List<String> domains = asked.mixture.domains();
    Map<String, Double> weights = asked.mixture.weights();
    double[] low = new double[domains.size()];
    double[] high = new double[domains.size()];
    asked.mixture.bound(domains, low, high);
    if (asked.files.isEmpty()) {
      throw new IllegalArgumentException("FILE: none (expected: a table of runs)");
    }
    runs = read(domains, weights);
    plan = MixturePlan.of(runs, low, high, options);
    notes.forEach(n -> asked.note("note: " + n));
    plan.warnings().forEach(w -> asked.note("warning: " + w));
    asked.emit(json(), this::text);
    if (!plan.undetermined().isEmpty()) {
      String names = String.join(", ", plan.undetermined());
      asked.note(
          "headroom plan: "
              + names
              + ": not determined by the runs, so this ends with exit code 4");
      return ExitCode.FIT;
    }
    return ExitCode.OK;
  }

  private MixtureRuns read(List<String> domains, Map<String, Double> weights) {
    List<String> targets = List.copyOf(weights.keySet());
    List<double[]> shares = new ArrayList<>();
    List<double[]> losses = new ArrayList<>();
    LogFiles files = asked.log.files();
    for (String file : asked.files) {
      Table table = files.table(file);
      notes.addAll(table.notes());
      shares.addAll(List.of(rows(table, domains)));
      losses.addAll(List.of(rows(table, targets)));
    }
    int needed = MixtureRuns.needed(domains.size());
    if (shares.size() < needed) {
      throw new CommandException(
          ExitCode.FIT,
          "runs: "
              + shares.size()
              + (" (expected: at least " + needed + ", the parameters of the law of ")
              + (domains.size() + " domains)"));
    }
    double[][] columns = new double[targets.size()][losses.size()];
    for (int r = 0; r < losses.size(); r++) {
      for (int i = 0; i < columns.length; i++) {
        columns[i][r] = losses.get(r)[i];
      }
    }
    double[] counts = weights.values().stream().mapToDouble(Double::doubleValue).toArray();
    return new MixtureRuns(domains, shares.toArray(new double[0][]), targets, columns, counts);
  }

  private static double[][] rows(Table table, List<String> names) {
    double[][] rows = new double[table.rows()][names.size()];
    for (int c = 0; c < names.size(); c++) {
      double[] column = table.column(names.get(c));
      for (int r = 0; r < rows.length; r++) {
        rows[r][c] = column[r];
      }
    }
    return rows;
  }

  private String text() {
    String level = Figures.percent(options.level());
    List<String[]> rows = new ArrayList<>();
    rows.add(new String[] {"proportion", "value", level + " low", "high", "best run"});
    for (int j = 0; j < plan.shares().size(); j++) {
      rows.add(row(plan.shares().get(j), runs.shares()[plan.best()][j]));
    }
    rows.add(new String[] {"", "", "", "", ""});
    rows.add(new String[] {"loss", "predicted", level + " low", "high", "observed"});
    for (int i = 0; i < plan.losses().size(); i++) {
      rows.add(row(plan.losses().get(i), runs.losses()[i][plan.best()]));
    }
    rows.add(row(plan.target(), runs.target(plan.best())));
    rows.add(row(plan.gain(), Double.NaN));
    rows.get(rows.size() - 1)[4] = "";
    return Figures.table(rows)
        + ("best run: row " + (plan.best() + 1) + " of " + runs.size() + "; gain: law against law,")
        + " from the mixture of that run to this one\n";
  }

  private static String[] row(Estimate e, double seen) {
    return new String[] {
      e.name(),
      Figures.of(e.value(), 4),
      Figures.of(e.low(), 4),
      Figures.of(e.high(), 4),
      Figures.of(seen, 4)
    };
  }

  private JsonObject json() {
    JsonObject json = asked.json();
    JsonObject mixture = new JsonObject();
    JsonObject shares = new JsonObject();
    for (int j = 0; j < plan.shares().size(); j++) {
      JsonObject share = estimate(plan.shares().get(j));
      share.add("best_run", Json.number(runs.shares()[plan.best()][j]));
      shares.add(runs.domains().get(j), share);
    }
    mixture.add("proportions", shares);
    JsonObject losses = new JsonObject();
    for (int i = 0; i < plan.losses().size(); i++) {
      JsonObject loss = estimate(plan.losses().get(i));
      loss.add("weight", Json.number(runs.weights()[i]));
      loss.add("best_run", Json.number(runs.losses()[i][plan.best()]));
      losses.add(runs.targets().get(i), loss);
    }
    mixture.add("losses", losses);
    JsonObject target = estimate(plan.target());
    target.add("best_run", Json.number(runs.target(plan.best())));
    mixture.add("target", target);
    mixture.add("gain", estimate(plan.gain()));
    mixture.addProperty("best_run_row", plan.best() + 1);
    mixture.addProperty("runs", runs.size());
    mixture.add("outside_hull", Json.number(plan.outside()));
    json.add("mixture", mixture);
    json.addProperty("level", options.level());
    List<String> warnings = new ArrayList<>(notes);
    warnings.addAll(plan.warnings());
    json.add("warnings", Json.texts(warnings));
    json.add("fits", fits());
    return json;
  }

  private JsonArray fits() {
    JsonArray fits = new JsonArray();
    for (int i = 0; i < plan.fits().size(); i++) {
      Map<String, String> columns = new LinkedHashMap<>();
      for (int j = 0; j < runs.domains().size() - 1; j++) {
        columns.put("r" + (j + 1), runs.domains().get(j));
      }
      columns.put("loss", runs.targets().get(i));
      LawPoints points =
          new LawPoints(runs.observations(i), List.of(), new int[0], columns, List.of());
      fits.add(FitOutput.json(new JsonObject(), plan.fits().get(i), points, options));
    }
    return fits;
  }

  private static JsonObject estimate(Estimate e) {
    JsonObject json = new JsonObject();
    json.add("value", Json.number(e.value()));
    json.add("low", Json.number(e.low()));
    json.add("high", Json.number(e.high()));
    return json;
  }
}
