package dev.headroom.scaling.log;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.Driver;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JdbcAddOnTest {
  @TempDir Path temp;

  @Test
  void anAbsentAddOnIsNamedWithWhereToPutIt() throws IOException, SQLException {
    Path sqlite = Files.write(temp.resolve("a"), head("SQLite format 3\0"));
    Path parquet = Files.write(temp.resolve("b"), head("PAR1"));
    List<Driver> drivers = DriverManager.drivers().toList();
    for (Driver driver : drivers) {
      DriverManager.deregisterDriver(driver);
    }
    try {
      assertNames(JdbcAddOn.SQLITE, "an MLflow database", sqlite);
      assertNames(JdbcAddOn.DUCKDB, "a Parquet file", parquet);
    } finally {
      for (Driver driver : drivers) {
        DriverManager.registerDriver(driver);
      }
    }
  }

  private static byte[] head(String magic) {
    return (magic + "x".repeat(100)).getBytes(StandardCharsets.ISO_8859_1);
  }

  private static void assertNames(JdbcAddOn addOn, String kind, Path file) {
    LogException e =
        assertThrows(LogException.class, () -> LogReader.readRun(file, ColumnMap.none()));
    assertTrue(e.getMessage().contains(kind + " is read by the add-on "), e.getMessage());
    assertTrue(e.getMessage().contains(addOn.artifact()), e.getMessage());
    assertTrue(e.getMessage().contains("(expected: its jar in the folder addons"), e.getMessage());
  }

  @Test
  void theVersionsNamedAreThoseTested() throws SQLException {
    for (JdbcAddOn addOn : JdbcAddOn.values()) {
      String url = addOn == JdbcAddOn.SQLITE ? "jdbc:sqlite::memory:" : "jdbc:duckdb:";
      Driver driver = DriverManager.getDriver(url);
      String jar = driver.getClass().getProtectionDomain().getCodeSource().getLocation().getPath();
      String[] parts = addOn.artifact().split(":", -1);
      assertEquals(parts[1] + "-" + parts[2] + ".jar", jar.substring(jar.lastIndexOf('/') + 1));
      try (Connection connection = DriverManager.getConnection(url)) {
        assertTrue(connection.isValid(1));
      }
    }
  }
}
