package dev.headroom.scaling.log;

import java.io.IOException;
import java.io.InputStream;
import java.util.HashMap;
import java.util.Map;

/** Gives the scalars of one event file, less those that a restart purged. */
final class EventFile implements StepStream {
  /** Where a file's bytes come from, opened when its first step is reached. */
  interface Opening {
    InputStream open() throws IOException;
  }

  private final String name;
  private final Opening opening;
  private final Faults faults;
  private final EventColumns columns;
  private final EventPurge purge;
  private final long firstStep;
  private final TensorBoardEvent event = new TensorBoardEvent();
  private final Map<String, Integer> columnOf = new HashMap<>();
  private InputStream in;
  private TfRecords records;
  private int starts;
  private int kept;
  private int[] column = new int[4];
  private double[] value = new double[4];

  EventFile(
      String name,
      Opening opening,
      Faults faults,
      EventColumns columns,
      EventPurge purge,
      long firstStep) {
    this.name = name;
    this.opening = opening;
    this.faults = faults;
    this.columns = columns;
    this.purge = purge;
    this.firstStep = firstStep;
  }

  @Override
  public boolean advance() {
    try {
      if (records == null) {
        in = opening.open();
        records = new TfRecords(in, name, faults);
      }
      while (records.next()) {
        if (parse() && keep()) {
          return true;
        }
      }
      return false;
    } catch (IOException e) {
      throw new LogException(
          name, 0, LogException.Kind.UNREADABLE, "cannot be read: " + e.getMessage());
    }
  }

  private boolean parse() {
    try {
      event.parse(records.payload(), records.length());
    } catch (IOException e) {
      faults.malformed("record that is no event", records.number(), e.getMessage());
      return false;
    }
    starts += event.isStart ? 1 : 0;
    return event.count > 0;
  }

  /** Takes the values of the event that no restart purged; returns false if none is left. */
  private boolean keep() {
    kept = 0;
    if (column.length < event.count) {
      column = new int[event.count];
      value = new double[event.count];
    }
    for (int i = 0; i < event.count; i++) {
      String tag = event.tag(i);
      if (purge.purges(tag, event.step, starts)) {
        continue;
      }
      Integer c = columnOf.get(tag);
      if (c == null) {
        c = columns.add(tag, records.number());
        if (c < 0) {
          continue;
        }
        columnOf.put(tag, c);
      }
      column[kept] = c;
      value[kept++] = event.value(i);
    }
    return kept > 0;
  }

  @Override
  public long step() {
    return event.step;
  }

  @Override
  public long firstStep() {
    return firstStep;
  }

  @Override
  public boolean clashes(Cells cells) {
    for (int i = 0; i < kept; i++) {
      if (cells.has(column[i])) {
        return true;
      }
    }
    return false;
  }

  @Override
  public void lay(Cells cells) {
    cells.set(columns.step(), (double) event.step);
    cells.set(columns.wallTime(), event.wallTime);
    for (int i = 0; i < kept; i++) {
      cells.set(column[i], value[i]);
    }
  }

  @Override
  public void close() {
    try {
      if (in != null) {
        in.close();
      }
    } catch (IOException e) {
      // All that was wanted of the file was read.
      in = null;
    }
  }
}
