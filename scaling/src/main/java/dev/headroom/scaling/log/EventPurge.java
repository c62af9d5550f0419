package dev.headroom.scaling.log;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Says which values of one event file were made void by a restart.
 *
 * <p>As TensorBoard does, a session start at step s voids all that was written before it in the
 * folder at steps from s on. Writers that mark no start (PyTorch's without {@code purge_step}) just
 * begin a new file: a series that goes on in a later file at step s voids its own values from s on
 * in the earlier ones. Series that only one of two files holds, as when training and evaluation
 * have a writer each, leave each other alone.
 */
final class EventPurge {
  private final long[] startLimit;
  private final Map<String, Long> seriesLimit;
  private final long[] counted;

  private EventPurge(long[] startLimit, Map<String, Long> seriesLimit, long[] counted) {
    this.startLimit = startLimit;
    this.seriesLimit = seriesLimit;
    this.counted = counted;
  }

  /** Returns the rule for a stream that cannot be read twice: nothing is void. */
  static EventPurge nothing() {
    return new EventPurge(new long[] {Long.MAX_VALUE}, Map.of(), new long[2]);
  }

  /**
   * Returns the rule for each file of a folder.
   *
   * @param scans the files, oldest first
   * @param counted counts the void values in element 0, and keeps the least void step in element 1
   */
  static EventPurge[] of(List<EventScan> scans, long[] counted) {
    EventPurge[] out = new EventPurge[scans.size()];
    Map<String, Long> later = new HashMap<>();
    long start = Long.MAX_VALUE;
    for (int i = out.length - 1; i >= 0; i--) {
      EventScan scan = scans.get(i);
      long[] limits = new long[scan.starts.size() + 1];
      for (int s = limits.length - 1; s >= 0; s--) {
        limits[s] = start;
        start = s > 0 ? Math.min(start, scan.starts.get(s - 1)) : start;
      }
      Map<String, Long> own = new HashMap<>();
      for (Map.Entry<String, EventScan.Series> e : scan.series.entrySet()) {
        Long limit = later.get(e.getKey());
        if (limit != null) {
          own.put(e.getKey(), limit);
        }
        later.merge(e.getKey(), e.getValue().firstStep, Math::min);
      }
      out[i] = new EventPurge(limits, own, counted);
    }
    return out;
  }

  /**
   * Says whether a value is void.
   *
   * @param starts how many session starts the file had before the value
   */
  boolean purges(String tag, long step, int starts) {
    Long limit = seriesLimit.isEmpty() ? null : seriesLimit.get(tag);
    boolean isVoid =
        step >= startLimit[Math.min(starts, startLimit.length - 1)]
            || (limit != null && step >= limit);
    if (isVoid) {
      counted[1] = counted[0]++ == 0 ? step : Math.min(counted[1], step);
    }
    return isVoid;
  }
}
