package dev.headroom.cli;

import dev.headroom.scaling.fit.Observations;
import dev.headroom.scaling.law.Law;
import dev.headroom.scaling.law.Variable;
import dev.headroom.scaling.log.LogException;
import dev.headroom.scaling.log.Run;
import dev.headroom.scaling.log.Table;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/** Gathers the points of a law from tables and runs whose columns are its variables. */
final class PointReader {

  /** Usual column names of the variables, compared without case, the best first. */
  private static final Map<String, List<String>> USUAL =
      Map.of(
          "x", List.of("x", "tokens", "step", "_step", "iteration"),
          "n", List.of("n", "params", "parameters", "n_params", "model_size"),
          "d", List.of("d", "tokens", "n_tokens", "consumed_tokens"),
          "c", List.of("c", "flops", "compute", "budget", "iso_flop"),
          "loss", List.of("loss", "val_loss", "final_loss", "train_loss", "validation_loss"));

  private final LogFiles files;
  private final String purpose;
  private final List<Variable> variables;
  private final String weights;
  private final List<Double> weight = new ArrayList<>();
  private final List<double[]> rows = new ArrayList<>();
  private final List<Double> losses = new ArrayList<>();
  private final List<Integer> of = new ArrayList<>();
  private final List<String> series = new ArrayList<>();
  private final Map<String, String> columns = new LinkedHashMap<>();
  private final List<String> notes = new ArrayList<>();
  private boolean trajectories;

  PointReader(LogFiles files, Law law) {
    this(files, law, null);
  }

  /**
   * Makes a reader of points that count differently.
   *
   * @param weights the column with the weight of each point; null where all count alike
   */
  PointReader(LogFiles files, Law law, String weights) {
    this(files, law.name(), law.variables(), weights);
  }

  /**
   * Makes a reader of other variables than those of one law.
   *
   * @param purpose what they are for, for messages
   */
  PointReader(LogFiles files, String purpose, List<Variable> variables) {
    this(files, purpose, variables, null);
  }

  private PointReader(LogFiles files, String purpose, List<Variable> variables, String weights) {
    this.files = files;
    this.purpose = purpose;
    this.variables = List.copyOf(variables);
    this.weights = weights;
  }

  /** Says whether a variable is mapped or has a column of a usual name. */
  static boolean offers(LogFiles files, Table table, String quantity) {
    return files.map().column(quantity) != null || usual(table, quantity) != null;
  }

  /** Reads the points of every file. */
  LawPoints read(List<String> names) {
    checkMap();
    for (String name : names) {
      file(name, names.size() > 1);
    }
    if (losses.isEmpty()) {
      throw new LogException(
          String.join(", ", names), 0, LogException.Kind.EMPTY, "no point is left to fit");
    }
    return points();
  }

  /** Refuses a map that names something the law does not have: a typing error is not ignored. */
  private void checkMap() {
    List<String> known = new ArrayList<>(variables.stream().map(Variable::name).toList());
    known.add("loss");
    for (String quantity : files.map().columns().keySet()) {
      if (!known.contains(quantity)) {
        throw new IllegalArgumentException(
            "--map: "
                + quantity
                + " (expected: one of "
                + String.join(", ", known)
                + ", the variables of "
                + purpose
                + ")");
      }
    }
  }

  private void file(String name, boolean many) {
    Table table = files.table(name);
    String label = Path.of(table.name()).getFileName().toString();
    table.notes().forEach(n -> notes.add(many ? label + ": " + n : n));
    trajectories |= table.columns().stream().anyMatch(c -> c.equalsIgnoreCase("step"));
    series.add(label);
    double[][] x = new double[variables.size()][];
    for (int v = 0; v < x.length; v++) {
      x[v] = cells(table, name, variables.get(v).name());
    }
    double[] loss = cells(table, name, "loss");
    double[] counts = weights == null ? null : table.column(weights);
    int left = 0;
    for (int r = 0; r < loss.length; r++) {
      double[] row = new double[x.length];
      boolean good = loss[r] > 0 && Double.isFinite(loss[r]);
      for (int v = 0; v < x.length; v++) {
        row[v] = x[v][r];
        good &= variables.get(v).accepts(row[v]);
      }
      double count = counts == null ? 1 : counts[r];
      good &= count > 0 && Double.isFinite(count);
      if (good) {
        add(row, loss[r]);
        weight.add(count);
      } else {
        left++;
      }
    }
    if (left > 0) {
      notes.add(
          (many ? label + ": " : "")
              + Figures.count(left, "row")
              + " left out: a variable or the loss is absent, NaN, infinite or not above 0"
              + (weights == null ? "" : ", or its weight is"));
    }
  }

  private void add(double[] row, double loss) {
    rows.add(row);
    losses.add(loss);
    of.add(series.size() - 1);
  }

  private double[] cells(Table table, String file, String quantity) {
    String column = files.map().column(quantity);
    if (column == null) {
      column = usual(table, quantity);
    }
    if (column == null) {
      return constant(table, file, quantity);
    }
    columns.put(quantity, column);
    return table.column(column);
  }

  private static String usual(Table table, String quantity) {
    for (String name : USUAL.getOrDefault(quantity, List.of(quantity))) {
      for (String column : table.columns()) {
        if (column.equalsIgnoreCase(name)) {
          return column;
        }
      }
    }
    return null;
  }

  /** Takes what no column holds from the header of a run: its number of parameters, for example. */
  private double[] constant(Table table, String file, String quantity) {
    Map<String, String> settings = Map.of();
    try {
      settings = files.run(file, dev.headroom.scaling.log.ColumnMap.none()).settings();
    } catch (IllegalArgumentException e) {
      // No run: then it has no header either, and the message below says what is missing.
    }
    for (String name : USUAL.getOrDefault(quantity, List.of(quantity))) {
      String setting = settings.get(name);
      if (setting != null && setting.matches("[0-9.eE+-]+")) {
        columns.put(quantity, "header: " + name);
        double[] cells = new double[table.rows()];
        java.util.Arrays.fill(cells, Double.parseDouble(setting));
        return cells;
      }
    }
    throw new IllegalArgumentException(
        table.name()
            + ": no column for "
            + quantity
            + " (expected: --map "
            + quantity
            + "=COLUMN; its columns are "
            + String.join(", ", new TreeSet<>(table.columns()))
            + ")");
  }

  private LawPoints points() {
    int[] index = of.stream().mapToInt(Integer::intValue).toArray();
    double[][] x = rows.toArray(new double[0][]);
    double[] loss = losses.stream().mapToDouble(Double::doubleValue).toArray();
    Observations data =
        trajectories && series.size() > 1
            ? new Observations(x, loss, index)
            : new Observations(x, loss);
    if (weights != null) {
      data = data.withWeight(weight.stream().mapToDouble(Double::doubleValue).toArray());
      columns.put("weight", weights);
    }
    return new LawPoints(data, series, index, columns, notes);
  }

  /** Says whether a cell is there and finite; shared with the reader of annealing points. */
  static boolean usable(double cell) {
    return Double.isFinite(cell) && !Run.isAbsent(cell);
  }
}
