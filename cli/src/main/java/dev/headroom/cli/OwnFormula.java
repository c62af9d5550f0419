package dev.headroom.cli;

import dev.headroom.scaling.law.Parameter;
import dev.headroom.scaling.law.text.OwnLaw;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads a law that the command line gives as text: {@code 'own: E + A/N^a' --vars N=params --start
 * a=.3}.
 *
 * @param law the law
 * @param starts where to begin, for all parameters; empty where one of them has no start
 * @param columns entries for {@code --map}
 */
record OwnFormula(OwnLaw law, List<double[]> starts, List<String> columns) {

  private static final String PREFIX = "own:";

  /** Says whether the name of a law is a formula. */
  static boolean isOne(String lawName) {
    return lawName.startsWith(PREFIX);
  }

  /**
   * Reads a formula.
   *
   * @param variables texts of {@code --vars}
   * @param starts texts of {@code --start}
   * @throws IllegalArgumentException for text that is no formula, name or number
   */
  static OwnFormula read(String text, List<String> variables, List<String> starts) {
    List<String> names = new ArrayList<>();
    List<String> columns = new ArrayList<>();
    for (String part : parts(variables)) {
      int equals = part.indexOf('=');
      names.add(equals < 0 ? part : part.substring(0, equals).trim());
      columns.add(equals < 0 ? part + "=" + part : part);
    }
    if (names.isEmpty()) {
      throw new IllegalArgumentException(
          "--vars: none (expected: the variables of the formula with their columns, such as"
              + " N=params,D=tokens; all other names are parameters)");
    }
    Map<String, List<Double>> begun = starts(starts);
    OwnLaw law = OwnLaw.of(text.substring(PREFIX.length()).trim(), names, begun);
    return new OwnFormula(law, product(law, begun), columns);
  }

  private static List<String> parts(List<String> texts) {
    List<String> parts = new ArrayList<>();
    for (String text : texts) {
      for (String part : text.split(",")) {
        if (!part.isBlank()) {
          parts.add(part.trim());
        }
      }
    }
    return parts;
  }

  private static Map<String, List<Double>> starts(List<String> texts) {
    Map<String, List<Double>> starts = new LinkedHashMap<>();
    for (String part : parts(texts)) {
      int equals = part.indexOf('=');
      try {
        double value = Double.parseDouble(part.substring(equals + 1));
        if (equals > 0 && Double.isFinite(value)) {
          String name = part.substring(0, equals).trim();
          starts.computeIfAbsent(name, n -> new ArrayList<>()).add(value);
          continue;
        }
      } catch (NumberFormatException e) {
        // said below
      }
      throw new IllegalArgumentException("--start: " + part + " (expected: NAME=NUMBER)");
    }
    return starts;
  }

  /** Returns all combinations of the starts, where every parameter has one. */
  private static List<double[]> product(OwnLaw law, Map<String, List<Double>> starts) {
    List<double[]> all = new ArrayList<>();
    all.add(new double[law.parameters().size()]);
    for (int p = 0; p < law.parameters().size(); p++) {
      Parameter parameter = law.parameters().get(p);
      List<double[]> longer = new ArrayList<>();
      for (double value : starts.getOrDefault(parameter.name(), List.of())) {
        for (double[] start : all) {
          double[] copy = start.clone();
          copy[p] = value;
          longer.add(copy);
        }
      }
      all = longer;
    }
    return all;
  }
}
