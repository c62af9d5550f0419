package dev.headroom.cli;

import com.google.gson.JsonObject;
import dev.headroom.cli.BenchStudyTable.Quantity;
import dev.headroom.cli.report.Scene;
import dev.headroom.cli.train.NumberScore;
import dev.headroom.cli.train.NumberStudy.Outcome;
import dev.headroom.cli.train.NumberStudy.Plan;
import dev.headroom.cli.train.NumberStudy.Result;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Writes a study of number losses as tables, JSON and a picture. */
final class BenchNumberReport implements BenchStudy {
  private static final String MEANS =
      "Mean over seeds with its 95 % interval (Student t); relative error is that of each number,"
          + " at most 10; held-out nll in nats a token:";
  private static final String DIFFERENCES =
      "Paired difference from cross-entropy alone with the same seed (same weights, same batches);"
          + " * where the 95 % interval leaves out 0:";

  private static final List<Quantity<Outcome>> QUANTITIES =
      List.of(
          new Quantity<>("meanError", "mean abs. error", 1, o -> o.score().meanError()),
          new Quantity<>("medianError", "median abs. error", 1, o -> o.score().medianError()),
          new Quantity<>("relativeError", "relative error", 3, o -> o.score().relativeError()),
          new Quantity<>("exact", "exact match, %", 2, o -> 100 * o.score().exact()),
          new Quantity<>("heldOutNats", "held-out nll", 4, Outcome::heldOut));

  private final Plan plan;
  private final Result result;
  private final BenchStudyTable<Outcome> table;

  BenchNumberReport(Plan plan, Result result) {
    this.plan = plan;
    this.result = result;
    table = new BenchStudyTable<>(plan.variants(), result.outcomes(), Outcome::variant, QUANTITIES);
  }

  private List<String[]> means() {
    List<String[]> rows = table.means();
    NumberScore always = result.constant();
    rows.add(
        new String[] {
          "always " + BenchStudyTable.number(result.constantValue(), 0),
          BenchStudyTable.number(always.meanError(), 1),
          BenchStudyTable.number(always.medianError(), 1),
          BenchStudyTable.number(always.relativeError(), 3),
          BenchStudyTable.number(100 * always.exact(), 2),
          ""
        });
    return rows;
  }

  private String sizes() {
    return String.format(
        Locale.ROOT,
        "%s %s of training text, %,d held out; %s predicted of %,d that have a window before them,"
            + " digit by digit. \"always\" says the most frequent number of the training text.",
        BenchStudyTable.sizes(plan.models(), result.classes(), plan.rates()),
        Figures.count(result.trainTokens(), "token"),
        result.heldTokens(),
        Figures.count(result.constant().numbers(), "number"),
        result.places());
  }

  @Override
  public String text() {
    return sizes()
        + "\n\n"
        + MEANS
        + "\n"
        + Figures.table(means())
        + "\n"
        + DIFFERENCES
        + "\n"
        + Figures.table(table.differences());
  }

  @Override
  public String markdown(BenchSurroundings where) {
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
    BenchMarkdown.table(table.differences(), lines);
    return String.join("\n", lines) + "\n";
  }

  @Override
  public void addTo(JsonObject json) {
    json.addProperty("corpus", result.corpus());
    json.addProperty("classes", result.classes());
    json.addProperty("trainTokens", result.trainTokens());
    json.addProperty("heldOutTokens", result.heldTokens());
    json.addProperty("numbers", result.constant().numbers());
    json.addProperty("constant", result.constantValue());
    json.addProperty("constantExact", 100 * result.constant().exact());
    json.add("losses", table.json());
  }

  /** Draws exact match and relative error. */
  @Override
  public Scene chart() {
    return table.chart(
        "Whole numbers predicted on held-out text of " + BenchStudyTable.name(plan.models()),
        plan.models().seeds(),
        3,
        2);
  }
}
