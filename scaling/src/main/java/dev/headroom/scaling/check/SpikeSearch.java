package dev.headroom.scaling.check;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Walks over the losses and gathers the spikes of {@link SpikeRule}. */
final class SpikeSearch {
  private static final int FEWEST = 3;
  private static final int STEPS_OF_A_SPIKE = 3;
  private static final double HIGH = 0.4;
  private static final int MOST_WAITING = 16;
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
  private final long interval;
  private final double mads;
  private final double rise;
  private final int window;
  private final SortedWindow latest;
  private double median;
  private double backBelow;
  private final List<Spike> spikes = new ArrayList<>();

  SpikeSearch(Subject subject, RuleSettings set) {
    level = subject.level();
    interval = subject.interval();
    mads = set.number("mads");
    rise = Math.log1p(set.number("relative"));
    window = set.whole("window");
    latest = new SortedWindow(window);
  }

  void apply(List<Finding> out) {
    Spike open = null;
    List<Spike> waiting = new ArrayList<>();
    double[] y = level.y();
    for (int i = 0; i < y.length; i++) {
      for (int k = waiting.size() - 1; k >= 0; k--) {
        if (isBack(waiting.get(k), i, 2)) {
          latest.reset(waiting.remove(k).before);
        }
      }
      if (open != null) {
        open.peak = y[i] > y[open.peak] ? i : open.peak;
        if (isBack(open, i, 1)) {
          open = null;
        } else if (i - open.latest >= 2 * window) {
          waiting.add(open);
          open.before = latest.values();
          latest.reset(Arrays.copyOfRange(y, i - window + 1, i + 1));
          if (waiting.size() > MOST_WAITING) {
            waiting.remove(0);
          }
          open = null;
        }
        continue;
      }
      if (starts(y[i])) {
        open = open(i);
        waiting.remove(open);
      } else {
        latest.push(y[i]);
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

  private boolean starts(double y) {
    if (latest.held() < FEWEST) {
      return false;
    }
    double wider = 1 + 3.0 / latest.held();
    median = latest.median();
    if (y <= median + wider * rise) {
      return false; // spares the spread
    }
    double sigma = TO_SIGMA * latest.deviation(median);
    backBelow = median + Math.max(2 * sigma, rise / 2);
    return y > median + wider * Math.max(mads * sigma, rise);
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
    return b - a < window && level.step()[b] - level.step()[a] < 2 * interval * window;
  }

  private Severity severity(Spike s) {
    // One or two steps of a log of every step are hard batches: on public runs they come at the
    // same steps for every seed and optimiser, up to +88 %, and change nothing.
    double height = level.y()[s.peak] - s.levelY;
    if (interval == 1 && s.widest < STEPS_OF_A_SPIKE && height < Math.log(2)) {
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
