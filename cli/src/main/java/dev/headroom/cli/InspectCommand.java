package dev.headroom.cli;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import dev.headroom.scaling.log.Run;
import dev.headroom.scaling.log.Table;
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
      "Says what is in a log: its columns and their ranges, and as a run its steps, gaps,",
      "duplicates and NaNs.",
      "",
      "Examples:",
      "  headroom inspect run.jsonl",
      "  headroom inspect metrics.csv --map step=Step,loss='train loss' --json",
      ""
    },
    footer = {"", "Exit codes: 0 good; 2 usage; 3 a log is unreadable or empty."})
final class InspectCommand extends HeadroomCommand {

  @Parameters(
      paramLabel = "FILE",
      arity = "1..*",
      description = "Logs or tables (JSONL, CSV; - is standard input).")
  List<String> files;

  @Mixin LogOptions log = new LogOptions();

  private record Column(
      String name, long numbers, long absent, long odd, double least, double most, double last) {}

  private record Inspected(Table table, List<Column> columns, Run run, String notARun) {}

  @Override
  public Integer call() {
    LogFiles reader = log.files();
    List<Inspected> all = new ArrayList<>();
    for (String file : files) {
      all.add(inspect(reader, file));
    }
    emit(json(all), () -> text(all));
    return ExitCode.OK;
  }

  private static Inspected inspect(LogFiles reader, String file) {
    Table table = reader.table(file);
    List<Column> columns = new ArrayList<>();
    for (int c = 0; c < table.columns().size(); c++) {
      columns.add(column(table.columns().get(c), table.values()[c]));
    }
    try {
      return new Inspected(table, columns, reader.run(file), null);
    } catch (IllegalArgumentException e) {
      if (!reader.map().columns().isEmpty()) {
        throw e;
      }
      return new Inspected(table, columns, null, e.getMessage());
    }
  }

  private static Column column(String name, double[] cells) {
    long absent = 0;
    long odd = 0;
    double least = Double.NaN;
    double most = Double.NaN;
    double last = Double.NaN;
    for (double cell : cells) {
      if (Run.isAbsent(cell)) {
        absent++;
      } else if (!Double.isFinite(cell)) {
        odd++;
      } else {
        least = !(least <= cell) ? cell : least;
        most = !(most >= cell) ? cell : most;
        last = cell;
      }
    }
    return new Column(name, cells.length - absent - odd, absent, odd, least, most, last);
  }

  private JsonObject json(List<Inspected> all) {
    JsonObject json = json();
    JsonArray list = new JsonArray();
    for (Inspected one : all) {
      JsonObject file = new JsonObject();
      file.addProperty("file", one.table.name());
      file.addProperty("rows", one.table.rows());
      JsonArray columns = new JsonArray();
      one.columns.forEach(c -> columns.add(json(c)));
      file.add("columns", columns);
      file.add("run", one.run == null ? com.google.gson.JsonNull.INSTANCE : json(one.run));
      file.add("notes", Json.texts(one.run == null ? one.table.notes() : one.run.notes()));
      list.add(file);
    }
    json.add("files", list);
    return json;
  }

  private static JsonObject json(Column column) {
    JsonObject json = new JsonObject();
    json.addProperty("name", column.name);
    json.addProperty("numbers", column.numbers);
    json.addProperty("absent", column.absent);
    json.addProperty("nonFinite", column.odd);
    json.add("min", Json.number(column.least));
    json.add("max", Json.number(column.most));
    json.add("last", Json.number(column.last));
    return json;
  }

  private static JsonObject json(Run run) {
    JsonObject json = new JsonObject();
    json.addProperty("points", run.size());
    json.addProperty("firstStep", run.step()[0]);
    json.addProperty("lastStep", run.step()[run.size() - 1]);
    json.add("firstLoss", Json.number(run.loss()[0]));
    json.add("lastLoss", Json.number(run.loss()[run.size() - 1]));
    JsonObject settings = new JsonObject();
    run.settings().forEach(settings::addProperty);
    json.add("settings", settings);
    return json;
  }

  private static String text(List<Inspected> all) {
    StringBuilder text = new StringBuilder();
    for (Inspected one : all) {
      text.append(one.table.name()).append(": ");
      text.append(Figures.count(one.table.rows(), "row")).append(", ");
      text.append(Figures.count(one.columns.size(), "numeric column")).append('\n');
      text.append(columns(one.columns));
      if (one.run != null) {
        text.append(run(one.run));
      } else {
        text.append("as a run: no; ").append(one.notARun).append('\n');
      }
      for (String n : one.run == null ? one.table.notes() : one.run.notes()) {
        text.append("note: ").append(n).append('\n');
      }
      text.append('\n');
    }
    text.setLength(text.length() - 1);
    return text.toString();
  }

  private static String columns(List<Column> columns) {
    List<String[]> rows = new ArrayList<>();
    rows.add(
        new String[] {"  column", "numbers", "absent", "NaN/inf", "least", "greatest", "last"});
    for (Column c : columns) {
      rows.add(
          new String[] {
            "  " + c.name,
            Long.toString(c.numbers),
            Long.toString(c.absent),
            Long.toString(c.odd),
            Figures.of(c.least, 6),
            Figures.of(c.most, 6),
            Figures.of(c.last, 6)
          });
    }
    return Figures.table(rows);
  }

  private static String run(Run run) {
    int last = run.size() - 1;
    StringBuilder text = new StringBuilder("as a run: ");
    text.append(Figures.count(run.size(), "point")).append(", step ").append(run.step()[0]);
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
