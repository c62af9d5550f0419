package dev.headroom.scaling.fit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Certified numbers of NIST's nonlinear regression sets, each as a law given as text. */
class NistTest {

  @Test
  void everySetHasSixDigitsFromBothStarts() throws IOException {
    List<String> failures = new ArrayList<>();
    StringBuilder table = new StringBuilder();
    table.append("| set | start 1 | deviations | start 2 | deviations |\n|---|---|---|---|---|\n");
    for (Path file : files()) {
      NistCase nist = NistCase.read(file);
      table.append("| ").append(nist.name());
      for (int start = 0; start < 2; start++) {
        NistCase.Digits digits = nist.digits(start);
        System.out.println(nist.name() + " start " + (start + 1) + ": " + digits);
        table.append(
            String.format(
                Locale.ROOT,
                " | %.0f | %.0f",
                Math.floor(digits.parameters()),
                Math.floor(digits.deviations())));
        // Lanczos1 is exact to 13 digits: its residuals are rounding, and so are deviations.
        double wanted = nist.isExact() ? 0 : 6;
        if (!(digits.parameters() >= 6 && digits.deviations() >= wanted)) {
          failures.add(nist.name() + " start " + (start + 1) + ": " + digits);
        }
      }
      table.append(" |\n");
    }
    compare(table.toString());
    assertTrue(failures.isEmpty(), failures.toString());
  }

  /** The README has this table, but for a digit here and there; -Dgolden.write=true writes it. */
  private static void compare(String table) throws IOException {
    Path file = Path.of("README.md");
    String readme = Files.readString(file);
    int start = readme.indexOf("<!-- nist -->") + "<!-- nist -->\n".length();
    int end = readme.indexOf("<!-- /nist -->");
    if (Boolean.getBoolean("golden.write")) {
      Files.writeString(file, readme.substring(0, start) + table + readme.substring(end));
      return;
    }
    String[] expected = table.split("[|\n ]+");
    String[] found = readme.substring(start, end).split("[|\n ]+");
    assertEquals(expected.length, found.length);
    for (int i = 0; i < found.length; i++) {
      boolean number = expected[i].matches("[0-9]+") && found[i].matches("[0-9]+");
      if (number) {
        assertEquals(Integer.parseInt(expected[i]), Integer.parseInt(found[i]), 1, table);
      } else {
        assertEquals(expected[i], found[i]);
      }
    }
  }

  private static List<Path> files() throws IOException {
    try (Stream<Path> list = Files.list(SharedData.path("nist-strd"))) {
      return list.filter(path -> path.toString().endsWith(".dat")).sorted().toList();
    }
  }
}
