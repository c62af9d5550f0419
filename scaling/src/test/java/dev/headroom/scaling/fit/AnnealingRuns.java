package dev.headroom.scaling.fit;

import dev.headroom.scaling.schedule.Areas;
import java.util.ArrayList;
import java.util.List;

/** Reads the public curves to which the annealing law was fitted by its authors. */
public final class AnnealingRuns {

  private AnnealingRuns() {}

  /** Returns the points, steps counted from 0 as the reference does. */
  public static Observations of(String size) {
    return of(size, 0);
  }

  /**
   * Returns the points of the reference's three runs.
   *
   * @param first number of the first step: the reference counts from 0, a schedule of ours from 1
   */
  public static Observations of(String size, int first) {
    List<double[]> x = new ArrayList<>();
    List<Double> loss = new ArrayList<>();
    List<Integer> group = new ArrayList<>();
    for (String run : List.of("cosine_24000", "constant_24000", "wsdcon_9")) {
      double[][] rows =
          SharedData.read("lr-schedules/" + size + "/" + run + ".csv", "step", "lr", "loss");
      int total = run.equals("wsdcon_9") ? 16000 : 24000;
      Areas areas = Areas.of(rates(run, total), Areas.LAMBDA);
      double[] s1 = areas.s1();
      double[] s2 = areas.s2();
      for (double[] row : rows) {
        int step = (int) row[0];
        if (step < total) {
          x.add(new double[] {s1[step - first], s2[step - first]});
          loss.add(row[2]);
          group.add(run.length());
        }
      }
    }
    return new Observations(
        x.toArray(new double[0][]),
        loss.stream().mapToDouble(Double::doubleValue).toArray(),
        group.stream().mapToInt(Integer::intValue).toArray());
  }

  /** The rates of the README of the set, held at the peak during the warm-up of 2160 steps. */
  private static double[] rates(String run, int total) {
    double[] rates = new double[total];
    for (int i = 0; i < total; i++) {
      double angle = Math.PI * (i - 2160) / (total - 2160);
      boolean decays = run.equals("cosine_24000") && i >= 2160;
      rates[i] = decays ? 3e-5 + .5 * 2.7e-4 * (1 + Math.cos(angle)) : 3e-4;
      if (run.equals("wsdcon_9") && i >= 8000) {
        rates[i] = 9e-5;
      }
    }
    return rates;
  }
}
