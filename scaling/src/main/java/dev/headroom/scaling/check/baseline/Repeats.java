package dev.headroom.scaling.check.baseline;

import dev.headroom.scaling.log.Axis;
import dev.headroom.scaling.log.Run;
import java.util.Arrays;
import java.util.List;

/**
 * Holds the repeats of one configuration side by side.
 *
 * @param name name of the configuration
 * @param place places of the parts
 * @param level level of each run in each part
 * @param last last loss of each run, as logged
 */
record Repeats(String name, double[] place, double[][] level, double[] last) {

  static Repeats of(String name, List<Run> runs) {
    int end = runs.size() - 1;
    Trajectories all = Trajectories.of(runs.subList(0, end), runs.get(end), Axis.STEP);
    double[][] level = Arrays.copyOf(all.golden(), end + 1);
    level[end] = all.test();
    double[] last = runs.stream().mapToDouble(r -> r.loss()[r.size() - 1]).toArray();
    return new Repeats(name, all.place(), level, last);
  }

  int size() {
    return level.length;
  }

  /** Returns the variance of each look over the repeats, in units of the kernel. */
  double[] lookVariances() {
    double[][] contrasts = Reference.contrasts(level, Reference.mean(level));
    // The level only weighs the drift against the noise; its value matters little.
    Spread spread = Spread.of(place, contrasts, null, RepeatPrior.builtIn().level());
    Looks looks = Looks.of(place, spread.covariance());
    if (looks.count() < Looks.ALL) {
      throw new IllegalArgumentException(
          name + ": " + place.length + " places (expected: at least 5, spread over the run)");
    }
    double[] out = new double[looks.count()];
    for (int j = 0; j < out.length; j++) {
      double[] w = looks.weights()[j];
      for (double[] contrast : contrasts) {
        double score = Symmetric.dot(w, contrast);
        out[j] += score * score / (level.length - 1);
      }
      out[j] /= Symmetric.form(w, spread.kernel(), w);
    }
    return out;
  }
}
