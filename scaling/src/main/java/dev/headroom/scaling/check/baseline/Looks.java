package dev.headroom.scaling.check.baseline;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The few numbers that the whole trajectory of a difference is summed up in.
 *
 * <p>Each look is the generalised least squares estimate {@code (h' V^-1 h)^-1 h' V^-1 d} of the
 * size of a difference of a given shape h: there from the start, from a quarter, half or three
 * quarters of the run on, or growing in proportion to the step. The parts before a difference began
 * serve as its control. The alarm rate is spent on the looks by {@link #SHARE}, so that their
 * number needs no further correction (Bonferroni; exact for any dependence between them).
 *
 * @param kind which shape each look has
 * @param weights the weights of each look
 */
record Looks(int[] kind, double[][] weights) {
  /** Number of shapes. */
  static final int ALL = 5;

  /** The shape that grows. */
  static final int GROWING = 4;

  private static final double[] ONSET = {0, 0.25, 0.5, 0.75};
  private static final double[] SHARE = {0.75, 0.04, 0.11, 0.06, 0.04};

  static Looks of(double[] place, double[][] covariance) {
    List<double[]> shapes = new ArrayList<>();
    List<Integer> kinds = new ArrayList<>();
    for (int kind = 0; kind < ALL; kind++) {
      double[] shape = shape(place, kind);
      if (tells(shape, shapes)) {
        shapes.add(shape);
        kinds.add(kind);
      }
    }
    double[][] weights = new double[shapes.size()][];
    for (int j = 0; j < weights.length; j++) {
      double[] w = Symmetric.solve(covariance, shapes.get(j));
      double norm = Symmetric.dot(w, shapes.get(j));
      weights[j] = Arrays.stream(w).map(v -> v / norm).toArray();
    }
    return new Looks(kinds.stream().mapToInt(Integer::intValue).toArray(), weights);
  }

  /** Returns the difference of unit size of a kind at each place. */
  static double[] shape(double[] place, int kind) {
    return Arrays.stream(place).map(u -> kind == GROWING ? u : u > ONSET[kind] ? 1 : 0).toArray();
  }

  private static boolean tells(double[] shape, List<double[]> before) {
    boolean flat = Arrays.stream(shape).allMatch(v -> v == shape[0]);
    return before.isEmpty()
        || (!flat && before.stream().noneMatch(other -> Arrays.equals(shape, other)));
  }

  int count() {
    return kind.length;
  }

  /** Returns the share of the alarm rate of the j-th look. */
  double share(int j) {
    return SHARE[kind[j]] / Arrays.stream(kind).mapToDouble(k -> SHARE[k]).sum();
  }

  /** Returns the place from which the difference of the j-th look is there. */
  double onset(int j) {
    return kind[j] == GROWING ? 0 : ONSET[kind[j]];
  }
}
