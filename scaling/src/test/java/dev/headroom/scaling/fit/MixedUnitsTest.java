package dev.headroom.scaling.fit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.headroom.scaling.law.Law;
import dev.headroom.scaling.law.Laws;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MixedUnitsTest {

  private static final Law CHINCHILLA = Laws.named("chinchilla");
  private static final double[] THETA = {1.7, 400, 410, .34, .28};

  /** Runs of which every third has other units, by what they are divided by. */
  private static Observations table(double params, double tokens, double loss, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    double[][] x = new double[60][];
    double[] losses = new double[x.length];
    for (int i = 0; i < x.length; i++) {
      double n = Math.pow(10, 7.5 + 2 * random.nextDouble());
      double d = n * Math.pow(10, .5 + 1.3 * random.nextDouble());
      losses[i] = CHINCHILLA.value(new double[] {n, d}, THETA) * (1 + .01 * random.nextDouble());
      boolean other = i % 3 == 0;
      x[i] = new double[] {other ? n / params : n, other ? d / tokens : d};
      losses[i] /= other ? loss : 1;
    }
    return new Observations(x, losses);
  }

  private static List<String> notes(Law law, Observations data) {
    return Fitter.fit(law, data, FitOptions.defaults()).warnings().stream()
        .filter(warning -> warning.contains("mixed units"))
        .toList();
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5})
  void rowsInOtherUnitsAreSaid(long seed) {
    long before = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
    String tokens = notes(CHINCHILLA, table(1, 1e9, 1, seed)).get(0);
    assertTrue(tokens.startsWith("d: mixed units: 20 of 60 rows"), tokens);
    assertTrue(tokens.contains("billions"), tokens);
    String params = notes(CHINCHILLA, table(1e6, 1, 1, seed)).get(0);
    assertTrue(params.startsWith("n: mixed units: 20 of 60 rows"), params);
    assertTrue(params.contains("millions"), params);
    assertEquals(2, notes(CHINCHILLA, table(1e6, 1e9, 1, seed)).size());
    String bits = notes(CHINCHILLA, table(1, 1, Math.log(2), seed)).get(0);
    assertTrue(bits.startsWith("loss: mixed units: 20 of 60 rows"), bits);
    assertEquals(List.of(), notes(CHINCHILLA, table(1, 1, 1, seed)));
    double seconds = (ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime() - before) / 1e9;
    assertTrue(seconds < 5, "five tables took " + seconds + " s");
  }

  @Test
  void wideTablesAreNotAccused() {
    double[][] x = new double[24][];
    double[] loss = new double[x.length];
    SplittableRandom random = new SplittableRandom(7);
    for (int i = 0; i < x.length; i++) {
      x[i] = new double[] {(i < 12 ? 1e3 : 1e8) * (1 + i % 12)};
      loss[i] = (1.5 + 9 * Math.pow(x[i][0], -.2)) * (1 + .01 * random.nextDouble());
    }
    assertEquals(List.of(), notes(Laws.named("power"), new Observations(x, loss)));
  }

  @Test
  void realTablesAreNotAccused() {
    double[][] rows = SharedData.read("chinchilla-fig4/chinchilla_fig4.csv", "N", "D", "loss", "C");
    assertEquals(List.of(), notes(CHINCHILLA, SharedData.observations(rows, 1, 1)));
    double[][] repeated = SharedData.read("data-constrained/c4_runs.csv", "N", "D", "loss");
    assertEquals(List.of(), notes(CHINCHILLA, SharedData.observations(repeated, 1, 1)));
    for (String size : List.of("25M", "100M")) {
      assertEquals(List.of(), notes(Laws.named("annealing"), AnnealingRuns.of(size)));
    }
    for (String set : List.of("flan", "gigaword")) {
      for (Map<String, String> row : SharedData.table("finetuning/" + set + ".csv")) {
        Map<Double, Double> curve = new TreeMap<>();
        row.forEach(
            (name, cell) -> {
              if (name.matches("[1-9][0-9]+") && !cell.isBlank()) {
                curve.put(Double.parseDouble(name), Double.parseDouble(cell));
              }
            });
        assertEquals(List.of(), notes(Laws.named("rectified"), points(curve)), row.toString());
      }
    }
    learningCurves("vision");
    learningCurves("lang");
  }

  private static void learningCurves(String file) {
    Map<String, Map<Double, Double>> curves = new TreeMap<>();
    for (Map<String, String> row : SharedData.table("learning-curves/benchmark_" + file + ".csv")) {
      String name = row.get("Domain") + row.get("Task") + row.get("Model");
      curves
          .computeIfAbsent(name, k -> new TreeMap<>())
          .put(Double.parseDouble(row.get("Seen Examples")), Double.parseDouble(row.get("Loss")));
    }
    curves.forEach(
        (name, curve) -> assertEquals(List.of(), notes(Laws.named("power"), points(curve)), name));
  }

  private static Observations points(Map<Double, Double> curve) {
    List<double[]> x = new ArrayList<>();
    curve.keySet().forEach(at -> x.add(new double[] {at}));
    double[] loss = curve.values().stream().mapToDouble(Double::doubleValue).toArray();
    return new Observations(x.toArray(new double[0][]), loss);
  }
}
