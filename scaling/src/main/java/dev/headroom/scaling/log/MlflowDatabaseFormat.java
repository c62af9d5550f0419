package dev.headroom.scaling.log;

import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;

/**
 * Reads the runs of MLflow's SQLite store, {@code mlflow.db}, by the add-on sqlite-jdbc.
 *
 * <p>Each row has its run's name in the column {@code run} (the identifier where names repeat) and
 * the identifier in {@code run_uuid}; a filter chooses one where there are several. Deleted runs
 * and system metrics are left out.
 */
final class MlflowDatabaseFormat implements LogFormat {
  private static final byte[] MAGIC = "SQLite format 3\0".getBytes(StandardCharsets.US_ASCII);
  private static final int MOST_NAMES = 4096;

  @Override
  public String name() {
    return "MLflow database";
  }

  @Override
  public boolean recognises(LogInput input) {
    return !input.isFolder() && Arrays.equals(Arrays.copyOf(input.head(), MAGIC.length), MAGIC);
  }

  @Override
  public RowSource open(LogInput input, Cells cells, Faults faults) {
    faults.count("row");
    JdbcAddOn.requireFile(input, "a SQLite database", MAGIC);
    Connection connection = null;
    try {
      Properties readOnly = new Properties();
      readOnly.setProperty("open_mode", "1");
      connection =
          JdbcAddOn.SQLITE.connect(
              input,
              input.path().toUri().toASCIIString(),
              readOnly,
              "an MLflow database",
              "or export the run as CSV");
      requireMlflow(input, connection);
      Map<String, String> runs = runs(connection);
      if (runs.isEmpty()) {
        throw input.fault(
            LogException.Kind.EMPTY, 0, "an MLflow database without metrics (expected: some)");
      }
      SeriesLoss loss = new SeriesLoss();
      series(connection, cells, loss, faults);
      Map<String, String> settings = runs.size() == 1 ? settings(connection, runs) : Map.of();
      return new MlflowDatabaseRows(input, connection, cells, runs, loss.columns(), settings);
    } catch (SQLException e) {
      JdbcAddOn.close(connection);
      throw unreadable(input, e);
    } catch (LogException e) {
      JdbcAddOn.close(connection);
      throw e;
    }
  }

  static LogException unreadable(LogInput input, SQLException e) {
    return input.fault(
        LogException.Kind.UNREADABLE,
        0,
        "cannot be read as MLflow's database: " + e.getMessage() + " (expected: an mlflow.db)");
  }

  /** Refuses other databases; views too, whose reading could take forever. */
  private static void requireMlflow(LogInput input, Connection connection) throws SQLException {
    List<String> tables = new ArrayList<>();
    try (Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery(
                "select name from sqlite_master where type = 'table'"
                    + " and sql like 'create table%' order by name limit 100")) {
      while (row.next()) {
        tables.add(row.getString(1));
      }
    }
    if (!tables.contains("metrics") || !tables.contains("runs")) {
      throw input.fault(
          LogException.Kind.MALFORMED,
          0,
          "a SQLite database with "
              + (tables.isEmpty() ? "no tables" : "the tables " + String.join(", ", tables))
              + " (expected: MLflow's, with metrics and runs)");
    }
  }

  /** Returns the label of each run that has metrics and was not deleted, by its identifier. */
  private static Map<String, String> runs(Connection connection) throws SQLException {
    Map<String, String> names = new LinkedHashMap<>();
    List<String> seen = new ArrayList<>();
    try (Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery(
                "select run_uuid, coalesce(nullif(name, ''), run_uuid) from runs"
                    + " where lifecycle_stage = 'active'"
                    + " and run_uuid in (select run_uuid from metrics)"
                    + " order by start_time, run_uuid")) {
      while (row.next()) {
        names.put(row.getString(1), row.getString(2));
        seen.add(row.getString(2));
      }
    }
    names.replaceAll((id, name) -> Collections.frequency(seen, name) > 1 ? id : name);
    return names;
  }

  private static void series(Connection connection, Cells cells, SeriesLoss loss, Faults faults)
      throws SQLException {
    for (String fixed : MlflowDatabaseRows.FIXED) {
      cells.add(fixed);
    }
    try (Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery(
                "select key, count(*), min(value) from metrics"
                    + " where key not like 'system/%' group by key")) {
      while (row.next()) {
        if (cells.names().size() == MOST_NAMES) {
          faults.note("only the first " + MOST_NAMES + " metrics are read");
          return;
        }
        String column = MlflowDatabaseRows.column(row.getString(1));
        cells.add(column);
        loss.see(column, row.getLong(2), row.getDouble(3));
      }
    }
  }

  private static Map<String, String> settings(Connection connection, Map<String, String> runs)
      throws SQLException {
    Map<String, String> out = new LinkedHashMap<>();
    Map.Entry<String, String> run = runs.entrySet().iterator().next();
    out.put("run_id", run.getKey());
    out.put("run_name", run.getValue());
    try (Statement statement = connection.createStatement();
        ResultSet table =
            statement.executeQuery(
                "select count(*) from sqlite_master where name = 'params' and type = 'table'")) {
      if (!table.next() || table.getInt(1) == 0) {
        return out;
      }
    }
    try (var statement =
        connection.prepareStatement(
            "select key, substr(value, 1, 1000) from params where run_uuid = ? limit 1000")) {
      statement.setString(1, run.getKey());
      try (ResultSet row = statement.executeQuery()) {
        while (row.next()) {
          out.put(row.getString(1), String.valueOf(row.getString(2)));
        }
      }
    }
    return out;
  }
}
