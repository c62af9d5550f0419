package dev.headroom.scaling.log;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Gives the rows of a Parquet file as DuckDB streams them. */
final class ParquetRows implements RowSource {
  private static final int MOST_COLUMNS = 4096;
  private static final int LONGEST_TEXT = 256;

  /** How a column is read. */
  private enum Kind {
    WHOLE,
    NUMBER,
    TIME,
    TEXT,
    NOT_READ;

    static Kind of(String type) {
      String plain = type.replaceAll("\\(.*", "");
      return switch (plain) {
        case "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER" ->
            WHOLE;
        case "FLOAT", "DOUBLE", "DECIMAL", "HUGEINT", "UHUGEINT", "UBIGINT", "BOOLEAN" -> NUMBER;
        case "DATE", "TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS" -> TIME;
        case "TIMESTAMP WITH TIME ZONE" -> TIME;
        case "VARCHAR" -> TEXT;
        default -> NOT_READ;
      };
    }

    String sql(String column) {
      return switch (this) {
        case WHOLE -> "CAST(" + column + " AS BIGINT)";
        case NUMBER -> "CAST(" + column + " AS DOUBLE)";
        case TIME -> "epoch(" + column + ")";
        default -> "left(" + column + ", " + LONGEST_TEXT + ")";
      };
    }
  }

  private final LogInput input;
  private final Connection connection;
  private final Statement statement;
  private final List<Kind> kinds = new ArrayList<>();
  private final List<Integer> columns = new ArrayList<>();
  private final ResultSet values;
  private long rows;

  ParquetRows(LogInput input, Connection connection, Cells cells, Faults faults)
      throws SQLException {
    this.input = input;
    this.connection = connection;
    statement = connection.createStatement();
    String file = "read_parquet('" + escaped(input.path().toAbsolutePath().toString()) + "')";
    List<String> wanted = describe(file, cells, faults);
    values = statement.executeQuery("SELECT " + String.join(", ", wanted) + " FROM " + file);
  }

  /** Writes a path as a literal in which nothing is a pattern. */
  private static String escaped(String path) {
    return path.replaceAll("[*?\\[]", "[$0]").replace("'", "''");
  }

  private List<String> describe(String file, Cells cells, Faults faults) throws SQLException {
    List<String> wanted = new ArrayList<>();
    List<String> left = new ArrayList<>();
    boolean anyNumber = false;
    try (ResultSet row = statement.executeQuery("DESCRIBE SELECT * FROM " + file)) {
      while (row.next()) {
        String name = row.getString(1);
        Kind kind = Kind.of(row.getString(2));
        if (kind == Kind.NOT_READ || wanted.size() == MOST_COLUMNS) {
          left.add(name);
          continue;
        }
        anyNumber |= kind != Kind.TEXT;
        kinds.add(kind);
        columns.add(cells.add(name));
        wanted.add(kind.sql('"' + name.replace("\"", "\"\"") + '"'));
      }
    }
    if (!anyNumber) {
      throw input.fault(
          LogException.Kind.MALFORMED,
          0,
          "Parquet without a column of numbers"
              + (left.isEmpty() ? "" : "; " + Names.several("other columns", left))
              + " (expected: columns such as step and loss)");
    }
    if (!left.isEmpty()) {
      faults.note(Names.several("columns", left) + " left out: lists, objects or bytes");
    }
    return wanted;
  }

  @Override
  public boolean next(Cells cells) {
    try {
      if (!values.next()) {
        return false;
      }
      cells.clear();
      cells.line = ++rows;
      for (int i = 0; i < kinds.size(); i++) {
        lay(cells, columns.get(i), kinds.get(i), i + 1);
      }
      return true;
    } catch (SQLException e) {
      throw ParquetFormat.unreadable(input, e);
    }
  }

  private void lay(Cells cells, int column, Kind kind, int i) throws SQLException {
    if (kind == Kind.TEXT) {
      cells.set(column, values.getString(i));
    } else if (kind == Kind.WHOLE) {
      long value = values.getLong(i);
      if (values.wasNull()) {
        return;
      }
      if (Math.abs(value) < 1L << 53) {
        cells.set(column, (double) value);
      } else {
        cells.set(column, Long.toString(value));
      }
    } else {
      double value = values.getDouble(i);
      if (!values.wasNull()) {
        cells.set(column, value);
      }
    }
  }

  @Override
  public void close() {
    try (connection;
        statement;
        values) {
      rows = 0;
    } catch (SQLException e) {
      throw ParquetFormat.unreadable(input, e);
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
    return Map.of();
  }
}
