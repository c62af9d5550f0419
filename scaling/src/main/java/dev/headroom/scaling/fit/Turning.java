package dev.headroom.scaling.fit;

import dev.headroom.scaling.law.Law;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Locale;

/**
 * Finds a metric that turns where the fitted law goes on: with pre-training data that do not suit
 * the task, a score falls again while the loss still falls, and no forecast from it is worth much.
 *
 * <p>For laws of one variable whose fit is monotone. The best monotone and the best one-turn
 * sequence are found by pooling adjacent violators; a turn is named where it leaves a quarter of
 * the squares, with three points on either side, and comes back by four times the scatter.
 *
 * <p>Source of the case: Isik et al. 2024 (arXiv 2402.04177), section 5.
 */
final class Turning {

  private static final int SIDE = 3;
  private static final int FEWEST = 8;
  private static final int MOST = 200;

  private final double[] x;
  private final double[] y;

  private Turning(double[] x, double[] y) {
    this.x = x;
    this.y = y;
  }

  /** Returns a sentence where the points turn and the law does not; none as a rule. */
  static List<String> of(Model model, List<Observations> sets, double[] theta) {
    Law law = model.law;
    Observations data = sets.get(0);
    if (sets.size() > 1 || law.variables().size() != 1 || data.size() < FEWEST) {
      return List.of();
    }
    double[] whole = new double[law.parameters().size()];
    model.expand(theta, 0, whole);
    List<double[]> rows = new ArrayList<>();
    int stride = 1 + data.size() / MOST;
    for (int i = 0; i < data.size(); i += stride) {
      double predicted = law.value(data.x()[i], whole);
      rows.add(new double[] {data.x()[i][0], data.loss()[i], predicted});
    }
    rows.sort(Comparator.comparingDouble(row -> row[0]));
    double[] fitted = column(rows, 2);
    boolean monotone = errors(fitted, 1)[fitted.length - 1] == 0;
    monotone |= errors(fitted, -1)[fitted.length - 1] == 0;
    String name = law.variables().get(0).name();
    return monotone ? new Turning(column(rows, 0), column(rows, 1)).words(name) : List.of();
  }

  private static double[] column(List<double[]> rows, int k) {
    return rows.stream().mapToDouble(row -> row[k]).toArray();
  }

  private List<String> words(String name) {
    int last = y.length - 1;
    double straight = Math.min(errors(y, 1)[last], errors(y, -1)[last]);
    double least = straight / 4;
    String words = null;
    for (int sign = 1; sign >= -1; sign -= 2) {
      double[] before = errors(y, sign);
      double[] after = reversed(errors(reversed(y), sign));
      for (int k = SIDE; k <= y.length - SIDE; k++) {
        double squares = before[k - 1] + after[k];
        double scatter = Math.sqrt(squares / (y.length - 2));
        double back = sign * (mean(k - 1, k + 1) - mean(y.length - SIDE, y.length));
        double there = sign * (mean(k - 1, k + 1) - mean(0, SIDE));
        if (squares < least && Math.min(back, there) > 4 * scatter) {
          least = squares;
          words =
              String.format(
                  Locale.ROOT,
                  "the points turn near %s = %.3g and come back by %.3g, %.0f times their scatter,"
                      + " where the law goes on: do not extrapolate it",
                  name,
                  x[k],
                  back,
                  Math.min(1e6, back / scatter));
        }
      }
    }
    return words == null ? List.of() : List.of(words);
  }

  private double mean(int from, int to) {
    return Arrays.stream(y, from, to).average().orElse(0);
  }

  /**
   * Returns the squares that the best rising (sign 1) or falling sequence leaves of each prefix.
   */
  private static double[] errors(double[] y, int sign) {
    double[] errors = new double[y.length];
    Deque<double[]> blocks = new ArrayDeque<>();
    double sum = 0;
    for (int i = 0; i < y.length; i++) {
      // Mean, number and squares about the mean.
      double[] block = {sign * y[i], 1, 0};
      while (!blocks.isEmpty() && blocks.peek()[0] > block[0]) {
        double[] other = blocks.pop();
        sum -= other[2];
        double number = block[1] + other[1];
        double off = block[0] - other[0];
        double squares = block[2] + other[2] + off * off * block[1] * other[1] / number;
        double mean = (block[0] * block[1] + other[0] * other[1]) / number;
        block = new double[] {mean, number, squares};
      }
      blocks.push(block);
      sum += block[2];
      errors[i] = Math.max(0, sum);
    }
    return errors;
  }

  private static double[] reversed(double[] values) {
    double[] reversed = new double[values.length];
    Arrays.setAll(reversed, i -> values[values.length - 1 - i]);
    return reversed;
  }
}
