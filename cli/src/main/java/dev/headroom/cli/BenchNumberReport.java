package dev.headroom.cli;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import dev.headroom.cli.report.IntervalChart;
import dev.headroom.cli.report.Scene;
import dev.headroom.cli.train.MeanInterval;
import dev.headroom.cli.train.NumberScore;
import dev.headroom.cli.train.NumberStudy.Outcome;
import dev.headroom.cli.train.NumberStudy.Plan;
import dev.headroom.cli.train.NumberStudy.Result;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;

/** Writes a study of number losses as tables, JSON and a picture. */
final class BenchNumberReport {
  private static final String MEANS =
      "Mean over seeds with its 95 % interval (Student t); relative error is that of each number,"
          + " at most 10; held-out nll in nats a token:";
  private static final String DIFFERENCES =
      "Paired difference from cross-entropy alone with the same seed (same weights, same batches);"
          + " * where the 95 % interval leaves out 0:";

  /** What is reported of a run. */
  private record Quantity(
      String name, String heading, int decimals, ToDoubleFunction<Outcome> value) {}

  private static final List<Quantity> QUANTITIES =
      List.of(
          new Quantity("meanError", "mean abs. error", 1, o -> o.score().meanError()),
          new Quantity("medianError", "median abs. error", 1, o -> o.score().medianError()),
          new Quantity("relativeError", "relative error", 3, o -> o.score().relativeError()),
          new Quantity("exact", "exact match, %", 2, o -> 100 * o.score().exact()),
          new Quantity("heldOutNats", "held-out nll", 4, Outcome::heldOut));

  private final Plan plan;
  private final Result result;

  BenchNumberReport(Plan plan, Result result) {
    this.plan = plan;
    this.result = result;
  }

  private double[] values(String variant, Quantity quantity) {
    return result.outcomes().stream()
        .filter(o -> o.variant().equals(variant))
        .mapToDouble(quantity.value())
        .toArray();
  }

  private MeanInterval mean(String variant, Quantity quantity) {
    return MeanInterval.of(values(variant, quantity));
  }

  private MeanInterval difference(String variant, Quantity quantity) {
    double[] base = values(plan.variants().get(0), quantity);
    return MeanInterval.ofDifferences(values(variant, quantity), base);
  }

  private static String number(double value, int decimals) {
    return Math.abs(value) >= 1e7
        ? String.format(Locale.ROOT, "%.2e", value)
        : String.format(Locale.ROOT, "%." + decimals + "f", value);
  }

  private static String text(MeanInterval interval, int decimals) {
    String mean = number(interval.mean(), decimals);
    return Double.isNaN(interval.halfWidth())
        ? mean
        : mean + " ± " + number(interval.halfWidth(), decimals);
  }

  private List<String[]> rows(boolean differences) {
    List<String[]> rows = new ArrayList<>();
    List<String> heading = new ArrayList<>(List.of("loss"));
    QUANTITIES.forEach(q -> heading.add(q.heading()));
    rows.add(heading.toArray(new String[0]));
    List<String> variants = plan.variants();
    for (String variant : differences ? variants.subList(1, variants.size()) : variants) {
      List<String> row = new ArrayList<>(List.of(variant));
      for (Quantity q : QUANTITIES) {
        MeanInterval interval = differences ? difference(variant, q) : mean(variant, q);
        boolean marked = differences && interval.excludesZero();
        row.add(text(interval, q.decimals()) + (marked ? " *" : ""));
      }
      rows.add(row.toArray(new String[0]));
    }
    return rows;
  }

  private List<String[]> means() {
    List<String[]> rows = rows(false);
    NumberScore always = result.constant();
    rows.add(
        new String[] {
          "always " + number(result.constantValue(), 0),
          number(always.meanError(), 1),
          number(always.medianError(), 1),
          number(always.relativeError(), 3),
          number(100 * always.exact(), 2),
          ""
        });
    return rows;
  }

  private String sizes() {
    return String.format(
        Locale.ROOT,
        "Each model: %s, width %d, %s, context %d, batch %d, %s, %s, %s. %s of training text,"
            + " %,d held out; %s predicted of %,d that have a window before them, digit by digit."
            + " \"always\" says the most frequent number of the training text.",
        plan.allClasses()
            ? "all 200,019 classes of o200k"
            : String.format(
                Locale.ROOT,
                "%,d classes (those of o200k that occur in the text, and all number tokens)",
                result.classes()),
        plan.width(),
        Figures.count(plan.layers(), "layer"),
        plan.context(),
        plan.batch(),
        Figures.count(plan.steps(), "step"),
        plan.rates(),
        Figures.count(plan.seeds(), "seed"),
        Figures.count(result.trainTokens(), "token"),
        result.heldTokens(),
        Figures.count(result.constant().numbers(), "number"),
        result.places());
  }

  /** Returns the tables for people. */
  String text() {
    return sizes()
        + "\n\n"
        + MEANS
        + "\n"
        + Figures.table(means())
        + "\n"
        + DIFFERENCES
        + "\n"
        + Figures.table(rows(true));
  }

  /** Returns a page that can be stored beside others. */
  String markdown(BenchSurroundings where) {
    List<String> lines = new ArrayList<>();
    lines.add("# Losses on numbers, compared by `headroom bench --number-losses`, " + where.date());
    lines.add("");
    lines.add(where.text());
    lines.add("");
    lines.add("    " + where.commandLine());
    lines.add("");
    lines.add(sizes());
    lines.add("");
    lines.add(MEANS);
    lines.add("");
    BenchMarkdown.table(means(), lines);
    lines.add("");
    lines.add(DIFFERENCES);
    lines.add("");
    BenchMarkdown.table(rows(true), lines);
    return String.join("\n", lines) + "\n";
  }

  /** Adds the fields. */
  void addTo(JsonObject json) {
    json.addProperty("corpus", result.corpus());
    json.addProperty("classes", result.classes());
    json.addProperty("trainTokens", result.trainTokens());
    json.addProperty("heldOutTokens", result.heldTokens());
    json.addProperty("numbers", result.constant().numbers());
    json.addProperty("constant", result.constantValue());
    json.addProperty("constantExact", 100 * result.constant().exact());
    JsonArray losses = new JsonArray();
    for (String variant : plan.variants()) {
      JsonObject one = new JsonObject();
      one.addProperty("loss", variant);
      for (Quantity q : QUANTITIES) {
        JsonObject quantity = new JsonObject();
        quantity.add("values", Json.numbers(values(variant, q)));
        add(quantity, "", mean(variant, q));
        add(quantity, "difference", difference(variant, q));
        one.add(q.name(), quantity);
      }
      losses.add(one);
    }
    json.add("losses", losses);
  }

  private static void add(JsonObject json, String prefix, MeanInterval interval) {
    json.add(prefix.isEmpty() ? "mean" : prefix, Json.number(interval.mean()));
    json.add(prefix.isEmpty() ? "low" : prefix + "Low", Json.number(interval.low()));
    json.add(prefix.isEmpty() ? "high" : prefix + "High", Json.number(interval.high()));
  }

  /** Draws exact match and relative error. */
  Scene chart() {
    List<IntervalChart.Panel> panels = new ArrayList<>();
    for (Quantity q : List.of(QUANTITIES.get(3), QUANTITIES.get(2))) {
      List<IntervalChart.Dot> dots = new ArrayList<>();
      for (String variant : plan.variants()) {
        MeanInterval mean = mean(variant, q);
        dots.add(new IntervalChart.Dot(mean.mean(), mean.low(), mean.high(), values(variant, q)));
      }
      panels.add(new IntervalChart.Panel(q.heading(), dots));
    }
    String note =
        "mean of "
            + Figures.count(plan.seeds(), "seed")
            + " with its 95 % interval, the seeds faint behind it; dashed: cross-entropy alone";
    String text = plan.corpus() == null ? "the packaged corpus" : "" + plan.corpus().getFileName();
    return IntervalChart.of(
        "Whole numbers predicted on held-out text of " + text, note, plan.variants(), panels);
  }
}
