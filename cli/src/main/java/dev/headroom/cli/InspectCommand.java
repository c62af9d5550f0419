package dev.headroom.cli;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import dev.headroom.scaling.log.LogSummary;
import dev.headroom.scaling.log.Run;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** Says what is in a log. */
@Command(
    name = "headroom inspect",
    sortOptions = false,
    header = {
      "Says what is in a log: its format, its columns and their ranges, and as a run its steps,",
      "restarts, gaps, duplicates and NaNs; of several runs, which steps all of them have.",
      "",
      "Examples:",
      "  headroom inspect run.jsonl",
      "  headroom inspect runs/tensorboard_folder train_log.txt.gz",
      "  headroom inspect metrics.csv --map step=Step,loss='train loss' --json",
      ""
    },
    footer = {"", "Exit codes: 0 good; 2 usage; 3 a log is unreadable or empty."})
final class InspectCommand extends HeadroomCommand {

  @Parameters(
      paramLabel = "FILE",
      arity = "1..*",
      description = "Logs or tables of any format that is read; - is standard input.")
  List<String> files;

  @Mixin LogOptions log = new LogOptions();

  @Override
  public Integer call() {
    LogFiles reader = log.files();
    List<LogSummary> all = new ArrayList<>();
    for (String file : files) {
      all.add(reader.summary(file));
    }
    CommonRange together = CommonRange.of(all);
    JsonObject json = json(all);
    if (together != null) {
      json.add("together", together.json());
    }
    emit(json, () -> text(all) + (together == null ? "" : together.text()));
    return ExitCode.OK;
  }

  private JsonObject json(List<LogSummary> all) {
    JsonObject json = json();
    JsonArray list = new JsonArray();
    for (LogSummary one : all) {
      JsonObject file = new JsonObject();
      file.addProperty("file", one.name());
      file.addProperty("format", one.format());
      file.addProperty("rows", one.rows());
      JsonArray columns = new JsonArray();
      one.series().forEach(c -> columns.add(json(c)));
      file.add("columns", columns);
      file.add("run", one.run() == null ? com.google.gson.JsonNull.INSTANCE : run(one));
      file.add("notes", Json.texts(one.notes()));
      list.add(file);
    }
    json.add("files", list);
    return json;
  }

  private static JsonObject json(LogSummary.Series column) {
    JsonObject json = new JsonObject();
    json.addProperty("name", column.name());
    json.addProperty("numbers", column.numbers());
    json.addProperty("absent", column.absent());
    json.addProperty("nonFinite", column.nonFinite());
    json.add("min", Json.number(column.least()));
    json.add("max", Json.number(column.greatest()));
    json.add("last", Json.number(column.last()));
    return json;
  }

  private static JsonObject run(LogSummary log) {
    Run run = log.run();
    JsonObject json = new JsonObject();
    json.addProperty("points", run.size());
    json.addProperty("axis", log.axis());
    json.addProperty("firstStep", run.step()[0]);
    json.addProperty("lastStep", run.step()[run.size() - 1]);
    json.add("firstLoss", Json.number(run.loss()[0]));
    json.add("lastLoss", Json.number(run.loss()[run.size() - 1]));
    json.add("columns", Json.texts(run.columns().keySet()));
    JsonObject settings = new JsonObject();
    run.settings().forEach(settings::addProperty);
    json.add("settings", settings);
    return json;
  }

  private static String text(List<LogSummary> all) {
    StringBuilder text = new StringBuilder();
    for (LogSummary one : all) {
      text.append(one.name()).append(": ").append(one.format()).append(", ");
      text.append(Figures.count(one.rows(), "row")).append(", ");
      text.append(Figures.count(one.series().size(), "numeric column")).append('\n');
      text.append(columns(one.series()));
      if (one.run() != null) {
        text.append(text(one, one.run()));
      } else {
        text.append("as a run: no; ").append(one.notARun()).append('\n');
      }
      for (String n : one.notes()) {
        text.append("note: ").append(n).append('\n');
      }
      text.append('\n');
    }
    text.setLength(text.length() - 1);
    return text.toString();
  }

  private static String columns(List<LogSummary.Series> columns) {
    List<String[]> rows = new ArrayList<>();
    rows.add(
        new String[] {"  column", "numbers", "absent", "NaN/inf", "least", "greatest", "last"});
    for (LogSummary.Series c : columns) {
      rows.add(
          new String[] {
            "  " + c.name(),
            Long.toString(c.numbers()),
            Long.toString(c.absent()),
            Long.toString(c.nonFinite()),
            Figures.of(c.least(), 6),
            Figures.of(c.greatest(), 6),
            Figures.of(c.last(), 6)
          });
    }
    return Figures.table(rows);
  }

  private static String text(LogSummary log, Run run) {
    int last = run.size() - 1;
    StringBuilder text = new StringBuilder("as a run: ");
    String axis = log.axis().equals("steps") || log.axis().equals("unknown") ? "step" : log.axis();
    text.append(Figures.count(run.size(), "point")).append(", ").append(axis).append(' ');
    text.append(run.step()[0]);
    text.append(" to ").append(run.step()[last]).append(", loss ");
    text.append(Figures.of(run.loss()[0], 5)).append(" to ");
    text.append(Figures.of(run.loss()[last], 5)).append('\n');
    for (Map.Entry<String, String> setting : run.settings().entrySet()) {
      text.append("  ").append(setting.getKey()).append(" = ").append(setting.getValue());
      text.append('\n');
    }
    return text.toString();
  }
}
