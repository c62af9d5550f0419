package dev.headroom.scaling.reference;

import static dev.headroom.scaling.reference.Reference.number;
import static dev.headroom.scaling.reference.Reference.reached;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.headroom.scaling.fit.Fit;
import dev.headroom.scaling.fit.FitOptions;
import dev.headroom.scaling.fit.Fitter;
import dev.headroom.scaling.fit.Observations;
import dev.headroom.scaling.fit.SharedData;
import dev.headroom.scaling.law.Laws;
import dev.headroom.scaling.plan.Allocation;
import dev.headroom.scaling.plan.Approaches;
import dev.headroom.scaling.plan.Sweep;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Exponents of the compute-optimal size on five sweeps, from published optima and raw points. */
class IsoFlopReferenceTest {

  private static List<Map<String, String>> rows(String file, String condition) {
    return SharedData.table("kaplan-vs-chinchilla/" + file).stream()
        .filter(row -> row.containsValue(condition))
        .toList();
  }

  @ParameterizedTest
  @CsvSource({
    "rw-base-warmup_long-decay_kaplan-params_kaplan-train, .83376793",
    "rw-base-warmup_long-decay_kaplan-params_standard-val, .7008992",
    "rw-base-warmup_short-decay_kaplan-params_standard-val, .60352776",
    "rw-base-warmup_short-decay_chinchilla-params_standard-val, .57142489",
    "rw-tuned-warmup_short-decay_const-params_standard-val, .4970288"
  })
  void meetsThePublishedExponents(String condition, double exponent) {
    List<Allocation.Optimum> optima = new ArrayList<>();
    for (Map<String, String> row : rows("optimal.csv", condition)) {
      if (!row.get("n_star").isEmpty()) {
        optima.add(
            new Allocation.Optimum(
                number(row, "flops"), number(row, "n_star"), number(row, "loss_star")));
      }
    }
    Allocation line = Approaches.line("2, Akima", optima, List.of(), .95);
    Reference.near("exponent from optima", exponent, line.exponent().value(), 1e-4);

    Allocation raw = Approaches.profiles(sweep(condition), Approaches.Curve.AKIMA, .95);
    Reference.near("exponent from raw points", exponent, raw.exponent().value(), .005);
    assertEquals(optima.size(), raw.optima().size(), "budgets without a minimum are left out");
    for (int i = 0; i < optima.size(); i++) {
      assertEquals(1, raw.optima().get(i).loss() / optima.get(i).loss(), .004);
    }
  }

  private static Sweep sweep(String condition) {
    List<Map<String, String>> rows = rows("isoflop_points.csv", condition);
    return new Sweep(
        column(rows, "flops"), column(rows, "n"), column(rows, "tokens"), column(rows, "loss"));
  }

  private static double[] column(List<Map<String, String>> rows, String name) {
    return rows.stream().mapToDouble(row -> number(row, name)).toArray();
  }

  /** The parabola's known bias: where approaches 2 and 3 differ by more than .05, it is named. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "rw-base-warmup_long-decay_kaplan-params_kaplan-train",
        "rw-base-warmup_long-decay_kaplan-params_standard-val",
        "rw-base-warmup_short-decay_kaplan-params_standard-val",
        "rw-base-warmup_short-decay_chinchilla-params_standard-val",
        "rw-tuned-warmup_short-decay_const-params_standard-val"
      })
  void approachesAreReportedSideBySide(String condition) {
    Sweep sweep = sweep(condition);
    double[][] x = new double[sweep.loss().length][];
    for (int i = 0; i < x.length; i++) {
      x[i] = new double[] {sweep.params()[i], sweep.tokens()[i]};
    }
    Observations data = new Observations(x, sweep.loss());
    Fit fit = Fitter.fit(Laws.named("chinchilla"), data, FitOptions.defaults());
    Allocation second = Approaches.profiles(sweep, Approaches.Curve.PARABOLA, .95);
    Allocation third = Approaches.parametric(fit, .95);
    double difference = Math.abs(second.exponent().value() - third.exponent().value());
    reached("approach 2 against approach 3", second.exponent().value(), third.exponent().value());
    String warning = Approaches.disagreement(second, third);
    assertEquals(difference > .05, warning != null, condition + " " + warning);
  }
}
