package dev.headroom.scaling.check.baseline;

import dev.headroom.scaling.log.Alignment;
import dev.headroom.scaling.log.Axis;
import dev.headroom.scaling.log.Run;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Sets golden runs and a run side by side at the points of their {@link Alignment}, interpolated in
 * the log of the axis, then as means over at most {@value #BINS} equal parts of it.
 *
 * <p>Step 0, before any training, is left out: repeats agree there and say nothing of the spread.
 * The scale is the log of the loss, or the loss over its median size where one is not above zero.
 *
 * @param place mean place of the points of each part, as a share of the compared range, above 0
 * @param golden level of each golden run in each part
 * @param test level of the run in each part
 * @param axis the axis at the end of each part
 * @param points common points before the means
 * @param notes what had to be left out or interpolated
 */
record Trajectories(
    double[] place,
    double[][] golden,
    double[] test,
    double[] axis,
    int points,
    List<String> notes) {

  static final int BINS = 24;

  static Trajectories of(List<Run> golden, Run test, Axis axis) {
    List<Run> runs = new ArrayList<>(golden);
    runs.add(test);
    Alignment all = Alignment.of(runs, axis, 0);
    double scale = 0;
    for (Alignment.Curve curve : all.curves()) {
      boolean positive = Arrays.stream(curve.loss()).allMatch(v -> v > 0);
      scale = positive ? scale : middleSize(all.curves().get(0).loss());
    }
    double size = scale;
    double[][] level = new double[runs.size()][];
    for (int r = 0; r < level.length; r++) {
      level[r] = all.loss(r, Math::log, loss -> level(loss, size));
    }
    return parts(all.at(), level, all.notes());
  }

  private static double middleSize(double[] loss) {
    double[] size = Arrays.stream(loss).map(Math::abs).sorted().toArray();
    return Math.max(size[size.length / 2], Double.MIN_NORMAL);
  }

  private static double level(double loss, double scale) {
    return scale > 0 ? loss / scale : Math.log(loss);
  }

  private static Trajectories parts(double[] x, double[][] level, List<String> notes) {
    double end = x[x.length - 1];
    double interval = x.length > 1 ? (end - x[0]) / (x.length - 1) : x[0];
    double origin = Math.max(0, x[0] - interval);
    int[] part = new int[x.length];
    int count = 0;
    int before = -1;
    for (int i = 0; i < x.length; i++) {
      double share = (x[i] - origin) / (end - origin);
      int bin = (int) Math.min(BINS - 1, Math.max(0, Math.ceil(share * BINS - 1e-9) - 1));
      count += bin == before ? 0 : 1;
      before = bin;
      part[i] = count - 1;
    }
    int runs = level.length;
    double[] place = new double[count];
    double[] axis = new double[count];
    int[] size = new int[count];
    double[][] mean = new double[runs][count];
    for (int i = 0; i < x.length; i++) {
      int p = part[i];
      size[p]++;
      axis[p] = x[i];
      place[p] += ((x[i] - origin) / (end - origin) - place[p]) / size[p];
      for (int r = 0; r < runs; r++) {
        mean[r][p] += (level[r][i] - mean[r][p]) / size[p];
      }
    }
    double[][] golden = Arrays.copyOf(mean, runs - 1);
    return new Trajectories(place, golden, mean[runs - 1], axis, x.length, notes);
  }
}
