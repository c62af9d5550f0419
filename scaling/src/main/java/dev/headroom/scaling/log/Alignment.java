package dev.headroom.scaling.log;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.DoubleUnaryOperator;

/**
 * Sets several runs side by side at common places of an axis.
 *
 * <p>The places are those at which every run logged a finite loss; where these are fewer than half
 * of the sparsest run's, they are the sparsest run's. All lie in the range that every run has, so
 * that a loss is interpolated between two of its own run's rows and never beyond them.
 *
 * @param axis what the places are
 * @param at the common places, rising; at least one
 * @param curves the runs, in the order they were given
 * @param notes what was left out or interpolated, one sentence each
 */
public record Alignment(Axis axis, double[] at, List<Curve> curves, List<String> notes) {

  /**
   * Holds the rows of one run that count.
   *
   * @param name name of the run
   * @param x places of the rows with a finite loss, rising
   * @param loss their losses
   */
  public record Curve(String name, double[] x, double[] loss) {

    /** Returns the last place. */
    public double end() {
      return x[x.length - 1];
    }
  }

  /**
   * Aligns runs from their first row on.
   *
   * @throws IllegalArgumentException if there is no run, or one has no such axis
   * @throws LogException if a run has no finite loss, or the runs share no part of the axis
   */
  public static Alignment of(List<Run> runs, Axis axis) {
    return of(runs, axis, Double.NEGATIVE_INFINITY);
  }

  /**
   * Aligns what comes after a place.
   *
   * @param runs the runs, at least one
   * @param axis what the places are
   * @param after rows at this place or before are left out
   * @throws IllegalArgumentException if there is no run, or one has no such axis
   * @throws LogException if a run has no finite loss there, or the runs share no part of the axis
   */
  public static Alignment of(List<Run> runs, Axis axis, double after) {
    if (runs.isEmpty()) {
      throw new IllegalArgumentException("runs: 0 (expected: at least 1)");
    }
    List<String> notes = new ArrayList<>();
    List<Curve> all = new ArrayList<>();
    for (Run run : runs) {
      all.add(curve(run, axis, after, notes));
    }
    double[] at = places(all, axis, notes);
    return new Alignment(axis, at, List.copyOf(all), List.copyOf(notes));
  }

  /** Says whether the loss of a run at a common place lies between two of its rows. */
  public boolean interpolated(int run, int place) {
    return Arrays.binarySearch(curves.get(run).x, at[place]) < 0;
  }

  /** Returns the losses of a run at the common places, linear between its rows. */
  public double[] loss(int run) {
    return loss(run, x -> x, y -> y);
  }

  /**
   * Returns the losses of a run at the common places on other scales: between its rows {@code
   * level(loss)} is linear in {@code scale(place)}.
   *
   * @param run index of the run
   * @param scale scale of the axis, rising
   * @param level scale of the loss
   */
  public double[] loss(int run, DoubleUnaryOperator scale, DoubleUnaryOperator level) {
    Curve curve = curves.get(run);
    double[] out = new double[at.length];
    int j = 0;
    for (int i = 0; i < at.length; i++) {
      while (j + 1 < curve.x.length && curve.x[j + 1] <= at[i]) {
        j++;
      }
      out[i] = level.applyAsDouble(curve.loss[j]);
      if (curve.x[j] < at[i]) {
        double next = level.applyAsDouble(curve.loss[j + 1]);
        double from = scale.applyAsDouble(curve.x[j]);
        double to = scale.applyAsDouble(curve.x[j + 1]);
        out[i] += (scale.applyAsDouble(at[i]) - from) / (to - from) * (next - out[i]);
      }
    }
    return out;
  }

  private static Curve curve(Run run, Axis axis, double after, List<String> notes) {
    double[] x = axis.of(run);
    double[] loss = run.loss();
    double[] keptX = new double[x.length];
    double[] kept = new double[x.length];
    int n = 0;
    int odd = 0;
    for (int i = 0; i < x.length; i++) {
      boolean rises = n == 0 || x[i] > keptX[n - 1];
      boolean finite = Math.abs(loss[i]) <= Double.MAX_VALUE && Math.abs(x[i]) <= Double.MAX_VALUE;
      if (x[i] > after && rises && finite) {
        keptX[n] = x[i];
        kept[n++] = loss[i];
      } else if (!(x[i] <= after)) {
        odd++;
      }
    }
    if (n == 0) {
      String where =
          after == Double.NEGATIVE_INFINITY ? "" : " after " + axis.word() + " " + n(after);
      throw new LogException(
          run.name(),
          0,
          LogException.Kind.EMPTY,
          "no finite loss" + where + " (expected: at least one)");
    }
    if (odd > 0) {
      notes.add(
          run.name()
              + ": "
              + odd
              + (odd == 1 ? " row" : " rows")
              + " without a finite loss or a higher "
              + axis.word()
              + " left out");
    }
    return new Curve(run.name(), Arrays.copyOf(keptX, n), Arrays.copyOf(kept, n));
  }

  private static double[] places(List<Curve> all, Axis axis, List<String> notes) {
    double from = Double.NEGATIVE_INFINITY;
    double to = Double.POSITIVE_INFINITY;
    for (Curve curve : all) {
      from = Math.max(from, curve.x[0]);
      to = Math.min(to, curve.end());
    }
    double[] sparsest = null;
    double[] common = null;
    for (Curve curve : all) {
      double[] inside = between(curve.x, from, to);
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

  private static LogException apart(List<Curve> all, Axis axis) {
    Curve last = all.get(all.size() - 1);
    Curve other = all.get(0);
    for (Curve curve : all) {
      boolean apart = curve.x[0] > last.end() || curve.end() < last.x[0];
      other = apart ? curve : other;
    }
    return new LogException(
        last.name,
        0,
        LogException.Kind.MALFORMED,
        axis.word()
            + " "
            + range(last)
            + ", "
            + other.name
            + " "
            + range(other)
            + " (expected: a part that all runs have)");
  }

  private static String range(Curve curve) {
    return n(curve.x[0]) + " to " + n(curve.end());
  }

  private static String n(double place) {
    return String.format(Locale.ROOT, "%.0f", place);
  }

  private static void noteEnds(List<Curve> all, Axis axis, double to, List<String> notes) {
    for (Curve curve : all) {
      if (curve.end() > to) {
        notes.add(
            curve.name
                + " goes on to "
                + axis.word()
                + " "
                + n(curve.end())
                + "; compared up to "
                + n(to)
                + ", where the shortest run ends");
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
}
