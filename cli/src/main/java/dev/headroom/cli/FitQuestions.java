package dev.headroom.cli;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import dev.headroom.scaling.choice.BandForecast;
import dev.headroom.scaling.choice.BandForecaster;
import dev.headroom.scaling.choice.Influence;
import dev.headroom.scaling.choice.Runs;
import dev.headroom.scaling.fit.Fit;
import dev.headroom.scaling.fit.FitOptions;
import dev.headroom.scaling.fit.Observations;
import dev.headroom.scaling.law.Law;
import dev.headroom.scaling.law.Variable;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Answers what {@code fit} is asked beside the parameters: predictions, and the runs that matter.
 */
final class FitQuestions {

  private static final int MOST_RUNS = 2000;

  private final int most;
  private final Runs runs;
  private final List<Law> laws;
  private final FitOptions options;
  private final List<String> texts;
  private final Runs targets;

  /**
   * Reads the questions.
   *
   * @param runs may be null where nothing is asked
   * @param laws over which predictions are averaged
   * @throws IllegalArgumentException for a prediction that cannot be read
   */
  FitQuestions(FitCommand command, Runs runs, List<Law> laws, FitOptions options) {
    this.most = command.influence;
    this.runs = runs;
    this.laws = laws;
    this.options = options;
    this.texts = command.predict;
    if (most < 0) {
      throw new IllegalArgumentException("--influence: " + most + " (expected: at least 1)");
    }
    if (!texts.isEmpty() && laws.get(0).name().equals("annealing")) {
      throw new IllegalArgumentException(
          "--predict: given for annealing (expected: headroom forecast, which knows schedules)");
    }
    List<Map<String, Double>> points = new ArrayList<>();
    for (String text : texts) {
      points.add(Numbers.parse("--predict", text, runs.columns().keySet()));
      laws.forEach(law -> accepted(law, points.get(points.size() - 1)));
    }
    this.targets = points.isEmpty() ? null : targets(points);
  }

  private static void accepted(Law law, Map<String, Double> point) {
    for (Variable variable : law.variables()) {
      double value = point.get(variable.name());
      if (!variable.accepts(value)) {
        throw new IllegalArgumentException(
            "--predict: " + variable.name() + "=" + value + " (expected: " + variable.rule() + ")");
      }
    }
  }

  private Runs targets(List<Map<String, Double>> points) {
    Map<String, double[]> columns = new LinkedHashMap<>();
    for (String name : runs.columns().keySet()) {
      columns.put(name, points.stream().mapToDouble(point -> point.get(name)).toArray());
    }
    return Runs.of(columns, new double[points.size()], new int[points.size()]);
  }

  /** Adds the answers to the JSON and returns them as text. */
  String answer(Fit fit, Observations data, JsonObject json) {
    StringBuilder text = new StringBuilder();
    if (targets != null) {
      text.append('\n').append(predictions(json));
    }
    if (most > 0) {
      text.append('\n').append(influence(fit, data, json));
    }
    return text.toString();
  }

  private String predictions(JsonObject json) {
    BandForecaster forecaster = new BandForecaster(runs, laws, options);
    JsonArray array = new JsonArray();
    List<String[]> rows = new ArrayList<>();
    String level = Figures.percent(options.level());
    rows.add(new String[] {"prediction", "loss", level + " low", "high", "of the largest run"});
    String method = "";
    for (int i = 0; i < texts.size(); i++) {
      BandForecast forecast = forecaster.at(targets, i, options.level(), .5, .9);
      BandForecast.Interval band = forecast.interval(options.level());
      method = forecast.method();
      rows.add(
          new String[] {
            texts.get(i),
            Figures.of(forecast.loss(), 5),
            Figures.of(band.low(), 5),
            Figures.of(band.high(), 5),
            Figures.of(forecast.ratio(), 3) + " times"
          });
      array.add(json(i, forecast, band));
    }
    json.add("predictions", array);
    return Figures.table(rows) + "band: " + method + "\n";
  }

  private JsonObject json(int row, BandForecast forecast, BandForecast.Interval band) {
    JsonObject one = new JsonObject();
    JsonObject at = new JsonObject();
    targets.columns().forEach((name, values) -> at.add(name, Json.number(values[row])));
    one.add("at", at);
    one.add("loss", Json.number(forecast.loss()));
    one.add("low", Json.number(band.low()));
    one.add("high", Json.number(band.high()));
    one.addProperty("level", band.level());
    JsonObject quantiles = new JsonObject();
    quantiles.add("0.05", Json.number(forecast.interval(.9).low()));
    quantiles.add("0.25", Json.number(forecast.interval(.5).low()));
    quantiles.add("0.5", Json.number(forecast.loss()));
    quantiles.add("0.75", Json.number(forecast.interval(.5).high()));
    quantiles.add("0.95", Json.number(forecast.interval(.9).high()));
    one.add("quantiles", quantiles);
    one.add("scale_ratio", Json.number(forecast.ratio()));
    one.addProperty("method", forecast.method());
    return one;
  }

  private String influence(Fit fit, Observations data, JsonObject json) {
    if (data.size() > MOST_RUNS) {
      throw new IllegalArgumentException(
          "--influence: "
              + data.size()
              + " points (expected: at most "
              + MOST_RUNS
              + "; thin them with --where)");
    }
    double[] target = targets == null ? largest(fit.law()) : targets.row(fit.law(), 0);
    Influence found = Influence.of(fit, data, options, target);
    JsonArray array = new JsonArray();
    List<String[]> rows = new ArrayList<>();
    rows.add(new String[] {"without", "loss", "residual", "in sd", "forecast changes by", ""});
    for (Influence.Run run : found.runs().subList(0, Math.min(most, found.runs().size()))) {
      rows.add(row(fit.law(), data, run));
      array.add(json(fit, data, run));
    }
    JsonObject all = new JsonObject();
    all.add("at", named(fit.law(), target));
    all.add("loss", Json.number(found.loss()));
    all.add("runs", array);
    json.add("influence", all);
    long unusual = found.runs().stream().filter(Influence.Run::isUnusual).count();
    return Figures.table(rows)
        + "forecast: "
        + Figures.of(found.loss(), 5)
        + " at "
        + words(fit.law(), target)
        + "; "
        + Figures.count(unusual, "run")
        + " of "
        + found.runs().size()
        + " more than 4 robust sd off; none was dropped (--where leaves runs out)\n";
  }

  private double[] largest(Law law) {
    int best = 0;
    for (int i = 1; i < runs.size(); i++) {
      best = runs.scale()[i] > runs.scale()[best] ? i : best;
    }
    return runs.row(law, best);
  }

  private static String[] row(Law law, Observations data, Influence.Run run) {
    int first = run.rows().get(0);
    String more = run.rows().size() > 1 ? " and " + (run.rows().size() - 1) + " more" : "";
    return new String[] {
      words(law, data.x()[first]) + more,
      Figures.of(data.loss()[first], 5),
      Figures.of(run.residual(), 3),
      Figures.of(run.deviations(), 2),
      Figures.of(100 * run.change(), 2) + " %",
      run.isUnusual() ? "unusual" : ""
    };
  }

  private static JsonObject json(Fit fit, Observations data, Influence.Run run) {
    int first = run.rows().get(0);
    JsonObject one = named(fit.law(), data.x()[first]);
    one.add("loss", Json.number(data.loss()[first]));
    one.addProperty("rows", run.rows().size());
    one.add("residual", Json.number(run.residual()));
    one.add("deviations", Json.number(run.deviations()));
    one.addProperty("unusual", run.isUnusual());
    one.add("relative_change", Json.number(run.change()));
    JsonObject parameters = new JsonObject();
    for (int p = 0; p < run.theta().length; p++) {
      parameters.add(fit.law().parameters().get(p).name(), Json.number(run.theta()[p]));
    }
    one.add("parameters_without", parameters);
    return one;
  }

  private static JsonObject named(Law law, double[] x) {
    JsonObject named = new JsonObject();
    for (int v = 0; v < x.length; v++) {
      named.add(law.variables().get(v).name(), Json.number(x[v]));
    }
    return named;
  }

  private static String words(Law law, double[] x) {
    List<String> words = new ArrayList<>();
    for (int v = 0; v < x.length; v++) {
      words.add(law.variables().get(v).name() + "=" + Figures.of(x[v], 4));
    }
    return String.join(",", words);
  }
}
