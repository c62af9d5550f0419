package dev.headroom.scaling.check;

import java.util.List;

/**
 * Finds sudden rises of the loss.
 *
 * <p>The running level is the median of the log-loss over the trailing window of points outside
 * spikes, its spread the MAD times 1.4826. A point starts a spike where it lies above the level by
 * more than {@code mads} spreads and {@code relative}; both limits are wider by {@code 1 + 3/n}
 * where only n points came before. The spike lasts until two points in a row (or the last point)
 * are back within two spreads or half the relative limit. Spikes less than a window apart are one
 * cluster. A rise that outlasts two windows becomes the new level for later spikes and is still
 * recovered if the loss comes back, two points in a row, at any later step.
 */
final class SpikeRule implements Rule {
  private static final RuleInfo INFO =
      new RuleInfo(
          "spike",
          "the loss exceeds its running level by far",
          "neighbouring losses differ by noise of about equal size; the level falls slowly",
          "warning if the loss came back, info if that took one or two steps of a log of every step"
              + " and the loss did not double (a hard batch), else error",
          "robust level and spread, so that one spike does not hide the next; both limits must be"
              + " broken, so that neither quiet nor noisy logs alarm",
          "labelled spikes of 176B, 13B and 65B runs found, public healthy runs silent:"
              + " headroom selftest checks",
          List.of(
              Setting.above0("mads", 8, "robust standard deviations above the running level"),
              Setting.above0("relative", 0.1, "smallest relative rise (0.1 is 10 %)"),
              Setting.whole("window", 50, 4, 10_000, "points that give the running level")));

  @Override
  public RuleInfo info() {
    return INFO;
  }

  @Override
  public void apply(Subject subject, RuleSettings set, List<Finding> out) {
    new SpikeSearch(subject, set).apply(out);
  }
}
