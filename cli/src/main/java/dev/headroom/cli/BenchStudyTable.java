package dev.headroom.cli;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import dev.headroom.cli.report.IntervalChart;
import dev.headroom.cli.report.Scene;
import dev.headroom.cli.train.MeanInterval;
import dev.headroom.cli.train.StudyPlan;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;

/**
 * Means and paired differences of a study: a row a loss, of which the first is what others are
 * compared with, and a column a quantity.
 *
 * @param <T> what came of a run
 */
final class BenchStudyTable<T> {

  /**
   * What is reported of a run.
   *
   * @param name in JSON
   * @param value NaN where a run has none
   */
  record Quantity<T>(String name, String heading, int decimals, ToDoubleFunction<T> value) {}

  private final List<String> variants;
  private final List<T> outcomes;
  private final Function<T, String> variantOf;
  private final List<Quantity<T>> quantities;

  BenchStudyTable(
      List<String> variants,
      List<T> outcomes,
      Function<T, String> variantOf,
      List<Quantity<T>> quantities) {
    this.variants = variants;
    this.outcomes = outcomes;
    this.variantOf = variantOf;
    this.quantities = quantities;
  }

  private double[] values(String variant, Quantity<T> quantity) {
    return outcomes.stream()
        .filter(o -> variantOf.apply(o).equals(variant))
        .mapToDouble(quantity.value())
        .toArray();
  }

  private MeanInterval mean(String variant, Quantity<T> quantity) {
    return MeanInterval.of(values(variant, quantity));
  }

  private MeanInterval difference(String variant, Quantity<T> quantity) {
    double[] base = values(variants.get(0), quantity);
    return MeanInterval.ofDifferences(values(variant, quantity), base);
  }

  /** Writes a number that people can read. */
  static String number(double value, int decimals) {
    return Math.abs(value) >= 1e7
        ? String.format(Locale.ROOT, "%.2e", value)
        : String.format(Locale.ROOT, "%." + decimals + "f", value);
  }

  private static String text(MeanInterval interval, int decimals) {
    if (Double.isNaN(interval.mean())) {
      return "none";
    }
    String mean = number(interval.mean(), decimals);
    return Double.isNaN(interval.halfWidth())
        ? mean
        : mean + " ± " + number(interval.halfWidth(), decimals);
  }

  private List<String[]> rows(boolean differences) {
    List<String[]> rows = new ArrayList<>();
    List<String> heading = new ArrayList<>(List.of("loss"));
    quantities.forEach(q -> heading.add(q.heading()));
    rows.add(heading.toArray(new String[0]));
    for (String variant : differences ? variants.subList(1, variants.size()) : variants) {
      List<String> row = new ArrayList<>(List.of(variant));
      for (Quantity<T> q : quantities) {
        MeanInterval interval = differences ? difference(variant, q) : mean(variant, q);
        boolean marked = differences && interval.excludesZero();
        row.add(text(interval, q.decimals()) + (marked ? " *" : ""));
      }
      rows.add(row.toArray(new String[0]));
    }
    return rows;
  }

  /** Returns the means over seeds with their intervals; the first row is the heading. */
  List<String[]> means() {
    return rows(false);
  }

  /** Returns the paired differences from the first loss, marked where they leave out 0. */
  List<String[]> differences() {
    return rows(true);
  }

  /** Returns an object a loss. */
  JsonArray json() {
    JsonArray losses = new JsonArray();
    for (String variant : variants) {
      JsonObject one = new JsonObject();
      one.addProperty("loss", variant);
      for (Quantity<T> q : quantities) {
        JsonObject quantity = new JsonObject();
        quantity.add("values", Json.numbers(values(variant, q)));
        add(quantity, "", mean(variant, q));
        add(quantity, "difference", difference(variant, q));
        one.add(q.name(), quantity);
      }
      losses.add(one);
    }
    return losses;
  }

  private static void add(JsonObject json, String prefix, MeanInterval interval) {
    json.add(prefix.isEmpty() ? "mean" : prefix, Json.number(interval.mean()));
    json.add(prefix.isEmpty() ? "low" : prefix + "Low", Json.number(interval.low()));
    json.add(prefix.isEmpty() ? "high" : prefix + "High", Json.number(interval.high()));
  }

  /** Draws two quantities. */
  Scene chart(String title, int seeds, int left, int right) {
    List<IntervalChart.Panel> panels = new ArrayList<>();
    for (Quantity<T> q : List.of(quantities.get(left), quantities.get(right))) {
      List<IntervalChart.Dot> dots = new ArrayList<>();
      for (String variant : variants) {
        MeanInterval mean = mean(variant, q);
        dots.add(new IntervalChart.Dot(mean.mean(), mean.low(), mean.high(), values(variant, q)));
      }
      panels.add(new IntervalChart.Panel(q.heading(), dots));
    }
    String note =
        "mean of "
            + Figures.count(seeds, "seed")
            + " with its 95 % interval, the seeds faint behind it; dashed: "
            + variants.get(0);
    return IntervalChart.of(title, note, variants, panels);
  }

  /** Says what each model of a study is. */
  static String sizes(StudyPlan models, int classes, String rates) {
    return String.format(
        Locale.ROOT,
        "Each model: %s, width %d, %s, context %d, batch %d, %s, %s, %s.",
        models.allClasses()
            ? "all 200,019 classes of o200k"
            : String.format(
                Locale.ROOT,
                "%,d classes (those of o200k that occur in the text, and all number tokens)",
                classes),
        models.width(),
        Figures.count(models.layers(), "layer"),
        models.context(),
        models.batch(),
        Figures.count(models.steps(), "step"),
        rates,
        Figures.count(models.seeds(), "seed"));
  }

  /** Names the text of a study. */
  static String name(StudyPlan models) {
    return models.corpus() == null ? "the packaged corpus" : "" + models.corpus().getFileName();
  }
}
