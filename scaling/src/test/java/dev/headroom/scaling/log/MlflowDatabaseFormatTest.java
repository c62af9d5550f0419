package dev.headroom.scaling.log;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Reads databases that sqlite-jdbc wrote with the tables of MLflow's SQL store.
 *
 * <p>No database that MLflow itself wrote was at hand.
 */
class MlflowDatabaseFormatTest {
  @TempDir Path temp;
  private Path file;

  @BeforeEach
  void writeADatabase() throws SQLException {
    file = temp.resolve("it's 100% a?b#c.db");
    sql(
        "create table experiments (experiment_id integer primary key, name varchar(256))",
        "create table runs (run_uuid varchar(32) not null primary key, name varchar(250),"
            + " status varchar(9), start_time bigint, end_time bigint,"
            + " lifecycle_stage varchar(20), experiment_id integer)",
        "create table metrics (key varchar(250) not null, value float not null, timestamp bigint"
            + " not null, run_uuid varchar(32) not null, step bigint default '0' not null,"
            + " is_nan boolean default '0' not null,"
            + " primary key (key, timestamp, step, run_uuid, value, is_nan))",
        "create table params (key varchar(250) not null, value varchar(8000) not null,"
            + " run_uuid varchar(32) not null)",
        "insert into runs values ('aa', 'bold-cat-7', 'FINISHED', 1, 2, 'active', 0)",
        "insert into params values ('layers', '12', 'aa')");
    metric("aa", "train/loss", 5.5, 0, false);
    metric("aa", "train/loss", 4.25, 10, false);
    metric("aa", "train/loss", 0, 20, true);
    metric("aa", "train/loss", 1.7976931348623157e308, 30, false);
    metric("aa", "val_loss", 4.5, 10, false);
    metric("aa", "system/cpu", 9, 7, false);
  }

  private void sql(String... statements) throws SQLException {
    try (Connection connection =
            DriverManager.getConnection("jdbc:sqlite:" + file.toUri().toASCIIString());
        Statement statement = connection.createStatement()) {
      for (String text : statements) {
        statement.execute(text);
      }
    }
  }

  private void metric(String run, String key, double value, long step, boolean isNan)
      throws SQLException {
    sql(
        "insert into metrics values ('%s', '%s', %d, '%s', %d, %d)"
            .formatted(key, value, 1_700_000_000_000L + 500 * step, run, step, isNan ? 1 : 0)
            .replace("'" + value + "'", Double.toString(value)));
  }

  private void secondRun(String name) throws SQLException {
    sql("insert into runs values ('bb', '" + name + "', 'FAILED', 3, 4, 'active', 0)");
    metric("bb", "train/loss", 7, 0, false);
  }

  private Run run(String where) {
    RowFilter filter = where.isEmpty() ? RowFilter.all() : RowFilter.parse(where);
    return LogReader.readRun(file, ColumnMap.none(), filter);
  }

  @Test
  void readsTheRunOfADatabase() {
    Run run = run("");
    assertArrayEquals(new long[] {0, 10, 20, 30}, run.step());
    assertArrayEquals(new double[] {5.5, 4.25, Double.NaN, Double.POSITIVE_INFINITY}, run.loss());
    assertFalse(Run.isAbsent(run.loss()[2]));
    assertEquals(4.5, run.columns().get("val_loss")[1]);
    assertEquals(1.7e9 + 5, run.columns().get("time")[1]);
    assertEquals("12", run.settings().get("layers"));
    assertEquals("bold-cat-7", run.settings().get("run_name"));
  }

  @Test
  void ofSeveralRunsAFilterChoosesOne() throws SQLException {
    secondRun("calm-dog-1");
    IllegalArgumentException e = assertThrows(IllegalArgumentException.class, () -> run(""));
    assertTrue(e.getMessage().contains("2 runs: bold-cat-7, calm-dog-1"), e.getMessage());
    assertTrue(e.getMessage().contains("--where \"run == 'bold-cat-7'\""), e.getMessage());
    assertArrayEquals(new double[] {7}, run("run == 'calm-dog-1'").loss());
    assertArrayEquals(new double[] {7}, run("run_uuid == 'bb'").loss());
    assertEquals(4, run("run == 'bold-cat-7'").size());
    assertEquals(5, LogReader.readTable(file).rows());
  }

  @Test
  void runsOfTheSameNameGoByTheirIdentifier() throws SQLException {
    secondRun("bold-cat-7");
    assertArrayEquals(new double[] {7}, run("run == 'bb'").loss());
  }

  @Test
  void deletedRunsAreNotRead() throws SQLException {
    secondRun("calm-dog-1");
    sql("update runs set lifecycle_stage = 'deleted' where run_uuid = 'bb'");
    assertEquals(4, run("").size());
  }

  @Test
  void severalValuesOfAStepAreDuplicates() throws SQLException {
    sql("insert into metrics values ('train/loss', 3, 1700000009999, 'aa', 10, 0)");
    Run run = run("");
    assertEquals(3, run.loss()[1]);
    assertTrue(run.notes().toString().contains("1 duplicate step"), run.notes().toString());
  }

  @Test
  void otherDatabasesAreRefused() throws SQLException {
    sql("drop table metrics");
    LogException e = assertThrows(LogException.class, () -> run(""));
    assertTrue(e.getMessage().contains("the tables experiments, params, runs"), e.getMessage());
    assertTrue(e.getMessage().contains("(expected: MLflow's"), e.getMessage());
    sql("create view metrics as select 1");
    assertThrows(LogException.class, () -> run(""));
    sql("drop view metrics", "create table metrics (x integer)");
    assertTrue(
        assertThrows(LogException.class, () -> run("")).getMessage().contains("(expected: "));
  }

  @Test
  void aDatabaseWithoutMetricsIsEmpty() throws SQLException {
    sql("delete from metrics");
    assertEquals(LogException.Kind.EMPTY, assertThrows(LogException.class, () -> run("")).kind());
  }

  @Test
  void damagedDatabasesEndWithAVerdict() throws IOException {
    byte[] good = Files.readAllBytes(file);
    Random random = new Random(7);
    for (int i = 0; i < 60; i++) {
      byte[] bad = good.clone();
      for (int k = 0; k < 50; k++) {
        bad[16 + random.nextInt(bad.length - 16)] = (byte) random.nextInt();
      }
      Files.write(file, i % 3 == 0 ? java.util.Arrays.copyOf(bad, 1 + bad.length / 2) : bad);
      try {
        assertTrue(run("").size() <= 10);
      } catch (LogException | IllegalArgumentException e) {
        assertTrue(e.getMessage().contains("expected: "), "try " + i + ": " + e.getMessage());
      }
    }
  }

  @Test
  void aStreamIsRefusedWithAWayOut() throws IOException {
    try (InputStream in = new ByteArrayInputStream(Files.readAllBytes(file))) {
      LogException e =
          assertThrows(
              LogException.class,
              () -> LogReader.readRun(in, "-", ColumnMap.none(), RowFilter.all()));
      assertTrue(e.getMessage().contains("(expected: a file; "), e.getMessage());
    }
  }

  @Test
  void theDatabaseIsLeftAsItWas() throws IOException {
    byte[] before = Files.readAllBytes(file);
    run("");
    assertArrayEquals(before, Files.readAllBytes(file));
    try (var files = Files.list(temp)) {
      assertEquals(1, files.count());
    }
  }
}
