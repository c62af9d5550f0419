package dev.headroom.cli;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import dev.headroom.cli.train.TrainedHead;
import dev.headroom.head.bench.FilterBench;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** What the gradient filter buys and costs on the head of a finished run. */
final class FilterReport {
  private static final int ROWS = 2048;

  private final String shape;
  private final double loss;
  private final List<FilterBench.Row> rows;

  private FilterReport(String shape, double loss, List<FilterBench.Row> rows) {
    this.shape = shape;
    this.loss = loss;
    this.rows = rows;
  }

  /** Measures on held-out text of a run of {@code headroom train}. */
  static FilterReport of(Path run) {
    return TrainedHead.use(
        run,
        ROWS,
        input -> {
          FilterBench bench =
              FilterBench.of(input.hidden(), input.weight(), input.targets(), input.options());
          String shape =
              input.targets().size()
                  + ","
                  + input.options().width()
                  + ","
                  + input.options().classes();
          return new FilterReport(shape, bench.meanLoss(), bench.run());
        });
  }

  void addTo(JsonObject json) {
    json.addProperty("shape", shape);
    json.addProperty("meanLoss", loss);
    JsonArray filter = new JsonArray();
    for (FilterBench.Row row : rows) {
      JsonObject one = new JsonObject();
      one.addProperty("setting", row.setting());
      one.addProperty("seconds", row.seconds());
      one.addProperty("speedup", row.speedup());
      one.addProperty("droppedMass", row.droppedMass());
      one.addProperty("cosineHidden", row.cosineHidden());
      one.addProperty("cosineClassifier", row.cosineClassifier());
      filter.add(one);
    }
    json.add("filter", filter);
  }

  String text() {
    List<String> lines = new ArrayList<>();
    lines.add("shape " + shape + ", mean loss " + Figures.of(loss, 4));
    lines.add("");
    lines.add("setting                   seconds  speedup  dropped mass  cosine dE  cosine dC");
    for (FilterBench.Row row : rows) {
      lines.add(
          String.format(
              Locale.ROOT,
              "%-24s  %7.3f  %7.2f  %12.6f  %9.6f  %9.6f",
              row.setting(),
              row.seconds(),
              row.speedup(),
              row.droppedMass(),
              row.cosineHidden(),
              row.cosineClassifier()));
    }
    lines.add("");
    lines.add(
        "speedup is over the faster unfiltered engine; cosines are with the unfiltered gradients");
    return String.join(System.lineSeparator(), lines);
  }
}
