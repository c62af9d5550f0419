package dev.headroom.scaling.log;

import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Arrays;
import java.util.Properties;

/**
 * Reads Parquet by the add-on DuckDB: its columns of numbers, times (as seconds since 1970) and
 * short texts.
 *
 * <p>DuckDB takes one thread and 128 MiB beside Java's heap, and installs nothing.
 */
final class ParquetFormat implements LogFormat {
  private static final byte[] MAGIC = "PAR1".getBytes(StandardCharsets.US_ASCII);

  @Override
  public String name() {
    return "Parquet";
  }

  @Override
  public boolean recognises(LogInput input) {
    byte[] head = Arrays.copyOf(input.head(), MAGIC.length);
    return !input.isFolder() && Arrays.equals(head, MAGIC);
  }

  @Override
  public RowSource open(LogInput input, Cells cells, Faults faults) {
    faults.count("row");
    JdbcAddOn.requireFile(input, "a Parquet file", MAGIC);
    Connection connection = null;
    try {
      Properties streaming = new Properties();
      streaming.setProperty("jdbc_stream_results", "true");
      connection =
          JdbcAddOn.DUCKDB.connect(
              input, "", streaming, "a Parquet file", "or convert it to CSV with pandas");
      try (Statement statement = connection.createStatement()) {
        statement.execute("SET threads = 1");
        statement.execute("SET memory_limit = '128MiB'");
        statement.execute("SET autoinstall_known_extensions = false");
        statement.execute("SET autoload_known_extensions = false");
      }
      return new ParquetRows(input, connection, cells, faults);
    } catch (SQLException e) {
      JdbcAddOn.close(connection);
      throw unreadable(input, e);
    } catch (LogException e) {
      JdbcAddOn.close(connection);
      throw e;
    }
  }

  static LogException unreadable(LogInput input, SQLException e) {
    String first = String.valueOf(e.getMessage()).lines().findFirst().orElse("");
    return input.fault(
        LogException.Kind.UNREADABLE,
        0,
        "cannot be read as Parquet: " + first + " (expected: a whole Parquet file)");
  }
}
