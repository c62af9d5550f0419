package dev.headroom.head;

import ai.djl.ndarray.NDArray;
import dev.headroom.head.internal.ErrorBudget;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.ToDoubleFunction;

/**
 * The rows of a small head in float64, straight from e, c and b, and central differences of any
 * loss of them.
 */
final class RowTruth {
  private final HeadFixture f;
  private final HeadOptions options;

  /** One row that counts; z are its logits after scale and cap. */
  record Row(int index, int target, double[] z, double lse, double nll, double entropy) {}

  RowTruth(HeadFixture f, HeadOptions options) {
    this.f = f;
    this.options = options;
  }

  /** Returns the rows that are not ignored. */
  List<Row> rows() {
    return rows(doubles(f.hidden), doubles(f.weight), doubles(f.bias));
  }

  private List<Row> rows(double[] e, double[] c, double[] b) {
    List<Row> rows = new ArrayList<>();
    for (int i = 0; i < f.rows; i++) {
      if (f.ids[i] >= 0) {
        rows.add(row(i, e, c, b));
      }
    }
    return rows;
  }

  private Row row(int i, double[] e, double[] c, double[] b) {
    double[] z = new double[f.classes];
    int target = (int) f.ids[i];
    double rest = 0;
    for (int v = 0; v < z.length; v++) {
      double a = b[v];
      for (int k = 0; k < f.width; k++) {
        a += e[i * f.width + k] * c[v * f.width + k];
      }
      double s = options.logitScale() * a;
      double cap = options.softCap();
      z[v] = cap == 0 ? s : cap * Math.tanh(s / cap);
    }
    for (int v = 0; v < z.length; v++) {
      rest += v == target ? 0 : Math.exp(z[v] - z[target]);
    }
    double nll = Math.log1p(rest);
    double lse = nll + z[target];
    double entropy = lse;
    for (double logit : z) {
      entropy -= Math.exp(logit - lse) * logit;
    }
    return new Row(i, target, z, lse, nll, entropy);
  }

  /** Returns the slopes of a loss along each entry of e (0), c (1) or b (2). */
  float[] slopes(int which, ToDoubleFunction<List<Row>> loss) {
    double[][] arrays = {doubles(f.hidden), doubles(f.weight), doubles(f.bias)};
    double[] moved = arrays[which];
    float[] slopes = new float[moved.length];
    double h = 1e-5;
    for (int i = 0; i < moved.length; i++) {
      double kept = moved[i];
      moved[i] = kept + h;
      double above = loss.applyAsDouble(rows(arrays[0], arrays[1], arrays[2]));
      moved[i] = kept - h;
      double below = loss.applyAsDouble(rows(arrays[0], arrays[1], arrays[2]));
      slopes[i] = (float) ((above - below) / (2 * h));
      moved[i] = kept;
    }
    return slopes;
  }

  /** Holds what a backward pass left in e, c and b against the slopes of a loss. */
  void check(
      String what,
      ToDoubleFunction<List<Row>> loss,
      HeadFixture.Outcome actual,
      ErrorBudget budget) {
    budget.check("dE " + what, slopes(0, loss), actual.dE(), 1e-2);
    budget.check("dC " + what, slopes(1, loss), actual.dC(), 1e-2);
    budget.check("dB " + what, slopes(2, loss), actual.dB(), 1e-2);
  }

  private static double[] doubles(NDArray array) {
    float[] narrow = array.toFloatArray();
    double[] wide = new double[narrow.length];
    Arrays.setAll(wide, i -> narrow[i]);
    return wide;
  }
}
