package dev.headroom.scaling.check.baseline;

import dev.headroom.scaling.log.LogException;
import dev.headroom.scaling.log.Run;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * Sets golden runs and a run side by side: at the points common to all, or, where their logging
 * differs, at those of the sparsest run, the others interpolated in the log of the axis; then as
 * means over at most {@value #BINS} equal parts of the axis.
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

  private record Series(String name, double[] x, double[] loss) {}

  static Trajectories of(List<Run> golden, Run test, Axis axis) {
    List<String> notes = new ArrayList<>();
    List<Series> all = new ArrayList<>();
    for (Run run : golden) {
      all.add(series(run, axis, notes));
    }
    all.add(series(test, axis, notes));
    double[] grid = grid(all, axis, notes);
    double[][] level = new double[all.size()][];
    double[] scale = {0};
    for (Series series : all) {
      boolean positive = Arrays.stream(series.loss).allMatch(v -> v > 0);
      scale[0] = positive ? scale[0] : Math.max(scale[0], middleSize(all.get(0).loss));
    }
    for (int r = 0; r < level.length; r++) {
      level[r] = at(grid, all.get(r), scale[0]);
    }
    return parts(grid, level, notes);
  }

  private static double middleSize(double[] loss) {
    double[] size = Arrays.stream(loss).map(Math::abs).sorted().toArray();
    return Math.max(size[size.length / 2], Double.MIN_NORMAL);
  }

  private static Series series(Run run, Axis axis, List<String> notes) {
    double[] x = axis.of(run);
    double[] loss = run.loss();
    double[] keptX = new double[x.length];
    double[] kept = new double[x.length];
    int n = 0;
    for (int i = 0; i < x.length; i++) {
      boolean rises = n == 0 || x[i] > keptX[n - 1];
      if (x[i] > 0 && rises && Math.abs(loss[i]) <= Double.MAX_VALUE) {
        keptX[n] = x[i];
        kept[n++] = loss[i];
      }
    }
    if (n == 0) {
      throw new LogException(
          run.name(),
          0,
          LogException.Kind.EMPTY,
          "no finite loss after " + axis.word() + " 0 (expected: at least one)");
    }
    long before = Arrays.stream(x).filter(v -> !(v > 0)).count();
    if (n + before < x.length) {
      notes.add(
          run.name() + ": " + (x.length - n - before) + " rows without a finite loss left out");
    }
    return new Series(run.name(), Arrays.copyOf(keptX, n), Arrays.copyOf(kept, n));
  }

  private static double[] grid(List<Series> all, Axis axis, List<String> notes) {
    double from = 0;
    double to = Double.POSITIVE_INFINITY;
    for (Series series : all) {
      from = Math.max(from, series.x[0]);
      to = Math.min(to, series.x[series.x.length - 1]);
    }
    double[] sparsest = null;
    double[] common = null;
    for (Series series : all) {
      double[] inside = between(series.x, from, to);
      sparsest = sparsest == null || inside.length < sparsest.length ? inside : sparsest;
      common = common == null ? inside : intersection(common, inside);
    }
    if (from > to || sparsest.length == 0) {
      throw apart(all, axis);
    }
    noteEnds(all, axis, to, notes);
    if (2 * common.length >= sparsest.length) {
      return common;
    }
    notes.add(
        "the runs log at different points of the "
            + axis.word()
            + " axis: interpolated at the "
            + sparsest.length
            + " points of the sparsest run");
    return sparsest;
  }

  private static LogException apart(List<Series> all, Axis axis) {
    Series test = all.get(all.size() - 1);
    Series golden = all.get(0);
    String what =
        String.format(
            Locale.ROOT,
            "%s %.0f to %.0f, golden run %s %.0f to %.0f (expected: a part that all runs have)",
            axis.word(),
            test.x[0],
            test.x[test.x.length - 1],
            golden.name,
            golden.x[0],
            golden.x[golden.x.length - 1]);
    return new LogException(test.name, 0, LogException.Kind.MALFORMED, what);
  }

  private static void noteEnds(List<Series> all, Axis axis, double to, List<String> notes) {
    for (Series series : all) {
      double end = series.x[series.x.length - 1];
      if (end > to) {
        notes.add(
            String.format(
                Locale.ROOT,
                "%s goes on to %s %.0f; compared up to %.0f, where the shortest run ends",
                series.name,
                axis.word(),
                end,
                to));
        return;
      }
    }
  }

  private static double[] between(double[] x, double from, double to) {
    return Arrays.stream(x).filter(v -> v >= from && v <= to).toArray();
  }

  private static double[] intersection(double[] a, double[] b) {
    double[] out = new double[Math.min(a.length, b.length)];
    int n = 0;
    for (int i = 0, j = 0; i < a.length && j < b.length; ) {
      if (a[i] == b[j]) {
        out[n++] = a[i++];
        j++;
      } else if (a[i] < b[j]) {
        i++;
      } else {
        j++;
      }
    }
    return Arrays.copyOf(out, n);
  }

  private static double[] at(double[] grid, Series series, double scale) {
    double[] out = new double[grid.length];
    int j = 0;
    for (int i = 0; i < grid.length; i++) {
      while (j + 1 < series.x.length && series.x[j + 1] <= grid[i]) {
        j++;
      }
      double here = level(series.loss[j], scale);
      if (series.x[j] < grid[i]) {
        double next = level(series.loss[j + 1], scale);
        double share = Math.log(grid[i] / series.x[j]) / Math.log(series.x[j + 1] / series.x[j]);
        here += share * (next - here);
      }
      out[i] = here;
    }
    return out;
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
    return new Trajectories(place, golden, mean[runs - 1], axis, x.length, List.copyOf(notes));
  }
}
