package dev.headroom.scaling.log;

import java.util.Map;

/** Gives the merged rows of a run of event files and says at the end what restarts purged. */
final class EventRows implements RowSource {
  private final StepMerge merge;
  private final Map<String, String> columns;
  private final long[] purged;
  private final Faults faults;

  EventRows(StepMerge merge, Map<String, String> columns, long[] purged, Faults faults) {
    this.merge = merge;
    this.columns = columns;
    this.purged = purged;
    this.faults = faults;
  }

  @Override
  public boolean next(Cells cells) {
    if (merge.next(cells)) {
      return true;
    }
    if (purged[0] > 0) {
      faults.note(
          (purged[0] == 1 ? "1 value" : purged[0] + " values")
              + " written before a restart, from step "
              + purged[1]
              + " on, were left out");
      purged[0] = 0;
    }
    return false;
  }

  @Override
  public Map<String, String> columns() {
    return columns;
  }

  @Override
  public void close() {
    merge.close();
  }

  @Override
  public boolean mayBeCut() {
    return merge.mayBeCut();
  }

  @Override
  public boolean namesAreComplete() {
    return true;
  }

  @Override
  public Map<String, String> settings() {
    return merge.settings();
  }
}
