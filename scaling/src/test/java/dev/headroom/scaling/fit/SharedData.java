package dev.headroom.scaling.fit;

import de.siegmar.fastcsv.reader.CsvReader;
import de.siegmar.fastcsv.reader.NamedCsvRecord;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Assumptions;

/** Reads public tables that lie beside the repository, not in it. */
public final class SharedData {

  private static final Path ROOT = Path.of("../../shared/data");

  private SharedData() {}

  /** Returns a file or folder of the public data; skips the test where absent. */
  public static Path path(String name) {
    Path path = ROOT.resolve(name);
    Assumptions.assumeTrue(
        Files.isReadable(path), () -> "skipped: " + path.toAbsolutePath() + " is not there");
    return path;
  }

  /** Returns the columns of a CSV file by name, one row a line; skips the test where absent. */
  static double[][] read(String file, String... columns) {
    Path path = ROOT.resolve(file);
    Assumptions.assumeTrue(
        Files.isReadable(path), () -> "skipped: " + path.toAbsolutePath() + " is not there");
    try {
      List<String> lines = Files.readAllLines(path);
      List<String> header = Arrays.asList(lines.get(0).split(","));
      List<double[]> rows = new ArrayList<>();
      for (String line : lines.subList(1, lines.size())) {
        String[] cells = line.split(",");
        double[] row = new double[columns.length];
        for (int k = 0; k < columns.length; k++) {
          row[k] = Double.parseDouble(cells[header.indexOf(columns[k])]);
        }
        rows.add(row);
      }
      return rows.toArray(new double[0][]);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Returns the points of figure 4 without the five highest losses; columns n, d, loss, flops. */
  public static double[][] chinchilla() {
    double[][] rows = read("chinchilla-fig4/chinchilla_fig4.csv", "N", "D", "loss", "C");
    double[] losses = Arrays.stream(rows).mapToDouble(row -> row[2]).sorted().toArray();
    double limit = losses[losses.length - 5];
    return Arrays.stream(rows).filter(row -> row[2] < limit).toArray(double[][]::new);
  }

  /** Returns observations from rows n, d, loss, with n and d divided by units. */
  public static Observations observations(double[][] rows, double unitN, double unitD) {
    double[][] x = new double[rows.length][];
    double[] loss = new double[rows.length];
    for (int i = 0; i < rows.length; i++) {
      x[i] = new double[] {rows[i][0] / unitN, rows[i][1] / unitD};
      loss[i] = rows[i][2];
    }
    return new Observations(x, loss);
  }

  /**
   * Returns the data of a NIST file (from line 61), one row a line; skips the test where absent.
   */
  static double[][] nist(String file) {
    Path path = ROOT.resolve("nist-strd").resolve(file);
    Assumptions.assumeTrue(
        Files.isReadable(path), () -> "skipped: " + path.toAbsolutePath() + " is not there");
    try {
      return Files.readAllLines(path).stream()
          .skip(60)
          .filter(line -> !line.isBlank())
          .map(line -> Arrays.stream(line.trim().split("\\s+")))
          .map(cells -> cells.mapToDouble(Double::parseDouble).toArray())
          .toArray(double[][]::new);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Returns the rows of a CSV file, cells by column name; skips the test where absent. */
  public static List<Map<String, String>> table(String file) {
    try (CsvReader<NamedCsvRecord> csv = CsvReader.builder().ofNamedCsvRecord(path(file))) {
      return csv.stream().map(NamedCsvRecord::getFieldsAsMap).toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
