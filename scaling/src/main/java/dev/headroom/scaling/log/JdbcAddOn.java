package dev.headroom.scaling.log;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.sql.Connection;
import java.sql.Driver;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.Properties;

/**
 * Knows the database drivers that are no part of Headroom, for they are large and carry native
 * code: they are looked up through JDBC when a log needs one.
 */
enum JdbcAddOn {
  SQLITE("jdbc:sqlite:", "org.xerial:sqlite-jdbc:3.53.4.0", "12 MB"),
  DUCKDB("jdbc:duckdb:", "org.duckdb:duckdb_jdbc:1.5.6.0", "85 MB");

  private final String prefix;
  private final String artifact;
  private final String size;

  JdbcAddOn(String prefix, String artifact, String size) {
    this.prefix = prefix;
    this.artifact = artifact;
    this.size = size;
  }

  String artifact() {
    return artifact;
  }

  /**
   * Connects.
   *
   * @param what what stands behind the driver's prefix
   * @param kind what the log is, for the message
   * @param wayOut what else can be done where the driver is absent
   * @throws LogException if the driver is absent; the message says which artifact to put where
   */
  Connection connect(LogInput input, String what, Properties properties, String kind, String wayOut)
      throws SQLException {
    String url = prefix + what;
    if (DriverManager.drivers().noneMatch(driver -> accepts(driver, url))) {
      throw input.fault(
          LogException.Kind.UNREADABLE,
          0,
          kind
              + " is read by the add-on "
              + artifact
              + " ("
              + size
              + "), which is absent (expected: its jar in the folder addons beside the launcher, or"
              + " on the class path: mvn dependency:copy -Dartifact="
              + artifact
              + " -DoutputDirectory=addons; "
              + wayOut
              + ")");
    }
    return DriverManager.getConnection(url, properties);
  }

  private static boolean accepts(Driver driver, String url) {
    try {
      return driver.acceptsURL(url);
    } catch (SQLException e) {
      return false;
    }
  }

  /** Closes a connection of which nothing more is wanted. */
  static void close(Connection connection) {
    try {
      if (connection != null) {
        connection.close();
      }
    } catch (SQLException e) {
      // The reason why it is closed is told.
      return;
    }
  }

  /** Refuses what cannot be opened again by its path: a database reads here and there in a file. */
  static void requireFile(LogInput input, String kind, byte[] magic) {
    if (!isPlainFile(input, magic)) {
      throw input.fault(
          LogException.Kind.UNREADABLE,
          0,
          kind
              + " that is packed or no regular file (expected: a file; gunzip it or copy it first)");
    }
  }

  private static boolean isPlainFile(LogInput input, byte[] magic) {
    if (input.path() == null || !Files.isRegularFile(input.path())) {
      return false;
    }
    try (InputStream in = Files.newInputStream(input.path())) {
      return Arrays.equals(in.readNBytes(magic.length), magic);
    } catch (IOException e) {
      return false;
    }
  }
}
