package dev.headroom.scaling.log;

import java.io.IOException;
import java.io.InputStream;
import java.util.Map;

/** Gives the history of a W&amp;B run file, one row a call of {@code log}. */
final class WandbSource implements RowSource {
  private final String name;
  private final Faults faults;
  private final WandbRecords records;
  private final WandbHistory history;
  private final boolean namesAreComplete;

  /**
   * Opens a stream.
   *
   * @param namesAreComplete whether the cells have the names of all columns already
   */
  WandbSource(InputStream in, String name, Cells cells, Faults faults, boolean namesAreComplete) {
    this.name = name;
    this.faults = faults;
    this.namesAreComplete = namesAreComplete;
    history = new WandbHistory(cells, faults);
    try {
      records = new WandbRecords(in, name, faults);
    } catch (IOException e) {
      throw unreadable(e);
    }
  }

  @Override
  public boolean next(Cells cells) {
    try {
      while (records.next()) {
        if (read()) {
          return true;
        }
      }
      return false;
    } catch (IOException e) {
      throw unreadable(e);
    }
  }

  private boolean read() {
    try {
      return history.read(records.record(), records.length(), records.number());
    } catch (IOException e) {
      faults.malformed("record that is no W&B record", records.number(), e.getMessage());
      return false;
    }
  }

  private LogException unreadable(IOException e) {
    return new LogException(
        name, 0, LogException.Kind.UNREADABLE, "cannot be read: " + e.getMessage());
  }

  @Override
  public boolean mayBeCut() {
    return false;
  }

  @Override
  public boolean namesAreComplete() {
    return namesAreComplete;
  }

  @Override
  public Map<String, String> settings() {
    return history.settings();
  }
}
