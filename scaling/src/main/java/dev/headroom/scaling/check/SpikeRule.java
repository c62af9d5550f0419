package dev.headroom.scaling.check;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Finds sudden rises of the loss.
 *
 * <p>The running level is the median of the log-loss over the trailing window of points outside
 * spikes, its spread the MAD times 1.4826. A point starts a spike where it lies above the level by
 * more than {@code spikeMads} spreads and {@code spikeRelative}; both limits are wider by {@code 1
 * + 3/n} where only n points came before. The spike lasts until two points in a row (or the last
 * point) are back within two spreads or half the relative limit. Spikes less than a window apart
 * are one cluster. A rise that outlasts two windows becomes the new level for later spikes and is
 * still recovered if the loss comes back, two points in a row, at any later step. A recovered spike
 * is a warning, or, where the log has every step, it took one or two of them and the loss did not
 * double, an information.
 */
final class SpikeRule {
  private static final int FEWEST = 3;
  private static final int STEPS_OF_A_SPIKE = 3;
  private static final double HIGH = 0.4;
  private static final double TO_SIGMA = 1.4826;

  /** One cluster of spikes. */
  private static final class Spike {
    int start;
    int latest;
    int peak;
    double levelLoss;
    double levelY;
    double backBelow;
    int back = -1;
    int below;
    int above = 1;
    int widest = 1;
    int count = 1;
    double[] before = {};
  }

  private final Level level;
  private final CheckOptions options;
  private final double[] ring;
  private final double[] sorted;
  private int held;
  private int next;
  private double median;
  private double limit;
  private double backBelow;
  private long usualInterval;
  private final List<Spike> spikes = new ArrayList<>();

  SpikeRule(Level level, CheckOptions options) {
    this.level = level;
    this.options = options;
    ring = new double[options.window()];
    sorted = new double[options.window()];
  }

  void apply(List<Finding> out) {
    Spike open = null;
    List<Spike> waiting = new ArrayList<>();
    double[] y = level.y();
    for (int i = 0; i < y.length; i++) {
      for (int k = waiting.size() - 1; k >= 0; k--) {
        if (isBack(waiting.get(k), i, 2)) {
          restore(waiting.remove(k));
        }
      }
      if (open != null) {
        open.peak = y[i] > y[open.peak] ? i : open.peak;
        if (isBack(open, i, 1)) {
          open = null;
        } else if (i - open.latest >= 2 * options.window()) {
          waiting.add(open);
          open.before = Arrays.copyOf(ring, held);
          rebase(i);
          open = null;
        }
        continue;
      }
      if (starts(y[i])) {
        open = open(i);
        waiting.remove(open);
      } else {
        push(y[i]);
      }
    }
    for (Spike spike : spikes) {
      out.add(finding(spike));
    }
  }

  /** Says whether the loss has come back from a spike, and keeps count of the points below. */
  private boolean isBack(Spike spike, int i, int points) {
    if (level.y()[i] > spike.backBelow) {
      spike.below = 0;
      spike.widest = Math.max(spike.widest, ++spike.above);
      return false;
    }
    spike.below++;
    // One point that is back proves it where the spike was high.
    boolean high = level.y()[spike.peak] - spike.backBelow > HIGH;
    if (spike.below >= (high ? 1 : points) || i == level.y().length - 1) {
      spike.back = i - spike.below + 1;
      return true;
    }
    return false;
  }

  private void push(double y) {
    ring[next] = y;
    next = (next + 1) % ring.length;
    held = Math.min(held + 1, ring.length);
  }

  private void rebase(int i) {
    held = 0;
    next = 0;
    for (int k = i - ring.length + 1; k <= i; k++) {
      push(level.y()[k]);
    }
  }

  /** Goes back to the level before a spike that was taken for a new level. */
  private void restore(Spike spike) {
    held = 0;
    next = 0;
    for (double y : spike.before) {
      push(y);
    }
  }

  private boolean starts(double y) {
    if (held < FEWEST) {
      return false;
    }
    double wider = 1 + 3.0 / held;
    double rise = Math.log1p(options.spikeRelative());
    double lowest = ring[0];
    for (int i = 1; i < held; i++) {
      lowest = Math.min(lowest, ring[i]);
    }
    if (y - lowest <= rise * wider) {
      return false; // cannot be above the median by the limit; spares the sorting
    }
    System.arraycopy(ring, 0, sorted, 0, held);
    median = Level.median(sorted, held);
    for (int i = 0; i < held; i++) {
      sorted[i] = Math.abs(ring[i] - median);
    }
    double sigma = TO_SIGMA * Level.median(sorted, held);
    limit = wider * Math.max(options.spikeMads() * sigma, rise);
    backBelow = median + Math.max(2 * sigma, rise / 2);
    return y > median + limit;
  }

  private Spike open(int i) {
    Spike before = spikes.isEmpty() ? null : spikes.get(spikes.size() - 1);
    if (before != null && before.back >= 0 && near(before.back, i)) {
      before.count++;
      before.above = 1;
      before.latest = i;
      before.below = 0;
      before.back = -1;
      before.backBelow = backBelow;
      before.peak = level.y()[i] > level.y()[before.peak] ? i : before.peak;
      return before;
    }
    Spike spike = new Spike();
    spike.start = i;
    spike.latest = i;
    spike.peak = i;
    spike.backBelow = backBelow;
    spike.levelY = median;
    spike.levelLoss = levelLoss(median, i);
    spikes.add(spike);
    return spike;
  }

  /**
   * Says whether two points are less than a window apart, in points and in the log's short
   * intervals.
   */
  private boolean near(int a, int b) {
    return b - a < options.window()
        && level.step()[b] - level.step()[a] < 2 * usualInterval() * options.window();
  }

  private long usualInterval() {
    if (usualInterval == 0) {
      long[] intervals = new long[level.step().length - 1];
      for (int i = 0; i < intervals.length; i++) {
        intervals[i] = level.step()[i + 1] - level.step()[i];
      }
      Arrays.sort(intervals);
      // A low quantile: an export thinned to even spacing keeps the spikes at full density.
      usualInterval = intervals[intervals.length / 10];
    }
    return usualInterval;
  }

  private Severity severity(Spike s) {
    // One or two steps of a log of every step are hard batches: on public runs they come at the
    // same
    // steps for every seed and optimiser, up to +88 %, and change nothing.
    double rise = level.y()[s.peak] - s.levelY;
    if (usualInterval() == 1 && s.widest < STEPS_OF_A_SPIKE && rise < Math.log(2)) {
      return s.back >= 0 ? Severity.INFO : Severity.WARNING;
    }
    return s.back >= 0 ? Severity.WARNING : Severity.ERROR;
  }

  /** Takes the running level back from the working scale to the loss. */
  private double levelLoss(double y, int i) {
    double loss = level.loss()[i];
    boolean isLog = loss > 0 && Math.abs(Math.log(loss) - level.y()[i]) < 1e-12;
    return isLog || level.y()[i] == 0 ? Math.exp(y) : y * loss / level.y()[i];
  }

  private Finding finding(Spike s) {
    long start = level.step()[s.start];
    double top = level.loss()[s.peak];
    String text =
        "loss rose from "
            + Level.number(s.levelLoss)
            + " to "
            + Level.number(top)
            + " ("
            + Level.rise(s.levelLoss, top)
            + ") at step "
            + start
            + (s.peak == s.start ? "" : ", highest at step " + level.step()[s.peak])
            + (s.count == 1 ? "" : ", " + s.count + " spikes in a row");
    if (s.back >= 0) {
      text += "; back after " + (level.step()[s.back] - start) + " steps";
    } else {
      text += "; not back by the last step, " + level.step()[level.step().length - 1];
    }
    Severity severity = severity(s);
    if (severity == Severity.INFO) {
      text += "; so short a rise is a hard batch rather than an instability";
    }
    return new Finding("spike", severity, start, text);
  }
}
