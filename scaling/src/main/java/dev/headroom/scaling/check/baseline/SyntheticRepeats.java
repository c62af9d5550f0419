package dev.headroom.scaling.check.baseline;

import dev.headroom.scaling.log.Run;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * Makes repeats whose spread is known, for a self-test without files.
 *
 * <p>Log loss is that of {@code 2.6 + 12 step^-0.5} plus a level that forgets its past in the log
 * of the step, shrinks as {@code (step/last)^-0.5} and has the given deviation at the end, plus a
 * tenth of that variance as noise of single points; printed to four decimals as real logs are. The
 * same seed gives the same runs.
 */
public final class SyntheticRepeats {
  private static final int POINTS = 16;
  private static final int INTERVAL = 125;

  private SyntheticRepeats() {}

  /**
   * Returns configurations by name, 40 repeats each, of deviations 0.03 to 0.12 % at the end.
   *
   * @param seed seed of the noise
   */
  public static Map<String, List<Run>> configurations(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    Map<String, List<Run>> out = new LinkedHashMap<>();
    for (double percent : new double[] {0.03, 0.04, 0.05, 0.08, 0.12}) {
      List<Run> runs = new ArrayList<>();
      for (int r = 0; r < 40; r++) {
        runs.add(run("synthetic " + percent + " % run " + r, percent / 100, random));
      }
      out.put("synthetic " + percent + " %", runs);
    }
    return out;
  }

  private static Run run(String name, double deviation, SplittableRandom random) {
    java.util.Random normal = new java.util.Random(random.nextLong());
    long[] step = new long[POINTS];
    double[] loss = new double[POINTS];
    double level = normal.nextGaussian();
    for (int i = 0; i < POINTS; i++) {
      step[i] = (long) (i + 1) * INTERVAL;
      double keeps = i == 0 ? 0 : Math.pow(i / (i + 1.0), 0.3);
      level = keeps * level + Math.sqrt(1 - keeps * keeps) * normal.nextGaussian();
      double place = (i + 1.0) / POINTS;
      double noise = Math.sqrt(0.9) * level + Math.sqrt(0.1) * normal.nextGaussian();
      double exact = 2.6 + 12 / Math.sqrt(step[i]);
      loss[i] = Math.rint(1e4 * exact * Math.exp(deviation * noise / Math.sqrt(place))) / 1e4;
    }
    return new Run(name, step, loss, Map.of(), List.of());
  }
}
