package dev.headroom.scaling.fit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.headroom.scaling.law.MultiPowerLaw;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The multi-power law on the runs it was published for. */
class MultiPowerReferenceTest {

  private static final List<String> FITTED = List.of("cosine_24000", "constant_24000", "wsdcon_9");
  private static final List<String> TESTED =
      List.of("cosine_72000", "constant_72000", "wsd_20000_24000", "wsdcon_3");

  private record Runs(MultiPowerLaw law, Observations data) {}

  @ParameterizedTest
  @CsvSource({
    "25M, 3.040, .525, 363.8, .508, 2.066, .583, .641, 2.9974e-4",
    "100M, 2.651, .601, 437.9, .453, 2.132, .598, .655, 2.9768e-4"
  })
  void publishedParametersGiveThePublishedObjective(
      String size,
      double l0,
      double a,
      double b,
      double al,
      double c,
      double be,
      double g,
      double wanted) {
    double[] theta = {l0, a, b, al, c, be, g};
    Runs runs = runs(size, FITTED);
    double objective = 0;
    for (int i = 0; i < runs.data.size(); i++) {
      double r = Math.abs(Math.log(runs.law.value(runs.data.x()[i], theta) / runs.data.loss()[i]));
      objective += r <= 1e-3 ? .5 * r * r : 1e-3 * (r - .5e-3);
    }
    System.out.printf(
        Locale.ROOT,
        "multi-power %s: objective reached %.6e, wanted %.4e%n",
        size,
        objective,
        wanted);
    // The wanted number is printed to five digits.
    assertEquals(wanted, objective, 1e-5 * wanted + .5e-8);
    System.out.printf(
        Locale.ROOT, "multi-power %s: as published, test MAE %.5f%n", size, error(size, theta));
  }

  /**
   * Regularised by priors on the four numbers that are known only in combination, which hold for
   * both sizes: B near 400 within 10 %, C near 2 within 10 %, be near .6 and g near .65 within .03.
   */
  @ParameterizedTest
  @CsvSource({"25M", "100M"})
  void regularisedFitPredictsOtherSchedules(String size) {
    Runs runs = runs(size, FITTED);
    Constraints priors =
        Constraints.none()
            .prior("B", Prior.logNormal(400, .1))
            .prior("C", Prior.logNormal(2, .1))
            .prior("be", Prior.normal(.6, .03))
            .prior("g", Prior.normal(.65, .03));
    long start = System.nanoTime();
    Fit fit = Fitter.fit(runs.law, runs.data, FitOptions.defaults().withConstraints(priors));
    double seconds = (System.nanoTime() - start) / 1e9;
    double error = error(size, fit.theta());
    System.out.printf(
        Locale.ROOT,
        "multi-power %s: regularised fit, test MAE reached %.5f, wanted .0043; %.1f s %s%n",
        size,
        error,
        seconds,
        fit.estimates());
    // Not reached: .0043 was published over more schedules than lie here; on these the published
    // parameters give .0044 and .0058. The long cosine has most of the error.
    assertTrue(error <= .005, "" + error);
  }

  private static double error(String size, double[] theta) {
    double sum = 0;
    for (String name : TESTED) {
      Runs runs = runs(size, List.of(name));
      for (int i = 0; i < runs.data.size(); i++) {
        double off = runs.law.value(runs.data.x()[i], theta) - runs.data.loss()[i];
        sum += Math.abs(off) / runs.data.size() / TESTED.size();
      }
    }
    return sum;
  }

  private static Runs runs(String size, List<String> names) {
    double[][] rates = new double[names.size()][];
    List<double[]> x = new ArrayList<>();
    List<Double> loss = new ArrayList<>();
    for (int run = 0; run < rates.length; run++) {
      String file = "lr-schedules/" + size + "/" + names.get(run) + ".csv";
      rates[run] = rates(names.get(run));
      for (Map<String, String> row : SharedData.table(file)) {
        int step = (int) Double.parseDouble(row.get("step"));
        if (step < rates[run].length) {
          // The reference counts steps from 0.
          x.add(new double[] {run, step + 1});
          loss.add(Double.parseDouble(row.get("loss")));
        }
      }
    }
    Observations data =
        new Observations(x.toArray(new double[0][]), loss.stream().mapToDouble(v -> v).toArray());
    return new Runs(new MultiPowerLaw(rates), data);
  }

  /** The rates of the README of the set, with the reference's warm-up from 0 to the peak. */
  private static double[] rates(String name) {
    String[] parts = name.split("_");
    int total = parts[0].equals("wsdcon") ? 16000 : Integer.parseInt(parts[parts.length - 1]);
    double[] rates = new double[total];
    for (int i = 0; i < total; i++) {
      double angle = Math.PI * (i - 2160) / (total - 2160);
      rates[i] =
          switch (parts[0]) {
            case "cosine" -> 3e-5 + .5 * 2.7e-4 * (1 + Math.cos(angle));
            case "wsdcon" -> i >= 8000 ? Integer.parseInt(parts[1]) * 1e-5 : 3e-4;
            case "wsd" -> i >= 20000 ? 3e-4 * Math.pow(.1, (i - 20000) / 4000.) : 3e-4;
            default -> 3e-4;
          };
      rates[i] = i < 2160 ? 3e-4 * i / 2159 : rates[i];
    }
    return rates;
  }
}
