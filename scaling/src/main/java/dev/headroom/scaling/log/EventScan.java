package dev.headroom.scaling.log;

import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Says what is in one event file before its values are read: its series, where each begins, and the
 * restarts.
 *
 * <p>Memory: some 100 bytes a series, at most {@value #MOST_SERIES} of them.
 */
final class EventScan {
  /** Most series that are read of a folder. */
  static final int MOST_SERIES = 4096;

  /** What is known of one series. */
  static final class Series {
    final long firstStep;
    long values;
    double least = Double.POSITIVE_INFINITY;

    Series(long firstStep) {
      this.firstStep = firstStep;
    }
  }

  final Map<String, Series> series = new LinkedHashMap<>();
  final List<Long> starts = new ArrayList<>();
  long firstStep = Long.MAX_VALUE;
  boolean isEvents;

  /** Reads through a file; what is wrong with it is counted when its values are read. */
  static EventScan of(InputStream in, String name) throws IOException {
    EventScan out = new EventScan();
    TfRecords records = new TfRecords(in, name, new Faults(name));
    TensorBoardEvent event = new TensorBoardEvent();
    while (records.next()) {
      try {
        event.parse(records.payload(), records.length());
      } catch (IOException e) {
        continue;
      }
      out.add(event);
    }
    return out;
  }

  private void add(TensorBoardEvent event) {
    isEvents |= event.isVersion || event.count > 0;
    if (event.isStart) {
      starts.add(event.step);
    }
    for (int i = 0; i < event.count; i++) {
      Series one = series.get(event.tag(i));
      if (one == null) {
        if (series.size() == MOST_SERIES) {
          continue;
        }
        one = new Series(event.step);
        series.put(event.tag(i), one);
      }
      firstStep = Math.min(firstStep, event.step);
      one.values++;
      one.least = Math.min(one.least, event.value(i));
    }
  }
}
