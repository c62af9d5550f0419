package dev.headroom.scaling.log;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Reads Parquet files that DuckDB wrote.
 *
 * <p>Checked besides, outside of this repository: files of pyarrow 25.0.1 with its default (snappy)
 * and with zstd, gzip, lz4 and brotli compression, with dictionary and plain pages: the same
 * values.
 */
class ParquetFormatTest {
  @TempDir Path temp;

  private Path write(String name, String query) throws SQLException {
    Path file = temp.resolve(name);
    try (Connection connection = DriverManager.getConnection("jdbc:duckdb:");
        Statement statement = connection.createStatement()) {
      String literal = file.toString().replace("'", "''");
      statement.execute("COPY (" + query + ") TO '" + literal + "' (FORMAT parquet)");
    }
    return file;
  }

  private static Run run(Path path) {
    return LogReader.readRun(path, ColumnMap.none());
  }

  @Test
  void readsColumnsOfEveryUsualType() throws SQLException {
    Path file =
        write(
            "log.parquet",
            "SELECT * FROM (VALUES"
                + " (0::BIGINT, 5.5::FLOAT, 1::UTINYINT, 0.5::DECIMAL(9,3), true, 'a',"
                + "  TIMESTAMP '2024-01-01 00:00:01.5', [1, 2], {'x': 1}),"
                + " (10, NULL, 2, 0.25, false, NULL, NULL, NULL, NULL),"
                + " (20, 'nan', 3, 0.125, true, 'c', NULL, NULL, NULL))"
                + " t(step, loss, small, lr, flag, \"my name\", time, list, object)");
    Run run = run(file);
    assertArrayEquals(new long[] {0, 20}, run.step());
    assertArrayEquals(new double[] {5.5, Double.NaN}, run.loss());
    assertArrayEquals(new double[] {0.5, 0.125}, run.columns().get("lr"));
    assertEquals(1704067201.5, run.columns().get("time")[0]);
    assertTrue(run.notes().toString().contains("2 columns: list, object left out"));
    Run filtered = LogReader.readRun(file, ColumnMap.none(), RowFilter.parse("\"my name\" == 'a'"));
    assertEquals(1, filtered.size());
    Table table = LogReader.readTable(file);
    assertArrayEquals(new double[] {1, 0, 1}, table.column("flag"));
  }

  @Test
  void wholeNumbersBeyondDoublesKeepTheirDigits() throws SQLException {
    Path file = write("log", "SELECT 9007199254740993::BIGINT AS id, 1 AS step, 2.0 AS loss");
    LogInput input = LogInput.of(file);
    Cells cells = new Cells();
    try (RowSource source = new ParquetFormat().open(input, cells, new Faults("log"))) {
      assertTrue(source.next(cells));
      assertEquals("9007199254740993", cells.text(cells.find("id")));
      assertFalse(source.next(cells));
    }
  }

  @Test
  void namesWithPatternsAndQuotesAreNames() throws SQLException {
    write("run1.parquet", "SELECT 1 AS step, 9.0 AS loss");
    Path file = write("run[1]*'?.parquet", "SELECT 1 AS step, 2.0 AS \"loss\"");
    assertArrayEquals(new double[] {2}, run(file).loss());
    Path quoted = write("log", "SELECT 1 AS step, 3.0 AS \"loss \"\"x\"\"\"");
    Run run = LogReader.readRun(quoted, ColumnMap.none().with("loss", "loss \"x\""));
    assertArrayEquals(new double[] {3}, run.loss());
  }

  @Test
  void aFileWithoutNumbersSaysWhatItHolds() throws SQLException {
    Path file = write("log", "SELECT 'a' AS text, [1, 2] AS list");
    LogException e = assertThrows(LogException.class, () -> run(file));
    assertTrue(e.getMessage().contains("Parquet without a column of numbers"), e.getMessage());
    assertTrue(e.getMessage().contains("list (expected: columns such as"), e.getMessage());
  }

  @Test
  void aMillionRowsAreReadInOrder() throws SQLException {
    Run run =
        run(write("log", "SELECT range AS step, 1 / (1 + range) AS loss FROM range(1000000)"));
    assertEquals(1_000_000, run.size());
    assertEquals(1e-6, run.loss()[999_999], 1e-12);
    assertTrue(run.notes().isEmpty(), run.notes().toString());
  }

  @Test
  void damagedFilesEndWithAVerdict() throws SQLException, IOException {
    Path file = write("log", "SELECT range AS step, random() AS loss FROM range(1000)");
    byte[] good = Files.readAllBytes(file);
    Random random = new Random(7);
    for (int i = 0; i < 60; i++) {
      byte[] bad = good.clone();
      for (int k = 0; k < 1 + i % 20; k++) {
        bad[4 + random.nextInt(bad.length - 4)] = (byte) random.nextInt();
      }
      Files.write(file, i % 3 == 0 ? Arrays.copyOf(bad, 4 + random.nextInt(bad.length - 4)) : bad);
      try {
        assertTrue(run(file).size() <= 1000);
      } catch (LogException | IllegalArgumentException e) {
        assertTrue(e.getMessage().contains("expected: "), "try " + i + ": " + e.getMessage());
      }
    }
  }

  @Test
  void packedFilesAreRefusedWithAWayOut() throws SQLException, IOException {
    Path file = write("log", "SELECT 1 AS step, 2.0 AS loss");
    Path packed = temp.resolve("log.gz");
    try (var out = new java.util.zip.GZIPOutputStream(Files.newOutputStream(packed))) {
      Files.copy(file, out);
    }
    LogException e = assertThrows(LogException.class, () -> run(packed));
    assertTrue(e.getMessage().contains("(expected: a file; gunzip it"), e.getMessage());
  }
}
