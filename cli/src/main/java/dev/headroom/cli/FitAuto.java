package dev.headroom.cli;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import dev.headroom.scaling.choice.LawChoice;
import dev.headroom.scaling.choice.Runs;
import dev.headroom.scaling.fit.Fit;
import dev.headroom.scaling.fit.FitOptions;
import dev.headroom.scaling.fit.Observations;
import dev.headroom.scaling.law.Law;
import dev.headroom.scaling.law.Laws;
import dev.headroom.scaling.law.Variable;
import dev.headroom.scaling.log.Table;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Compares all laws that the columns allow and fits the one that extrapolates best. */
final class FitAuto {

  private final FitCommand command;
  private final FitOptions options;

  FitAuto(FitCommand command, FitOptions options) {
    this.command = command;
    this.options = options;
  }

  int call() {
    LogFiles files = command.log.files();
    List<Variable> variables = variables(files, files.table(command.files.get(0)));
    LawPoints all = new PointReader(files, "auto", variables).read(command.files);
    all.notes().forEach(n -> command.note("note: " + n));
    Runs runs = runs(variables, all.data());
    LawChoice choice = choice(runs);
    Fit fit = choice.best().fit();
    Law law = fit.law();
    LawPoints points =
        new LawPoints(runs.observations(law), all.series(), all.of(), all.columns(), all.notes());
    List<Law> compared = choice.scores().stream().map(s -> s.fit().law()).toList();
    FitQuestions questions = new FitQuestions(command, runs, compared, options);
    JsonObject json = FitOutput.json(command.json(), fit, points, options);
    json.add("choice", json(choice));
    String answers = questions.answer(fit, points.data(), json);
    command.emit(json, () -> text(choice) + "\n" + FitOutput.text(fit, points) + answers);
    return command.finish(fit, points);
  }

  /** A variable counts where its column is there; x, which may be anything, not beside n. */
  private static List<Variable> variables(LogFiles files, Table table) {
    Map<String, Variable> offered = new LinkedHashMap<>();
    for (Law law : Laws.ofLoss()) {
      for (Variable variable : law.variables()) {
        if (PointReader.offers(files, table, variable.name())) {
          offered.putIfAbsent(variable.name(), variable);
        }
      }
    }
    if (offered.containsKey("n") && files.map().column("x") == null) {
      offered.remove("x");
    }
    if (offered.isEmpty()) {
      throw new IllegalArgumentException(
          table.name()
              + ": no column of a law's variable (expected: --map n=COLUMN,d=COLUMN or --map"
              + " x=COLUMN; its columns are "
              + String.join(", ", new java.util.TreeSet<>(table.columns()))
              + ")");
    }
    return List.copyOf(offered.values());
  }

  private static Runs runs(List<Variable> variables, Observations data) {
    Map<String, double[]> columns = new LinkedHashMap<>();
    for (int v = 0; v < variables.size(); v++) {
      double[] column = new double[data.size()];
      for (int i = 0; i < column.length; i++) {
        column[i] = data.x()[i][v];
      }
      columns.put(variables.get(v).name(), column);
    }
    return Runs.of(columns, data.loss(), data.group());
  }

  private LawChoice choice(Runs runs) {
    try {
      return LawChoice.of(runs, Laws.ofLoss(), options);
    } catch (IllegalArgumentException e) {
      throw new CommandException(ExitCode.FIT, e.getMessage());
    }
  }

  private static String text(LawChoice choice) {
    List<String[]> rows = new ArrayList<>();
    rows.add(new String[] {"law", "error on larger runs", "on runs fitted", "R2", "parameters"});
    for (LawChoice.Score score : choice.scores()) {
      rows.add(
          new String[] {
            score.name(),
            Figures.of(100 * score.held(), 3) + " %",
            Figures.of(100 * score.fitted(), 3) + " %",
            Figures.of(score.r2(), 6),
            "" + score.fit().estimates().size()
          });
    }
    StringBuilder text = new StringBuilder(Figures.table(rows));
    choice.explanation().forEach(words -> text.append(words).append('\n'));
    choice.notes().forEach(note -> text.append("note: ").append(note).append('\n'));
    return text.toString();
  }

  private static JsonObject json(LawChoice choice) {
    JsonObject json = new JsonObject();
    json.addProperty("cuts", choice.cuts());
    JsonArray laws = new JsonArray();
    for (LawChoice.Score score : choice.scores()) {
      JsonObject one = new JsonObject();
      one.addProperty("law", score.name());
      one.add("error_on_larger_runs", Json.number(score.held()));
      one.add("error_at_each_cut", Json.numbers(score.errors()));
      one.add("error_on_runs_fitted", Json.number(score.fitted()));
      one.add("r2", Json.number(score.r2()));
      one.addProperty("parameters", score.fit().estimates().size());
      one.addProperty("status", FitOutput.status(score.fit()));
      one.addProperty("not_told_apart_from_best", score.likeBest());
      laws.add(one);
    }
    json.add("laws", laws);
    json.add("explanation", Json.texts(choice.explanation()));
    json.add("notes", Json.texts(choice.notes()));
    return json;
  }
}
