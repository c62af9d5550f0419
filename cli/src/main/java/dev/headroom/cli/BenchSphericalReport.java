package dev.headroom.cli;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import dev.headroom.cli.BenchStudyTable.Quantity;
import dev.headroom.cli.report.Scene;
import dev.headroom.cli.train.SphericalStudy;
import dev.headroom.cli.train.SphericalStudy.Outcome;
import dev.headroom.cli.train.SphericalStudy.Plan;
import dev.headroom.cli.train.SphericalStudy.Result;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Writes a study of spherical heads as tables, JSON and a picture. */
final class BenchSphericalReport implements BenchStudy {
  private static final String MEANS =
      "Mean over seeds with its 95 % interval (Student t). Times are medians over the steps of a"
          + " run, wall time; head: the loss with its gradients; seconds to 90 %: of steps, until"
          + " 90 % of the softmax's last top-1 with the same seed was seen, none where a seed never"
          + " saw it:";
  private static final String DIFFERENCES =
      "Paired difference from softmax with the same seed (same weights, same batches); * where the"
          + " 95 % interval leaves out 0:";
  private static final String CHOICES =
      "Learning rates: top-1, %, with seed 0 on the other half of the held-out batches; * the one"
          + " that the loss took:";

  private final Plan plan;
  private final Result result;
  private final BenchStudyTable<Outcome> table;

  BenchSphericalReport(Plan plan, Result result) {
    this.plan = plan;
    this.result = result;
    List<Quantity<Outcome>> quantities =
        List.of(
            new Quantity<>("top1", "top-1, %", 2, o -> 100 * o.top1()),
            new Quantity<>("top5", "top-5, %", 2, o -> 100 * o.top5()),
            new Quantity<>("top1ByOutput", "top-1 by o, %", 2, o -> 100 * o.top1ByOutput()),
            new Quantity<>("stepMillis", "step, ms", 1, o -> 1000 * o.stepSeconds()),
            new Quantity<>("headMillis", "head, ms", 2, o -> 1000 * o.headSeconds()),
            new Quantity<>("secondsToSoftmax", "seconds to 90 %", 1, this::secondsToSoftmax));
    table = new BenchStudyTable<>(plan.variants(), result.outcomes(), Outcome::variant, quantities);
  }

  private double secondsToSoftmax(Outcome outcome) {
    double goal =
        result.outcomes().stream()
            .filter(o -> o.seed() == outcome.seed())
            .findFirst()
            .orElseThrow()
            .top1();
    return outcome.secondsTo(SphericalStudy.REACHED * goal);
  }

  private String sizes() {
    return String.format(
        Locale.ROOT,
        "%s %s of training text; each model ranks the classes after %s of held-out text.",
        BenchStudyTable.sizes(plan.models(), result.classes(), plan.rates()),
        Figures.count(result.trainTokens(), "token"),
        Figures.count(result.rankedTokens(), "token"));
  }

  private List<Outcome> choices(String variant) {
    return result.choices().stream().filter(o -> o.variant().equals(variant)).toList();
  }

  private List<String[]> choiceRows() {
    List<String[]> rows = new ArrayList<>();
    List<String> heading = new ArrayList<>(List.of("loss"));
    plan.peaks().forEach(peak -> heading.add("peak " + peak));
    rows.add(heading.toArray(new String[0]));
    for (String variant : plan.variants()) {
      List<String> row = new ArrayList<>(List.of(variant));
      List<Outcome> tried = choices(variant);
      Outcome best = SphericalStudy.best(tried);
      for (Outcome one : tried) {
        row.add(BenchStudyTable.number(100 * one.top1(), 2) + (one.equals(best) ? " *" : ""));
      }
      rows.add(row.toArray(new String[0]));
    }
    return rows;
  }

  @Override
  public String text() {
    String tables =
        sizes()
            + "\n\n"
            + MEANS
            + "\n"
            + Figures.table(table.means())
            + "\n"
            + DIFFERENCES
            + "\n"
            + Figures.table(table.differences());
    return result.choices().isEmpty()
        ? tables
        : tables + "\n" + CHOICES + "\n" + Figures.table(choiceRows());
  }

  @Override
  public String markdown(BenchSurroundings where) {
    List<String> lines = new ArrayList<>();
    lines.add("# Spherical heads, compared by `headroom bench --spherical`, " + where.date());
    lines.addAll(List.of("", where.text(), "", "    " + where.commandLine(), "", sizes(), ""));
    lines.addAll(List.of(MEANS, ""));
    BenchMarkdown.table(table.means(), lines);
    lines.addAll(List.of("", DIFFERENCES, ""));
    BenchMarkdown.table(table.differences(), lines);
    if (!result.choices().isEmpty()) {
      lines.addAll(List.of("", CHOICES, ""));
      BenchMarkdown.table(choiceRows(), lines);
    }
    return String.join("\n", lines) + "\n";
  }

  @Override
  public void addTo(JsonObject json) {
    json.addProperty("corpus", result.corpus());
    json.addProperty("classes", result.classes());
    json.addProperty("trainTokens", result.trainTokens());
    json.addProperty("rankedTokens", result.rankedTokens());
    JsonArray choices = new JsonArray();
    for (Outcome one : result.choices()) {
      JsonObject choice = new JsonObject();
      choice.addProperty("loss", one.variant());
      choice.addProperty("schedule", one.schedule());
      choice.addProperty("top1", 100 * one.top1());
      choices.add(choice);
    }
    json.add("choices", choices);
    json.add("losses", table.json());
  }

  /** Draws top-1 and the time of the head. */
  @Override
  public Scene chart() {
    return table.chart(
        "Spherical losses on " + BenchStudyTable.name(plan.models()), plan.models().seeds(), 0, 4);
  }
}
