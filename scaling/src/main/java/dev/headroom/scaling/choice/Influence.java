package dev.headroom.scaling.choice;

import dev.headroom.scaling.fit.Fit;
import dev.headroom.scaling.fit.FitOptions;
import dev.headroom.scaling.fit.Fitter;
import dev.headroom.scaling.fit.Observations;
import dev.headroom.scaling.fit.Status;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.TreeSet;

/**
 * Says how much a fit hangs on each run, by refitting without it. Nothing is dropped.
 *
 * <p>The refit starts at the full fit. Residuals are judged in units of their robust spread, 1.4826
 * times the median of their absolute values.
 *
 * <p>Source: Cook 1977, Technometrics 19, 15; deletion by whole runs, since points of one run are
 * not independent.
 *
 * @param runs all runs, the most influential first
 * @param target variables at which the forecast is judged
 * @param loss the forecast with all runs
 */
public record Influence(List<Run> runs, double[] target, double loss) {

  /** From this many robust standard deviations on, a residual is unusual. */
  public static final double UNUSUAL = 4;

  private static final double ROBUST = 1.4826;

  /**
   * What leaving one run out does.
   *
   * @param rows its rows, counted from 0
   * @param residual its largest residual: observed less predicted log-loss (or loss)
   * @param deviations this residual in robust standard deviations
   * @param change change of the forecast, relative
   * @param theta parameters without it
   * @param status status of the fit without it
   */
  public record Run(
      List<Integer> rows,
      double residual,
      double deviations,
      double change,
      double[] theta,
      Status status) {
    public Run {
      rows = List.copyOf(rows);
      theta = theta.clone();
    }

    /** Says whether the residual is far outside those of the other runs. */
    public boolean isUnusual() {
      return Math.abs(deviations) >= UNUSUAL;
    }
  }

  public Influence {
    runs = List.copyOf(runs);
    target = target.clone();
  }

  /**
   * Leaves out each run in turn.
   *
   * @param target variables at which the forecast is judged, in the law's order
   * @throws IllegalArgumentException where the runs less one are fewer than the parameters
   */
  public static Influence of(Fit fit, Observations data, FitOptions options, double[] target) {
    double[] residuals = fit.residuals(data);
    double[] sizes = Arrays.stream(residuals).map(Math::abs).sorted().toArray();
    double spread = ROBUST * sizes[sizes.length / 2];
    double loss = fit.law().value(target, fit.theta());
    List<Run> runs = new ArrayList<>();
    for (int group : new TreeSet<>(Arrays.stream(data.group()).boxed().toList())) {
      List<Integer> rows = new ArrayList<>();
      for (int i = 0; i < data.size(); i++) {
        if (data.group()[i] == group) {
          rows.add(i);
        }
      }
      double largest =
          Collections.max(
              rows.stream().map(i -> residuals[i]).toList(), Comparator.comparingDouble(Math::abs));
      Fit without =
          Fitter.fitFrom(
              fit.law(),
              without(data, group),
              options.withBootstrap(0),
              Collections.singletonList(fit.theta()));
      runs.add(
          new Run(
              rows,
              largest,
              spread > 0 ? largest / spread : 0,
              without.law().value(target, without.theta()) / loss - 1,
              without.theta(),
              without.status()));
    }
    runs.sort(Comparator.comparingDouble((Run run) -> -Math.abs(run.change)));
    return new Influence(runs, target, loss);
  }

  private static Observations without(Observations data, int group) {
    int[] kept =
        java.util.stream.IntStream.range(0, data.size())
            .filter(i -> data.group()[i] != group)
            .toArray();
    double[][] x = Arrays.stream(kept).mapToObj(i -> data.x()[i]).toArray(double[][]::new);
    double[] loss = Arrays.stream(kept).mapToDouble(i -> data.loss()[i]).toArray();
    int[] groups = Arrays.stream(kept).map(i -> data.group()[i]).toArray();
    double[] weight = Arrays.stream(kept).mapToDouble(i -> data.weight()[i]).toArray();
    return new Observations(x, loss, groups, weight);
  }
}
