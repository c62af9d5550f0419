package dev.headroom.scaling.log;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;

/** Reads some rows ahead of a stream, so that names that turn up late are known. */
final class LookAhead implements RowSource {
  private static final int ROWS = 256;

  private record Row(String[] text, long line, boolean mayBeCut) {}

  private final RowSource source;
  private final Deque<Row> ahead = new ArrayDeque<>();
  private Row row;

  LookAhead(RowSource source, Cells cells) {
    this.source = source;
    while (ahead.size() < ROWS && source.next(cells)) {
      ahead.add(new Row(cells.copy(), cells.line, source.mayBeCut()));
    }
  }

  @Override
  public boolean next(Cells cells) {
    row = ahead.poll();
    if (row == null) {
      return source.next(cells);
    }
    cells.load(row.text, row.line);
    return true;
  }

  @Override
  public void close() {
    source.close();
  }

  @Override
  public boolean mayBeCut() {
    return row == null ? source.mayBeCut() : row.mayBeCut;
  }

  @Override
  public boolean namesAreComplete() {
    return false;
  }

  @Override
  public Map<String, String> columns() {
    return source.columns();
  }

  @Override
  public Map<String, String> settings() {
    return source.settings();
  }
}
