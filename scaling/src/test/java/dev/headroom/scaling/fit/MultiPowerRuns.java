package dev.headroom.scaling.fit;

import dev.headroom.scaling.law.MultiPowerLaw;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Runs of the set with many learning-rate schedules, as the reference of the law reads them. */
public record MultiPowerRuns(MultiPowerLaw law, Observations data) {

  public static final List<String> FITTED = List.of("cosine_24000", "constant_24000", "wsdcon_9");

  /** Reads runs of a size; skips the test where absent. */
  public static MultiPowerRuns of(String size, List<String> names) {
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
    return new MultiPowerRuns(new MultiPowerLaw(rates), data);
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
