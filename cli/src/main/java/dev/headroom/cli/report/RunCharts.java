package dev.headroom.cli.report;

import dev.headroom.scaling.forecast.Forecast;
import dev.headroom.scaling.log.Run;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** Draws the losses of runs and what was forecast from them. */
public final class RunCharts {

  private RunCharts() {}

  /**
   * Returns the file name of a run without folder and ending, for legends; of {@code
   * DIR/log.jsonl}, as training writes it, the folder.
   */
  public static String label(Run run) {
    Path path = Path.of(run.name());
    String file = String.valueOf(path.getFileName());
    int dot = file.lastIndexOf('.');
    String stem = dot > 0 ? file.substring(0, dot) : file;
    Path folder = path.getParent();
    return stem.equals("log") && folder != null && folder.getFileName() != null
        ? folder.getFileName().toString()
        : stem;
  }

  /** Draws the loss of every run over its steps; validation losses as points. */
  public static Chart losses(List<Run> runs) {
    List<Layer> layers = new ArrayList<>();
    StringBuilder alt = new StringBuilder("Loss over steps of ");
    alt.append(runs.size()).append(runs.size() == 1 ? " run:" : " runs:");
    for (int r = 0; r < runs.size(); r++) {
      Run run = runs.get(r);
      layers.add(new Layer.Line(label(run), r, steps(run), run.loss(), false));
      double[] validation = run.columns().get("val_loss");
      if (validation != null) {
        layers.add(validation(label(run) + ", validation", r, run, validation));
      }
      double last = run.loss()[run.size() - 1];
      alt.append(
          String.format(
              Locale.ROOT,
              " %s ends at %.4g at step %d;",
              label(run),
              last,
              run.step()[run.size() - 1]));
    }
    return new Chart(
        "Loss of " + (runs.size() == 1 ? label(runs.get(0)) : runs.size() + " runs"),
        alt.substring(0, alt.length() - 1) + ".",
        "step",
        Scale.LINEAR,
        "loss, nats per token",
        Scale.LOG,
        layers);
  }

  private static Layer.Points validation(String name, int series, Run run, double[] cells) {
    int[] at =
        java.util.stream.IntStream.range(0, cells.length)
            .filter(i -> Double.isFinite(cells[i]))
            .toArray();
    double[] x = Arrays.stream(at).mapToDouble(i -> run.step()[i]).toArray();
    double[] y = Arrays.stream(at).mapToDouble(i -> cells[i]).toArray();
    return new Layer.Points(name, series, x, y);
  }

  /**
   * Draws a run, what was forecast from its part up to a step, and what came after it.
   *
   * @param whole the whole log
   * @param lastSeen the last step the forecast looked at
   * @param path forecasts at rising steps
   */
  public static Chart forecast(Run whole, long lastSeen, List<Forecast> path) {
    List<Layer> layers = new ArrayList<>();
    double[] x = path.stream().mapToDouble(Forecast::step).toArray();
    double[] y = path.stream().mapToDouble(Forecast::loss).toArray();
    double[] low = path.stream().mapToDouble(Forecast::low).toArray();
    double[] high = path.stream().mapToDouble(Forecast::high).toArray();
    Forecast end = path.get(path.size() - 1);
    Run seen = whole.between(Long.MIN_VALUE, lastSeen);
    Run later = whole.between(lastSeen, Long.MAX_VALUE);
    String level = percent(end.level()) + " band";
    layers.add(new Layer.Band(level, 1, x, low, high));
    layers.add(new Layer.Line(label(whole), 0, steps(seen), seen.loss(), false));
    if (later.size() > 1) {
      layers.add(new Layer.Line("what came", 5, steps(later), later.loss(), false));
    }
    layers.add(new Layer.Line("forecast", 1, x, y, true));
    layers.add(new Layer.Rule("last step seen", lastSeen));
    String alt =
        String.format(
            Locale.ROOT,
            "Loss up to step %d and its forecast: %.4g at step %d, band %.4g to %.4g.",
            lastSeen,
            end.loss(),
            end.step(),
            end.low(),
            end.high());
    return new Chart(
        "Forecast of " + label(whole),
        alt,
        "step",
        Scale.LINEAR,
        "loss, nats per token",
        Scale.LOG,
        layers);
  }

  /** Writes a share as a percentage without needless zeros: 90 %, 99.9 %. */
  static String percent(double share) {
    return new java.math.BigDecimal(share * 100)
            .round(new java.math.MathContext(4))
            .stripTrailingZeros()
            .toPlainString()
        + " %";
  }

  private static double[] steps(Run run) {
    return Arrays.stream(run.step()).asDoubleStream().toArray();
  }
}
