package dev.headroom.scaling.log;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Map;

/** Gives the metrics of an MLflow database, run after run, those of one step as one row. */
final class MlflowDatabaseRows implements RowSource {
  static final List<String> FIXED = List.of("run", "run_uuid", "step", "wall_time");

  /** What MLflow stores for infinity. */
  private static final double INFINITE = Double.MAX_VALUE;

  private final LogInput input;
  private final Connection connection;
  private final Statement statement;
  private final ResultSet values;
  private final Map<String, String> runs;
  private final Map<String, String> columns;
  private final Map<String, String> settings;
  private final int[] fixed = new int[4];
  private boolean ahead;
  private long rows;

  MlflowDatabaseRows(
      LogInput input,
      Connection connection,
      Cells cells,
      Map<String, String> runs,
      Map<String, String> columns,
      Map<String, String> settings)
      throws SQLException {
    this.input = input;
    this.connection = connection;
    this.runs = runs;
    this.columns = columns;
    this.settings = settings;
    for (int i = 0; i < fixed.length; i++) {
      fixed[i] = cells.find(FIXED.get(i));
    }
    statement = connection.createStatement();
    values =
        statement.executeQuery(
            "select run_uuid, step, timestamp, key, value, is_nan from metrics"
                + " where key not like 'system/%' order by run_uuid, step, timestamp");
    ahead = values.next();
  }

  /** Returns the name of a metric's column. */
  static String column(String key) {
    return FIXED.contains(key) ? "metric/" + key : key;
  }

  @Override
  public boolean next(Cells cells) {
    try {
      cells.clear();
      boolean any = false;
      String run = null;
      long step = 0;
      while (ahead) {
        String here = values.getString(1);
        int column = cells.find(column(values.getString(4)));
        if (!runs.containsKey(here) || column < 0) {
          ahead = values.next();
          continue;
        }
        if (any && (!here.equals(run) || values.getLong(2) != step || cells.has(column))) {
          return true;
        }
        any = true;
        run = here;
        step = values.getLong(2);
        lay(cells, run, step, column);
        ahead = values.next();
      }
      return any;
    } catch (SQLException e) {
      throw MlflowDatabaseFormat.unreadable(input, e);
    }
  }

  private void lay(Cells cells, String run, long step, int column) throws SQLException {
    if (!cells.has(fixed[0])) {
      cells.line = ++rows;
    }
    cells.set(fixed[0], runs.get(run));
    cells.set(fixed[1], run);
    cells.set(fixed[2], (double) step);
    cells.set(fixed[3], values.getLong(3) / 1000.0);
    double value = values.getDouble(5);
    if (values.getBoolean(6)) {
      value = Double.NaN;
    } else if (Math.abs(value) >= INFINITE) {
      value = Math.copySign(Double.POSITIVE_INFINITY, value);
    }
    cells.set(column, value);
  }

  @Override
  public List<String> runs() {
    return List.copyOf(runs.values());
  }

  @Override
  public Map<String, String> columns() {
    return columns;
  }

  @Override
  public void close() {
    try (connection;
        statement;
        values) {
      ahead = false;
    } catch (SQLException e) {
      throw MlflowDatabaseFormat.unreadable(input, e);
    }
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
