package dev.headroom.scaling.fit;

import dev.headroom.scaling.law.text.OwnLaw;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One file of NIST's nonlinear regression sets: formula, starts, certified numbers and data, all
 * read from the file.
 */
record NistCase(
    String name,
    OwnLaw law,
    boolean logarithm,
    double[][] starts,
    double[] certified,
    double[] deviations,
    Observations data) {

  private static final Pattern PARAMETER =
      Pattern.compile("\\s*(b\\d+)\\s*=\\s*(\\S+)\\s+(\\S+)\\s+(\\S+)\\s+(\\S+)\\s*");
  private static final double CERTIFIED_DIGITS = 11;

  /** Smallest number of right digits over the parameters and over their deviations. */
  record Digits(double parameters, double deviations) {
    @Override
    public String toString() {
      return String.format("%.1f digits, deviations %.1f", parameters, deviations);
    }
  }

  static NistCase read(Path file) throws IOException {
    List<String> lines = Files.readAllLines(file);
    List<double[]> rows = new ArrayList<>();
    for (String line : lines.subList(60, lines.size())) {
      if (!line.isBlank()) {
        rows.add(
            Arrays.stream(line.trim().split("\\s+")).mapToDouble(Double::parseDouble).toArray());
      }
    }
    int variables = rows.get(0).length - 1;
    String model = model(lines);
    boolean logarithm = model.replace(" ", "").startsWith("log[y]");
    String formula = model.substring(model.indexOf('=') + 1).trim();
    if (logarithm) {
      formula = "exp(" + formula + ")";
    }
    String[] names = variables == 1 ? new String[] {"x"} : names(variables);
    OwnLaw law = OwnLaw.of(formula, names);
    double[][] numbers = numbers(lines, law);
    double[][] x =
        rows.stream().map(r -> Arrays.copyOfRange(r, 1, r.length)).toArray(double[][]::new);
    double[] y = rows.stream().mapToDouble(r -> r[0]).toArray();
    return new NistCase(
        file.getFileName().toString().replace(".dat", ""),
        law,
        logarithm,
        new double[][] {numbers[0], numbers[1]},
        numbers[2],
        numbers[3],
        new Observations(x, y));
  }

  private static String[] names(int count) {
    String[] names = new String[count];
    for (int i = 0; i < count; i++) {
      names[i] = "x" + (i + 1);
    }
    return names;
  }

  /** Returns the formula between the line "Model:" and the starting values, without the error. */
  private static String model(List<String> lines) {
    StringBuilder text = new StringBuilder();
    int first = 0;
    while (!lines.get(first).startsWith("Model:")) {
      first++;
    }
    boolean begun = false;
    for (String line : lines.subList(first, 40)) {
      String part = line.trim();
      boolean constant = part.replace(" ", "").startsWith("pi=");
      boolean begins = part.matches("(y|log\\[y\\])\\s*=.*");
      begun |= begins;
      if (part.toLowerCase(java.util.Locale.ROOT).startsWith("starting")) {
        break;
      }
      if (begun && !constant) {
        text.append(part).append(' ');
      }
    }
    return text.toString().replaceAll("\\+\\s*e\\s*$", "").trim();
  }

  private static double[][] numbers(List<String> lines, OwnLaw law) {
    int size = law.parameters().size();
    double[][] numbers = new double[4][size];
    int found = 0;
    for (String line : lines.subList(40, 60)) {
      Matcher matcher = PARAMETER.matcher(line);
      for (int p = 0; p < size && matcher.matches(); p++) {
        if (law.parameters().get(p).name().equals(matcher.group(1))) {
          found++;
          for (int k = 0; k < 4; k++) {
            numbers[k][p] = Double.parseDouble(matcher.group(2 + k));
          }
        }
      }
    }
    if (found != size) {
      throw new IllegalStateException(law + ": " + found + " starts (expected: " + size + ")");
    }
    return numbers;
  }

  /** Fits from start 0 or 1 and counts the digits. */
  Digits digits(int start) {
    FitOptions options =
        FitOptions.defaults()
            .withObjective(logarithm ? Objective.LEAST_SQUARES_LOG : Objective.LEAST_SQUARES);
    Fit fit = Fitter.fitFrom(law, data, options, List.of(starts[start]));
    double least = CERTIFIED_DIGITS;
    double leastDeviation = CERTIFIED_DIGITS;
    for (int p = 0; p < certified.length; p++) {
      least = Math.min(least, digits(fit.theta()[p], certified[p]));
      double deviation = Math.sqrt(fit.covariance()[p][p]);
      leastDeviation = Math.min(leastDeviation, digits(deviation, deviations[p]));
    }
    return new Digits(least, leastDeviation);
  }

  private static double digits(double found, double certified) {
    double digits = -Math.log10(Math.abs(found - certified) / Math.abs(certified));
    return Double.isNaN(found) ? 0 : Math.max(0, Math.min(CERTIFIED_DIGITS, digits));
  }
}
