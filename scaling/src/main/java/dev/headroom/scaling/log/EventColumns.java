package dev.headroom.scaling.log;

/** Names the columns of the series in one folder of event files. */
final class EventColumns {
  /** Longest name of a series that is taken. */
  private static final int LONGEST_NAME = 1024;

  private final Cells cells;
  private final String prefix;
  private final Faults faults;
  private final int step;
  private final int wallTime;

  /**
   * Makes the namer.
   *
   * @param prefix what stands before each series, such as {@code eval/}, or nothing
   */
  EventColumns(Cells cells, String prefix, Faults faults) {
    this.cells = cells;
    this.prefix = prefix;
    this.faults = faults;
    step = cells.add("step");
    wallTime = cells.add("wall_time");
  }

  int step() {
    return step;
  }

  int wallTime() {
    return wallTime;
  }

  /** Returns the name of a series' column. */
  String name(String tag) {
    String name = prefix + tag;
    return name.equals("step") || name.equals("wall_time") ? "tag/" + name : name;
  }

  /** Returns the column of a series, or -1 if it is one too many. */
  int add(String tag, long record) {
    String name = name(tag);
    int found = cells.find(name);
    if (found >= 0) {
      return found;
    }
    if (tag.length() > LONGEST_NAME) {
      faults.malformed("name of a series longer than " + LONGEST_NAME, record, name);
      return -1;
    }
    if (cells.names().size() >= EventScan.MOST_SERIES) {
      faults.malformed("series beyond the first " + EventScan.MOST_SERIES, record, name);
      return -1;
    }
    return cells.add(name);
  }
}
