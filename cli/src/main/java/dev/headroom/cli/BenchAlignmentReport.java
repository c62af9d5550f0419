package dev.headroom.cli;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import dev.headroom.cli.report.Chart;
import dev.headroom.cli.report.ChartLayout;
import dev.headroom.cli.report.Layer;
import dev.headroom.cli.report.Scale;
import dev.headroom.cli.report.Scene;
import dev.headroom.cli.train.AlignmentStudy;
import dev.headroom.cli.train.AlignmentStudy.Outcome;
import dev.headroom.cli.train.AlignmentStudy.Result;
import dev.headroom.cli.train.StudyPlan;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** Writes a study of spectral alignment as a table, JSON and a picture. */
final class BenchAlignmentReport implements BenchStudy {
  private static final int SMOOTHED = 10;
  private static final String PREFIX = "sign_diversity.";
  private static final String WHAT =
      "Step at which a thing happened first: the rule alignment; the first error of any other rule;"
          + " a median loss of 20 steps "
          + AlignmentStudy.EXPLODED
          + " times its best:";

  private final StudyPlan plan;
  private final Result result;

  BenchAlignmentReport(StudyPlan plan, Result result) {
    this.plan = plan;
    this.result = result;
  }

  private String sizes() {
    return BenchStudyTable.sizes(
        plan, result.classes(), "rates that stay (healthy) or rise from the middle on (diverging)");
  }

  private List<String[]> rows() {
    List<String[]> rows = new ArrayList<>();
    rows.add(new String[] {"run", "seed", "alignment", "other rule", "", "exploded", "last loss"});
    for (Outcome o : result.outcomes()) {
      rows.add(
          new String[] {
            o.kind(),
            "" + o.seed(),
            step(o.alignment()),
            step(o.lossRule()),
            o.rule(),
            step(o.exploded()),
            BenchStudyTable.number(o.loss(), 3)
          });
    }
    return rows;
  }

  private static String step(double step) {
    return Double.isNaN(step) ? "never" : "" + (long) step;
  }

  @Override
  public String text() {
    return sizes() + "\n\n" + WHAT + "\n" + Figures.table(rows());
  }

  @Override
  public String markdown(BenchSurroundings where) {
    List<String> lines = new ArrayList<>();
    lines.add("# Spectral alignment, by `headroom bench --alignment`, " + where.date());
    lines.addAll(List.of("", where.text(), "", "    " + where.commandLine(), "", sizes(), ""));
    lines.addAll(List.of(WHAT, ""));
    BenchMarkdown.table(rows(), lines);
    return String.join("\n", lines) + "\n";
  }

  @Override
  public void addTo(JsonObject json) {
    json.addProperty("classes", result.classes());
    JsonArray runs = new JsonArray();
    for (Outcome o : result.outcomes()) {
      JsonObject run = new JsonObject();
      run.addProperty("kind", o.kind());
      run.addProperty("seed", o.seed());
      run.add("alignment", Json.number(o.alignment()));
      run.add("otherRule", Json.number(o.lossRule()));
      run.addProperty("rule", o.rule());
      run.add("exploded", Json.number(o.exploded()));
      run.add("lastLoss", Json.number(o.loss()));
      runs.add(run);
    }
    json.add("runs", runs);
  }

  /** Draws the sign diversities of the first diverging run. */
  @Override
  public Scene chart() {
    Outcome shown =
        result.outcomes().stream().filter(o -> o.kind().equals("diverging")).findFirst().get();
    List<Layer> layers = new ArrayList<>();
    for (Map.Entry<String, double[]> column : shown.diversity().entrySet()) {
      double[] y = smooth(column.getValue());
      double[] x = new double[y.length];
      Arrays.setAll(x, i -> i + 1);
      String name = column.getKey().substring(PREFIX.length());
      layers.add(new Layer.Line(name, layers.size(), x, y, false));
    }
    rule(layers, "alignment", shown.alignment());
    rule(layers, shown.rule(), shown.lossRule());
    rule(layers, "exploded", shown.exploded());
    return ChartLayout.scene(
        new Chart(
            "Sign diversity of a run whose rate rises until it diverges",
            "Sign diversity of each layer's inputs over steps; rule alignment at step "
                + step(shown.alignment())
                + ", loss exploded at "
                + step(shown.exploded())
                + ".",
            "step",
            Scale.LINEAR,
            "sign diversity, median of " + SMOOTHED + " steps",
            Scale.LINEAR,
            layers));
  }

  private static void rule(List<Layer> layers, String name, double at) {
    if (!Double.isNaN(at)) {
      layers.add(new Layer.Rule(name, at));
    }
  }

  private static double[] smooth(double[] values) {
    double[] out = new double[values.length];
    for (int i = 0; i < out.length; i++) {
      double[] window = Arrays.copyOfRange(values, Math.max(0, i + 1 - SMOOTHED), i + 1);
      Arrays.sort(window);
      out[i] = window[window.length / 2];
    }
    return out;
  }
}
