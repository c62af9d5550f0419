package dev.headroom.scaling.fit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.headroom.scaling.law.Laws;
import dev.headroom.scaling.law.text.OwnLaw;
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
        if (!(digits.parameters() >= 6 && digits.deviations() >= 6)) {
          failures.add(nist.name() + " start " + (start + 1) + ": " + digits);
        }
      }
      table.append(" |\n");
    }
    compare(table.toString());
    assertTrue(failures.isEmpty(), failures.toString());
  }

  /** Scales of 1e-3 to 1e5 beside each other, and starts that are 60 times off. */
  @Test
  void badlyScaledStartsReachTheOptimum() {
    double[][] x = new double[16][];
    double[] y = new double[x.length];
    for (int i = 0; i < y.length; i++) {
      x[i] = new double[] {50 + 5 * i};
      y[i] = .004 * Math.exp(6500 / (x[i][0] + 360)) * (1 + (i % 3 - 1) * 3e-4);
    }
    OwnLaw law = OwnLaw.of("b1*exp(b2/(x+b3))", "x");
    double[][] starts = {{2, 400000, 25000}, {.02, 4000, 250}, {.004, 6500, 360}};
    double[] least = new double[starts.length];
    for (int k = 0; k < starts.length; k++) {
      FitOptions squares = FitOptions.defaults().withObjective(Objective.LEAST_SQUARES);
      Fit fit = Fitter.fitFrom(law, new Observations(x, y), squares, List.of(starts[k]));
      assertEquals(Status.CONVERGED, fit.status());
      least[k] = fit.objectiveValue();
    }
    assertEquals(least[2], least[0], 1e-7 * least[2]);
    assertEquals(least[2], least[1], 1e-7 * least[2]);
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

  @Test
  void certifiedDeviationsOfDanielAndWoodAgree() {
    // y = b1 x^b2 is the power law of 1/x; NIST certifies values, deviations and the sum of
    // squares.
    double[][] rows = SharedData.nist("DanWood.dat");
    double[][] x = new double[rows.length][1];
    double[] loss = new double[rows.length];
    for (int i = 0; i < rows.length; i++) {
      loss[i] = rows[i][0];
      x[i][0] = 1 / rows[i][1];
    }
    Fit fit =
        Fitter.fit(
            Laws.named("power0"),
            new Observations(x, loss),
            FitOptions.defaults().withObjective(Objective.LEAST_SQUARES));
    assertEquals(7.6886226176e-01, fit.estimate("A").value(), 1e-9);
    assertEquals(3.8604055871, fit.estimate("a").value(), 1e-9);
    assertEquals(4.3173084083e-03, fit.objectiveValue(), 1e-12);
    assertEquals(3.2853114039e-02, fit.noise(), 1e-11);
    assertEquals(1.8281973860e-02, Math.sqrt(fit.covariance()[0][0]), 1e-9);
    assertEquals(5.1726610913e-02, Math.sqrt(fit.covariance()[1][1]), 1e-9);
  }
}
