package dev.headroom.scaling.log;

import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;

/**
 * Merges the files of a folder: values of the same step become one row, steps rise as far as they
 * do in each file.
 *
 * <p>A second value of the same column and step makes a second row of that step, so that it counts
 * as a duplicate. A file is opened when its first step is reached, so that the files of many
 * restarts are not open together.
 */
final class StepMerge implements RowSource {
  private record Head(StepStream stream, int order, long step) {}

  private final PriorityQueue<Head> heads =
      new PriorityQueue<>(Comparator.comparingLong(Head::step).thenComparingInt(Head::order));
  private final Map<String, String> settings;
  private final String name;
  private final int mostOpen;
  private int open;
  private long rows;

  /**
   * Makes the merge.
   *
   * @param streams the files, oldest first
   * @param mostOpen how many may be open together
   * @throws LogException while reading, if more overlap
   */
  StepMerge(
      String name, List<? extends StepStream> streams, Map<String, String> settings, int mostOpen) {
    this.name = name;
    this.settings = settings;
    this.mostOpen = mostOpen;
    for (int i = 0; i < streams.size(); i++) {
      // Before its first value a file stands before all files that have reached that step.
      heads.add(new Head(streams.get(i), i - streams.size(), streams.get(i).firstStep()));
    }
  }

  @Override
  public boolean next(Cells cells) {
    openThoseReached();
    Head head = heads.peek();
    if (head == null) {
      return false;
    }
    cells.clear();
    cells.line = ++rows;
    long step = head.step;
    boolean first = true;
    while (head != null && head.step == step && (first || !head.stream.clashes(cells))) {
      first = false;
      heads.poll();
      head.stream.lay(cells);
      advance(head.stream, head.order);
      openThoseReached();
      head = heads.peek();
    }
    return true;
  }

  private void openThoseReached() {
    while (!heads.isEmpty() && heads.peek().order < 0) {
      Head first = heads.poll();
      if (++open > mostOpen) {
        throw new LogException(
            name,
            0,
            LogException.Kind.UNREADABLE,
            "more than " + mostOpen + " files overlap (expected: the folder of one run)");
      }
      advance(first.stream, first.order + Integer.MAX_VALUE);
    }
  }

  private void advance(StepStream stream, int order) {
    if (stream.advance()) {
      heads.add(new Head(stream, order, stream.step()));
    } else {
      stream.close();
      open--;
    }
  }

  @Override
  public void close() {
    heads.forEach(head -> head.stream.close());
  }

  @Override
  public boolean mayBeCut() {
    return false;
  }

  @Override
  public boolean namesAreComplete() {
    return true;
  }

  @Override
  public Map<String, String> settings() {
    return settings;
  }
}
