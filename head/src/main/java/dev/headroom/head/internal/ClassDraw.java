package dev.headroom.head.internal;

import dev.headroom.head.HeadOptions;
import dev.headroom.head.Sampling;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Draws the classes of one call of sample, from z / temperature.
 *
 * <p>Every rule keeps the best so many classes, so the kernels' list of the best suffices where the
 * rules end within it. Where they do not: all classes at or above a floor are drawn from in one
 * pass ({@link GumbelRace}); a nucleus is looked for among 16 times as many.
 */
final class ClassDraw {
  private final Sampling sampling;
  private final double[] bounds;
  private final long seed;
  private final long step;
  private final HeadOptions options;
  private final long[] drawn;
  private final double[] surprises;

  /**
   * @param bounds largest surprise of a class that is kept in each row of the call, or null
   * @param rows of the call
   */
  ClassDraw(
      Sampling sampling, double[] bounds, long seed, long step, HeadOptions options, int rows) {
    this.sampling = sampling;
    this.bounds = bounds;
    this.seed = seed;
    this.step = step;
    this.options = options;
    drawn = new long[rows];
    surprises = new double[rows];
  }

  /** Returns the class of each row of the call. */
  long[] drawn() {
    return drawn;
  }

  /** Returns {@code -log p} of it where bounds are given. */
  double[] surprises() {
    return surprises;
  }

  /** The rows of a chunk that no class is drawn for yet, with what is known of them. */
  private record Rows(LogitTiles tiles, int[] places, double[] lse, double[] floors) {
    Rows of(int... few) {
      return new Rows(
          tiles.rows(few),
          Arrays.stream(few).map(i -> places[i]).toArray(),
          Arrays.stream(few).mapToDouble(i -> lse[i]).toArray(),
          Arrays.stream(few).mapToDouble(i -> floors[i]).toArray());
    }
  }

  /** Draws for the rows of a chunk, which are rows first and on of the call. */
  void draw(LogitTiles tiles, int first, int count) {
    int[] places = IntStream.range(first, first + count).toArray();
    double[] floors = new double[count];
    Arrays.fill(floors, Double.NEGATIVE_INFINITY);
    if (keepsAll()) {
      race(new Rows(tiles, places, new double[count], floors));
      return;
    }
    int k = listed();
    // (where they do not fit the kernels' list, the best one is what the floors need of it)
    boolean listed = k <= HeadOptions.MOST_TOP;
    HeadResult.Rows statistics = tiles.statistics(listed ? k : 1);
    RankedRow[] best = new RankedRow[count];
    for (int i = 0; i < count; i++) {
      requireFinite(statistics.lse()[i], places[i]);
      requireClass(statistics.lse()[i] > Double.NEGATIVE_INFINITY, places[i]);
      best[i] = RankedRow.of(statistics, i, listed ? k : 1);
      floors[i] = floor(best[i].logit(0), statistics.lse()[i], places[i]);
    }
    if (sampling.topNSigma() > 0) {
      raiseToSigma(tiles, best, floors);
    }
    best = listed ? best : tiles.best(k);
    double[] lse = IntStream.range(0, count).mapToDouble(i -> statistics.lse()[i]).toArray();
    fromBest(new Rows(tiles, places, lse, floors), best, k);
  }

  private boolean keepsAll() {
    return bounds == null
        && sampling.topK() == 0
        && sampling.topP() == 1
        && sampling.minP() == 0
        && sampling.topNSigma() == 0;
  }

  /** Returns how many of the best classes are listed at first. */
  int listed() {
    int most = (int) Math.min(HeadOptions.MOST_TOP, options.classes());
    return sampling.topK() > 0 ? sampling.topK() : most;
  }

  private double floor(double most, double lse, int place) {
    double floor = most + Math.log(sampling.minP());
    return bounds == null ? floor : Math.max(floor, lse - bounds[place]);
  }

  private void raiseToSigma(LogitTiles tiles, RankedRow[] best, double[] floors) {
    LogitSpread[] spreads = new LogitSpread[best.length];
    Arrays.setAll(spreads, i -> new LogitSpread());
    tiles.show(spreads);
    for (int i = 0; i < best.length; i++) {
      double sigma = spreads[i].deviation();
      floors[i] = Math.max(floors[i], best[i].logit(0) - sampling.topNSigma() * sigma);
    }
  }

  private void fromBest(Rows rows, RankedRow[] best, int k) {
    List<Integer> open = new ArrayList<>();
    for (int i = 0; i < best.length; i++) {
      boolean all = sampling.topK() > 0 || best[i].size() < k || k == options.classes();
      if (!draws(best[i], rows, i, all)) {
        open.add(i);
      }
    }
    int[] few = open.stream().mapToInt(i -> i).toArray();
    if (few.length == 0) {
      return;
    }
    if (sampling.topP() == 1) {
      race(rows.of(few));
      return;
    }
    int more = (int) Math.min(16L * k, Math.min(options.classes(), Prediction.MOST_KEPT));
    int atOnce = (int) Math.max(1, options.workspaceBytes() / (12L * more));
    for (int from = 0; from < few.length; from += atOnce) {
      int[] some = Arrays.copyOfRange(few, from, Math.min(few.length, from + atOnce));
      Rows next = rows.of(some);
      fromBest(next, next.tiles.best(more), more);
    }
  }

  /** Returns false where the rules may keep more than is listed. */
  private boolean draws(RankedRow best, Rows rows, int i, boolean all) {
    double[] weights = new double[best.size()];
    for (int rank = 0; rank < weights.length; rank++) {
      weights[rank] = Math.exp(best.logit(rank) - rows.lse[i]);
    }
    double wanted = sampling.topP() * (all ? Arrays.stream(weights).sum() : 1);
    int kept = 1;
    double sum = weights[0];
    while (kept < weights.length && sum < wanted && best.logit(kept) >= rows.floors[i]) {
      sum += weights[kept++];
    }
    if (kept == weights.length && sum < wanted && !all) {
      return false;
    }
    int place = rows.places[i];
    int rank = pick(weights, kept, new RowDraws(seed, step, place).next() * sum);
    drawn[place] = best.id(rank);
    surprises[place] = rows.lse[i] - best.logit(rank);
    return true;
  }

  /** Draws from all classes at or above the floor of their row. */
  private void race(Rows rows) {
    GumbelRace[] races = new GumbelRace[rows.places.length];
    Arrays.setAll(
        races, i -> new GumbelRace(new RowDraws(seed, step, rows.places[i]), rows.floors[i]));
    rows.tiles.show(races);
    for (int i = 0; i < races.length; i++) {
      int place = rows.places[i];
      requireFinite(races[i].finite() ? 0 : Double.NaN, place);
      requireClass(races[i].winner() >= 0, place);
      drawn[place] = races[i].winner();
      surprises[place] = rows.lse[i] - races[i].logit();
    }
  }

  static void requireFinite(double lse, long row) {
    if (!(lse < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException(
          "logits of row "
              + row
              + ": NaN or infinite (expected: finite, or -Infinity for a masked class; look at the"
              + " hidden states of this row, the classifier and the bias)");
    }
  }

  private static void requireClass(boolean any, long row) {
    if (!any) {
      throw new IllegalArgumentException(
          "logits of row " + row + ": all -Infinity (expected: a class that is not masked)");
    }
  }

  /** Returns the first place where the running sum is above a number; never a weight of 0. */
  private static int pick(double[] weights, int count, double number) {
    double sum = 0;
    int last = 0;
    for (int j = 0; j < count; j++) {
      sum += weights[j];
      last = weights[j] > 0 ? j : last;
      if (number < sum) {
        return j;
      }
    }
    return last;
  }
}
