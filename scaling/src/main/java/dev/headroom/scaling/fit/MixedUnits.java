package dev.headroom.scaling.fit;

import dev.headroom.scaling.fit.internal.Quantiles;
import dev.headroom.scaling.law.Law;
import dev.headroom.scaling.law.Variable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * Finds tables in which some rows have another unit than the others: parameters in millions, tokens
 * in billions, losses in bits.
 *
 * <p>A column is suspect where its values fall in two groups with {@value #GAP} decades of nothing
 * between, and the smaller group times a thousand, a million or a billion lies among the larger. It
 * is named if the law then fits {@value #GAIN} times closer: a table may well be wide by right.
 * Losses are named where their residuals fall in two groups that lie {@code log(1 / log 2)} apart.
 */
final class MixedUnits {

  private static final double GAP = 2.5;
  private static final double GAIN = 3;
  private static final int FEWEST = 2;
  private static final int POINTS = 512;
  private static final double BITS = -Math.log(Math.log(2));
  private static final String[] WORDS = {"thousands", "millions", "billions"};

  /** A column with the rows that would have to be multiplied by a factor. */
  private record Suspect(int column, boolean[] low, int power) {
    double factor() {
      return Math.pow(1000, power);
    }
  }

  private MixedUnits() {}

  /** Returns a sentence for each finding; none as a rule, and none for several sets. */
  static List<String> of(Model model, List<Observations> sets, FitOptions options, double[] theta) {
    List<String> notes = new ArrayList<>();
    Observations data = sets.get(0);
    double[] whole = new double[model.law.parameters().size()];
    model.expand(theta, 0, whole);
    if (sets.size() == 1 && Arrays.stream(data.loss()).allMatch(loss -> loss > 0)) {
      columns(model, thinned(data), options, notes);
      losses(model.law, data, whole, notes);
    }
    return notes;
  }

  private static void columns(
      Model model, Observations data, FitOptions options, List<String> notes) {
    List<Suspect> suspects = new ArrayList<>();
    List<Variable> variables = model.law.variables();
    for (int j = 0; j < variables.size(); j++) {
      boolean positive = variables.get(j).domain() == Variable.Domain.POSITIVE;
      Suspect suspect = positive ? suspect(data.x(), j) : null;
      if (suspect != null) {
        suspects.add(suspect);
      }
    }
    if (suspects.isEmpty()) {
      return;
    }
    List<List<Suspect>> trials = new ArrayList<>();
    suspects.forEach(suspect -> trials.add(List.of(suspect)));
    if (suspects.size() > 1) {
      trials.add(suspects);
    }
    double least = misfit(model, data, options) / GAIN;
    List<Suspect> guilty = List.of();
    for (List<Suspect> trial : trials) {
      double value = misfit(model, repaired(data, trial), options);
      if (value < least) {
        least = value;
        guilty = trial;
      }
    }
    for (Suspect suspect : guilty) {
      notes.add(words(variables.get(suspect.column).name(), suspect, data));
    }
  }

  private static String words(String name, Suspect suspect, Observations data) {
    int count = 0;
    int first = -1;
    for (int i = 0; i < suspect.low.length; i++) {
      count += suspect.low[i] ? 1 : 0;
      first = suspect.low[i] && first < 0 ? i : first;
    }
    return String.format(
        Locale.ROOT,
        "%s: mixed units: %d of %d rows (one of them %.4g) look like %s, the others like units:"
            + " multiplied by %.0e the law fits %.0f times closer or more; give one unit",
        name,
        count,
        data.size(),
        data.x()[first][suspect.column],
        WORDS[suspect.power - 1],
        suspect.factor(),
        GAIN);
  }

  private static Suspect suspect(double[][] x, int column) {
    double[] logs = new double[x.length];
    for (int i = 0; i < logs.length; i++) {
      logs[i] = Math.log10(x[i][column]);
    }
    double[] sorted = logs.clone();
    Arrays.sort(sorted);
    int at = widest(sorted, FEWEST);
    if (at < 0 || sorted[at] - sorted[at - 1] < GAP) {
      return null;
    }
    double middle = sorted[at / 2];
    int power = 0;
    double nearest = Double.POSITIVE_INFINITY;
    for (int p = 1; p <= WORDS.length; p++) {
      double moved = middle + 3 * p;
      double last = sorted[sorted.length - 1];
      double off = Math.max(Math.max(sorted[at] - moved, moved - last), 0);
      power = off < nearest ? p : power;
      nearest = Math.min(nearest, off);
    }
    boolean[] low = new boolean[logs.length];
    for (int i = 0; i < low.length; i++) {
      low[i] = logs[i] < sorted[at];
    }
    return nearest <= 1 ? new Suspect(column, low, power) : null;
  }

  /** Returns the index after the widest gap that leaves some on both sides, or -1. */
  private static int widest(double[] sorted, int fewest) {
    int at = -1;
    for (int k = fewest; k <= sorted.length - fewest; k++) {
      at = at < 0 || sorted[k] - sorted[k - 1] > sorted[at] - sorted[at - 1] ? k : at;
    }
    return at;
  }

  private static Observations repaired(Observations data, List<Suspect> suspects) {
    double[][] x = data.x();
    double[][] moved = new double[x.length][];
    for (int i = 0; i < x.length; i++) {
      moved[i] = x[i].clone();
      for (Suspect suspect : suspects) {
        moved[i][suspect.column] *= suspect.low[i] ? suspect.factor() : 1;
      }
    }
    return new Observations(moved, data.loss(), data.group(), data.weight());
  }

  private static double misfit(Model model, Observations data, FitOptions options) {
    FitOptions robust = options.withObjective(Objective.HUBER_LOG);
    try {
      return new Problem(model, List.of(data), robust).least();
    } catch (IllegalArgumentException e) {
      return Double.POSITIVE_INFINITY;
    }
  }

  private static void losses(Law law, Observations data, double[] theta, List<String> notes) {
    double[] residuals = new double[data.size()];
    for (int i = 0; i < residuals.length; i++) {
      residuals[i] = Math.log(data.loss()[i] / law.value(data.x()[i], theta));
    }
    Arrays.sort(residuals);
    int at = widest(residuals, FEWEST);
    if (at < 0 || !Double.isFinite(residuals[0] + residuals[residuals.length - 1])) {
      return;
    }
    double low = Quantiles.of(Arrays.copyOf(residuals, at), .5);
    double high = Quantiles.of(Arrays.copyOfRange(residuals, at, residuals.length), .5);
    double gap = residuals[at] - residuals[at - 1];
    double spread =
        Math.max(residuals[at - 1] - residuals[0], residuals[residuals.length - 1] - residuals[at]);
    if (Math.abs(high - low - BITS) < .08 && gap > .12 && gap > spread) {
      notes.add(
          String.format(
              Locale.ROOT,
              "loss: mixed units: %d of %d rows lie a factor %.3g above the others, as bits lie"
                  + " above nats (1.44); give one unit",
              residuals.length - at,
              residuals.length,
              Math.exp(high - low)));
    }
  }

  private static Observations thinned(Observations data) {
    if (data.size() <= POINTS) {
      return data;
    }
    double[][] x = new double[POINTS][];
    double[] loss = new double[POINTS];
    for (int k = 0; k < POINTS; k++) {
      int i = (int) ((long) k * (data.size() - 1) / (POINTS - 1));
      x[k] = data.x()[i];
      loss[k] = data.loss()[i];
    }
    return new Observations(x, loss);
  }
}
