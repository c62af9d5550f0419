package dev.headroom.cli;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import dev.headroom.cli.report.IsoFlopChart;
import dev.headroom.scaling.fit.Fit;
import dev.headroom.scaling.fit.FitOptions;
import dev.headroom.scaling.fit.Fitter;
import dev.headroom.scaling.fit.Observations;
import dev.headroom.scaling.law.Laws;
import dev.headroom.scaling.law.Variable;
import dev.headroom.scaling.log.Table;
import dev.headroom.scaling.plan.Allocation;
import dev.headroom.scaling.plan.Approaches;
import dev.headroom.scaling.plan.Sweep;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;

/** Finds how the best size grows with the budget in the three ways of Hoffmann et al. */
final class FitIsoFlop {

  private final FitCommand command;
  private final FitOptions options;
  private final List<Allocation> found = new ArrayList<>();
  private final List<String> warnings = new ArrayList<>();

  FitIsoFlop(FitCommand command, FitOptions options) {
    this.command = command;
    this.options = options;
  }

  int call() {
    if (!command.predict.isEmpty() || command.influence != 0) {
      throw new IllegalArgumentException(
          "--predict, --influence: given for isoflop (expected: with a law, for example chinchilla)");
    }
    Sweep sweep = sweep();
    double level = options.level();
    Allocation parabola = add(() -> Approaches.profiles(sweep, Approaches.Curve.PARABOLA, level));
    Allocation akima = add(() -> Approaches.profiles(sweep, Approaches.Curve.AKIMA, level));
    add(() -> Approaches.envelope(sweep, level));
    Allocation law = add(() -> parametric(sweep));
    if (found.isEmpty()) {
      throw new CommandException(ExitCode.FIT, String.join("; ", warnings));
    }
    for (Allocation second : Arrays.asList(parabola, akima)) {
      String disagreement =
          second == null || law == null ? null : Approaches.disagreement(second, law);
      if (disagreement != null) {
        warnings.add(disagreement);
      }
    }
    double largest = Arrays.stream(sweep.flops()).max().orElse(1);
    command.emit(json(), () -> text(largest));
    if (command.chart != null) {
      ChartFile.write(command.chart, IsoFlopChart.of(sweep, akima == null ? parabola : akima));
    }
    return ExitCode.OK;
  }

  /** An approach that these runs do not allow leaves a warning, and the others stand. */
  private Allocation add(Supplier<Allocation> approach) {
    try {
      Allocation allocation = approach.get();
      found.add(allocation);
      allocation.notes().forEach(n -> warnings.add("approach " + allocation.method() + ": " + n));
      return allocation;
    } catch (IllegalArgumentException e) {
      warnings.add(e.getMessage());
      return null;
    }
  }

  private Allocation parametric(Sweep sweep) {
    double[][] x = new double[sweep.loss().length][];
    for (int i = 0; i < x.length; i++) {
      x[i] = new double[] {sweep.params()[i], sweep.tokens()[i]};
    }
    Fit fit = Fitter.fit(Laws.named("chinchilla"), new Observations(x, sweep.loss()), options);
    return Approaches.parametric(fit, options.level());
  }

  private Sweep sweep() {
    LogFiles files = command.log.files();
    Table table = files.table(command.files.get(0));
    List<Variable> variables = new ArrayList<>();
    variables.add(new Variable("c", "FLOPs", "training budget"));
    variables.add(new Variable("n", "parameters", "parameters"));
    boolean tokens = PointReader.offers(files, table, "d");
    if (tokens) {
      variables.add(new Variable("d", "tokens", "tokens"));
    }
    LawPoints points = new PointReader(files, "isoflop", variables).read(command.files);
    points.notes().forEach(n -> command.note("note: " + n));
    Observations data = points.data();
    double[] c = column(data, 0);
    double[] n = column(data, 1);
    return tokens ? new Sweep(c, n, column(data, 2), data.loss()) : Sweep.of(c, n, data.loss());
  }

  private static double[] column(Observations data, int k) {
    return Arrays.stream(data.x()).mapToDouble(row -> row[k]).toArray();
  }

  private String text(double largest) {
    List<String[]> rows = new ArrayList<>();
    String level = Figures.percent(options.level());
    String at = "N* at C=" + Figures.of(largest, 3);
    rows.add(new String[] {"approach", "a", level + " low", "high", at, "minima"});
    for (Allocation one : found) {
      rows.add(
          new String[] {
            one.method(),
            Figures.of(one.exponent().value(), 4),
            Figures.of(one.exponent().low(), 4),
            Figures.of(one.exponent().high(), 4),
            Figures.of(one.params(largest), 4),
            one.optima().isEmpty() ? "" : "" + one.optima().size()
          });
    }
    StringBuilder text = new StringBuilder("N* = k C^a, D* = C/(6 N*)\n\n");
    text.append(Figures.table(rows));
    warnings.forEach(w -> text.append("warning: ").append(w).append('\n'));
    return text.toString();
  }

  private JsonObject json() {
    JsonObject json = command.json();
    JsonArray approaches = new JsonArray();
    for (Allocation one : found) {
      JsonObject approach = new JsonObject();
      approach.addProperty("method", one.method());
      JsonObject exponent = new JsonObject();
      exponent.add("value", Json.number(one.exponent().value()));
      exponent.add("low", Json.number(one.exponent().low()));
      exponent.add("high", Json.number(one.exponent().high()));
      approach.add("exponent", exponent);
      approach.add("coefficient", Json.number(one.coefficient()));
      JsonArray optima = new JsonArray();
      for (Allocation.Optimum optimum : one.optima()) {
        JsonObject point = new JsonObject();
        point.add("flops", Json.number(optimum.flops()));
        point.add("params", Json.number(optimum.params()));
        point.add("loss", Json.number(optimum.loss()));
        optima.add(point);
      }
      approach.add("optima", optima);
      approaches.add(approach);
    }
    json.add("approaches", approaches);
    json.addProperty("level", options.level());
    json.add("warnings", Json.texts(warnings));
    return json;
  }
}
