package dev.headroom.scaling.check;

import dev.headroom.scaling.log.Run;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Finds a collapse of the sign diversity of layers' inputs: on which side of their weight's
 * strongest direction they lie (Qiu et al. 2025, arXiv 2510.04202).
 *
 * <p>A layer is established once the running median of its diversity has been {@code established};
 * the rule fires where the running medians of so large a {@code share} of all layers, established
 * ones, lie below {@code low} at one time.
 */
final class AlignmentRule implements Rule {
  /** What the columns' names begin with; the layer's name follows. */
  static final String PREFIX = "sign_diversity.";

  private static final RuleInfo INFO =
      new RuleInfo(
          "alignment",
          "the inputs of most layers come to lie on one side of their weight's strongest direction",
          "columns " + PREFIX + "LAYER from 0 to 1, as the listeners measure them",
          "warning",
          "young layers lie on one side for the first few hundred steps, and single layers fall"
              + " back in healthy runs: only many that had been on both sides are a sign",
          "three runs of our own small decoder whose rate rose until they diverged, three healthy"
              + " ones beside them: SpectralAlignment and the study of `headroom bench --alignment`",
          List.of(
              Setting.whole("window", 10, 1, 10_000, "measurements of the running median"),
              Setting.share("low", 0.02, "sign diversity below which a layer has collapsed"),
              Setting.share("established", 0.2, "sign diversity that a layer must have had"),
              Setting.share("share", 0.5, "share of the layers that must have collapsed")));

  private static final class Layer {
    final String name;
    final double[] cells;
    final double[] recent;
    long seen;
    boolean established;
    boolean collapsed;

    Layer(String name, double[] cells, int window) {
      this.name = name;
      this.cells = cells;
      recent = new double[window];
    }

    /** Takes the row's cell, if it has one. */
    void take(int row, double low, double high) {
      if (!(Math.abs(cells[row]) <= Double.MAX_VALUE)) {
        return;
      }
      recent[(int) (seen++ % recent.length)] = cells[row];
      if (seen >= recent.length) {
        double median = Level.median(recent.clone(), recent.length);
        established |= median >= high;
        collapsed = established && median < low;
      }
    }
  }

  @Override
  public RuleInfo info() {
    return INFO;
  }

  @Override
  public void apply(Subject subject, RuleSettings set, List<Finding> out) {
    List<Layer> layers = layers(subject.run(), set.whole("window"));
    double needed = Math.max(1, set.number("share") * layers.size());
    long[] step = subject.run().step();
    for (int i = 0; !layers.isEmpty() && i < step.length; i++) {
      List<String> names = new ArrayList<>();
      for (Layer layer : layers) {
        layer.take(i, set.number("low"), set.number("established"));
        if (layer.collapsed) {
          names.add(layer.name);
        }
      }
      if (names.size() >= needed) {
        out.add(finding(step[i], names, layers.size()));
        return;
      }
    }
  }

  private static List<Layer> layers(Run run, int window) {
    List<Layer> out = new ArrayList<>();
    for (Map.Entry<String, double[]> column : run.columns().entrySet()) {
      if (column.getKey().startsWith(PREFIX)) {
        out.add(new Layer(column.getKey().substring(PREFIX.length()), column.getValue(), window));
      }
    }
    return out;
  }

  private static Finding finding(long step, List<String> names, int of) {
    String shown = String.join(", ", names.subList(0, Math.min(4, names.size())));
    return new Finding(
        INFO.id(),
        Severity.WARNING,
        step,
        "inputs of "
            + names.size()
            + " of "
            + of
            + " layers lie on one side of their weight's strongest direction ("
            + shown
            + (names.size() > 4 ? ", ..." : "")
            + "): an early sign of collapse");
  }
}
