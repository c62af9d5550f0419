package dev.headroom.scaling.choice;

import dev.headroom.scaling.fit.Observations;
import dev.headroom.scaling.law.Law;
import dev.headroom.scaling.law.Variable;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.IntPredicate;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/**
 * Holds runs as a table of named columns, so that laws with different variables see the same runs.
 *
 * @param columns the variables by the names laws give them, for example n and d
 * @param loss the losses
 * @param scale how large each run is: what a forecast goes beyond; above zero
 * @param group the run each row belongs to
 */
public record Runs(Map<String, double[]> columns, double[] loss, double[] scale, int[] group) {

  public Runs {
    Map<String, double[]> copy = new LinkedHashMap<>();
    for (Map.Entry<String, double[]> column : columns.entrySet()) {
      same(column.getKey(), column.getValue().length, loss.length);
      copy.put(column.getKey(), column.getValue().clone());
    }
    columns = copy;
    same("scale", scale.length, loss.length);
    same("group", group.length, loss.length);
    loss = loss.clone();
    scale = scale.clone();
    group = group.clone();
    for (int i = 0; i < scale.length; i++) {
      if (!(scale[i] > 0 && scale[i] <= Double.MAX_VALUE)) {
        throw new IllegalArgumentException(
            "row " + (i + 1) + " scale: " + scale[i] + " (expected: finite, above 0)");
      }
    }
  }

  /**
   * Returns runs whose scale is n d where there are such columns (the compute but for a factor),
   * else x, else the first column.
   */
  public static Runs of(Map<String, double[]> columns, double[] loss, int[] group) {
    double[] scale = new double[loss.length];
    for (int i = 0; i < scale.length; i++) {
      int row = i;
      scale[i] = scale(columns.keySet(), name -> columns.get(name)[row]);
    }
    return new Runs(columns, loss, scale, group);
  }

  /**
   * Returns runs with the variables of one law.
   *
   * @throws IllegalArgumentException for a row the law refuses
   */
  public static Runs of(Law law, Observations data) {
    data.check(law);
    Map<String, double[]> columns = new LinkedHashMap<>();
    for (int v = 0; v < law.variables().size(); v++) {
      int variable = v;
      columns.put(
          law.variables().get(v).name(),
          Arrays.stream(data.x()).mapToDouble(row -> row[variable]).toArray());
    }
    return of(columns, data.loss(), data.group());
  }

  private static double scale(Set<String> names, ToDoubleFunction<String> value) {
    if (names.contains("n") || names.contains("d")) {
      return (names.contains("n") ? value.applyAsDouble("n") : 1)
          * (names.contains("d") ? value.applyAsDouble("d") : 1);
    }
    return value.applyAsDouble(names.contains("x") ? "x" : names.iterator().next());
  }

  /** Returns the number of rows. */
  public int size() {
    return loss.length;
  }

  /** Says whether all variables of a law are among the columns. */
  public boolean allow(Law law) {
    return law.variables().stream().allMatch(v -> columns.containsKey(v.name()));
  }

  /** Returns the laws that these columns allow, in the given order. */
  public List<Law> allowed(List<Law> laws) {
    return laws.stream().filter(this::allow).toList();
  }

  /** Returns the variables of one row in the order of a law. */
  public double[] row(Law law, int i) {
    List<Variable> variables = law.variables();
    double[] x = new double[variables.size()];
    for (int v = 0; v < x.length; v++) {
      x[v] = columns.get(variables.get(v).name())[i];
    }
    return x;
  }

  /** Returns the points as a law sees them. */
  public Observations observations(Law law) {
    double[][] x = new double[size()][];
    for (int i = 0; i < x.length; i++) {
      x[i] = row(law, i);
    }
    return new Observations(x, loss, group);
  }

  /** Returns some of the rows. */
  public Runs rows(int[] index) {
    Map<String, double[]> some = new LinkedHashMap<>();
    columns.forEach((name, values) -> some.put(name, pick(values, index)));
    int[] groups = Arrays.stream(index).map(i -> group[i]).toArray();
    return new Runs(some, pick(loss, index), pick(scale, index), groups);
  }

  /** Returns the rows up to a scale. */
  public Runs upTo(double limit) {
    return rows(i -> scale[i] <= limit);
  }

  /** Returns the rows above a scale. */
  public Runs above(double limit) {
    return rows(i -> scale[i] > limit);
  }

  /** Returns the rows from a scale on. */
  Runs from(double limit) {
    return rows(i -> scale[i] >= limit);
  }

  /** Returns all rows but one. */
  Runs without(int row) {
    return rows(i -> i != row);
  }

  private Runs rows(IntPredicate kept) {
    return rows(IntStream.range(0, size()).filter(kept).toArray());
  }

  private static double[] pick(double[] values, int[] index) {
    return Arrays.stream(index).mapToDouble(i -> values[i]).toArray();
  }

  private static void same(String name, int length, int expected) {
    if (length != expected) {
      throw new IllegalArgumentException(
          name + " length: " + length + " (expected: " + expected + ", one a loss)");
    }
  }
}
