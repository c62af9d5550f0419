package dev.headroom.cli;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import dev.headroom.scaling.fit.Estimate;
import dev.headroom.scaling.fit.Fit;
import dev.headroom.scaling.fit.Observations;
import dev.headroom.scaling.plan.ChinchillaPlan;
import dev.headroom.scaling.plan.ExperimentDesign;
import dev.headroom.scaling.plan.Planner;
import dev.headroom.scaling.plan.RepeatedData;
import dev.headroom.scaling.plan.StepLaw;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** Makes the numbers of a plan and writes them for people and for programs. */
final class PlanOutput {

  private static final double[] SMALLER = {2, 4, 8};
  private static final int MOST_RUNS = 12;

  private final PlanCommand asked;
  private final Planner planner;
  private final Map<String, List<Estimate>> sections = new LinkedHashMap<>();
  private final StringBuilder extra = new StringBuilder();
  private final JsonArray runs = new JsonArray();

  PlanOutput(PlanCommand asked, Planner planner) {
    this.asked = asked;
    this.planner = planner;
  }

  ChinchillaPlan law() {
    return planner.law();
  }

  /** Makes every section that was asked for. */
  void make() {
    double c = asked.flops;
    section("optimum", law -> law.optimum(c));
    if (asked.minParams > 0
        || asked.maxParams < Double.MAX_VALUE
        || asked.maxTokens < Double.MAX_VALUE) {
      // Checked once with the best parameters, so that a message names the bounds.
      law().bounded(c, asked.minParams, asked.maxParams, asked.maxTokens);
      section(
          "within bounds",
          law -> law.bounded(c, asked.minParams, asked.maxParams, asked.maxTokens));
    }
    if (asked.serve > 0) {
      section("with serving", law -> law.withInference(c, asked.serve));
    }
    if (!Double.isNaN(asked.unique)) {
      section(
          "limited data",
          law -> new RepeatedData(law, asked.unique, RepeatedData.TOKENS).optimum(c));
      Estimate tokens = sections.get("limited data").get(1);
      sections
          .get("limited data")
          .add(
              new Estimate(
                  "epochs",
                  tokens.value() / asked.unique,
                  tokens.low() / asked.unique,
                  tokens.high() / asked.unique));
    }
    ChinchillaPlan.Split best = law().optimum(c);
    sections.get("optimum").add(StepLaw.learningRate(best.params(), best.tokens()));
    sections.get("optimum").add(StepLaw.batchTokens(best.tokens()));
    for (double factor : SMALLER) {
      overTrained(c, factor);
    }
  }

  private void section(String name, Function<ChinchillaPlan, ChinchillaPlan.Split> split) {
    List<Estimate> numbers = new ArrayList<>();
    numbers.add(planner.estimate("params", law -> split.apply(law).params()));
    numbers.add(planner.estimate("tokens", law -> split.apply(law).tokens()));
    numbers.add(planner.estimate("loss", law -> split.apply(law).loss()));
    sections.put(name, numbers);
  }

  /** A smaller model, trained for longer to the loss of the optimum. */
  private void overTrained(double c, double factor) {
    List<Estimate> numbers = new ArrayList<>();
    numbers.add(planner.estimate("params", law -> law.optimum(c).params() / factor));
    numbers.add(planner.estimate("tokens", law -> tokens(law, c, factor)));
    numbers.add(
        planner.estimate(
            "flops", law -> 6 * law.optimum(c).params() / factor * tokens(law, c, factor)));
    numbers.add(planner.estimate("break_even_served_tokens", law -> breakEven(law, c, factor)));
    sections.put("1/" + (int) factor + " of the size", numbers);
  }

  private static double tokens(ChinchillaPlan law, double c, double factor) {
    ChinchillaPlan.Split best = law.optimum(c);
    return law.tokensTo(best.loss(), best.params() / factor);
  }

  /** Served tokens from which on the longer training has paid for itself, at 2 N FLOPs each. */
  private static double breakEven(ChinchillaPlan law, double c, double factor) {
    double n = law.optimum(c).params();
    return (6 * n / factor * tokens(law, c, factor) - c) / (2 * n * (1 - 1 / factor));
  }

  /** Chooses small runs on a grid over the sizes and tokens at hand. */
  void experiments(Fit fit, Observations data) {
    ChinchillaPlan.Split best = law().optimum(asked.flops);
    double[] target = {best.params(), best.tokens()};
    ExperimentDesign design = new ExperimentDesign(fit, data, target);
    List<double[]> candidates = candidates(data);
    List<ExperimentDesign.Choice> chosen =
        design.choose(candidates, x -> 6 * x[0] * x[1], asked.runsBudget);
    List<String[]> rows = new ArrayList<>();
    rows.add(new String[] {"next run", "params", "tokens", "FLOPs", "error of the forecast"});
    rows.add(new String[] {"none", "", "", "", Figures.of(100 * design.error(), 3) + " %"});
    for (ExperimentDesign.Choice choice : chosen) {
      double[] x = candidates.get(choice.candidate());
      if (rows.size() < MOST_RUNS + 2) {
        rows.add(
            new String[] {
              "" + (rows.size() - 1),
              Figures.of(x[0], 3),
              Figures.of(x[1], 3),
              Figures.of(choice.cost(), 3),
              Figures.of(100 * choice.error(), 3) + " %"
            });
      }
      JsonObject one = new JsonObject();
      one.add("params", Json.number(x[0]));
      one.add("tokens", Json.number(x[1]));
      one.add("flops", Json.number(choice.cost()));
      one.add("relative_error_after", Json.number(choice.error()));
      runs.add(one);
    }
    extra.append('\n').append(Figures.table(rows));
    int hidden = chosen.size() - MOST_RUNS;
    extra.append(hidden > 0 ? "and " + Figures.count(hidden, "run") + " more in --json\n" : "");
    extra.append("error: one standard error of the loss at the optimum, if the law holds\n");
  }

  private static List<double[]> candidates(Observations data) {
    double[] n = Arrays.stream(data.x()).mapToDouble(x -> x[0]).sorted().toArray();
    double[] d = Arrays.stream(data.x()).mapToDouble(x -> x[1]).sorted().toArray();
    List<double[]> grid = new ArrayList<>();
    for (double size = n[0]; size <= 3 * n[n.length - 1]; size *= 2) {
      for (double tokens = d[0]; tokens <= 3 * d[d.length - 1]; tokens *= 2) {
        grid.add(new double[] {size, tokens});
      }
    }
    return grid;
  }

  String text() {
    List<String[]> rows = new ArrayList<>();
    String level = Figures.percent(asked.intervals.level);
    rows.add(
        new String[] {Figures.of(asked.flops, 3) + " FLOPs", "", "value", level + " low", "high"});
    sections.forEach(
        (name, numbers) -> {
          for (int i = 0; i < numbers.size(); i++) {
            Estimate e = numbers.get(i);
            rows.add(
                new String[] {
                  i == 0 ? name : "",
                  e.name().replace('_', ' '),
                  Figures.of(e.value(), 4),
                  Figures.of(e.low(), 4),
                  Figures.of(e.high(), 4)
                });
          }
        });
    StringBuilder text = new StringBuilder(Figures.table(rows));
    text.append("lr and batch (tokens): Step Law, 90 % of published optima lie in the interval\n");
    if (sections.values().stream().anyMatch(n -> Double.isNaN(n.get(1).value()))) {
      text.append("?: so small a model never reaches that loss\n");
    }
    if (!Double.isNaN(asked.unique)) {
      text.append("epochs: R_D = 15.4 is published; the data behind it allow 12 to 200\n");
    }
    return text.append(extra).toString();
  }

  JsonObject json(JsonObject json) {
    json.add("flops", Json.number(asked.flops));
    JsonObject plan = new JsonObject();
    sections.forEach(
        (name, numbers) -> {
          JsonObject section = new JsonObject();
          for (Estimate e : numbers) {
            JsonObject one = new JsonObject();
            one.add("value", Json.number(e.value()));
            one.add("low", Json.number(e.low()));
            one.add("high", Json.number(e.high()));
            section.add(e.name(), one);
          }
          plan.add(name.replace(' ', '_').replace("/", "_"), section);
        });
    json.add("plan", plan);
    json.addProperty("level", asked.intervals.level);
    if (!Double.isNaN(asked.runsBudget)) {
      json.add("next_runs", runs);
    }
    return json;
  }
}
