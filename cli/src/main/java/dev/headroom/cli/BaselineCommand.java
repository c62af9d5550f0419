package dev.headroom.cli;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import dev.headroom.scaling.check.baseline.BaselineComparison;
import dev.headroom.scaling.check.baseline.BaselineFolder;
import dev.headroom.scaling.check.baseline.BaselineSettings;
import dev.headroom.scaling.check.baseline.Comparison;
import dev.headroom.scaling.check.baseline.Golden;
import dev.headroom.scaling.check.baseline.GoldenRun;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Keeps a folder of golden runs. */
@Command(
    name = "headroom baseline",
    sortOptions = false,
    header = {
      "Keeps a folder of golden runs for headroom check --baseline.",
      "",
      "Examples:",
      "  headroom baseline add golden/ run-1.jsonl run-2.jsonl --hardware h100 --case gpt-small",
      "  headroom baseline list golden/",
      "  headroom baseline show golden/",
      "  headroom baseline remove golden/ 3f2a91c0d4e5",
      "  headroom check new.jsonl --baseline golden/",
      ""
    },
    footer = {
      "",
      "add stores logs of any kind that Headroom reads as canonical logs in full precision, with their",
      "hashes in baseline.json; nothing is replaced. show checks the hashes and says what difference",
      "these golden runs let check find, and whether one of them stands apart from the others.",
      "",
      "Exit codes: 0 done; 2 usage, or a run that cannot be golden; 3 a log or the folder is unreadable."
    })
final class BaselineCommand extends HeadroomCommand {

  private enum Action {
    ADD,
    LIST,
    SHOW,
    REMOVE
  }

  @Parameters(index = "0", paramLabel = "ACTION", description = "add, list, show or remove.")
  Action action;

  @Parameters(index = "1", paramLabel = "DIR", description = "Folder of the golden runs.")
  Path folder;

  @Parameters(
      index = "2..*",
      arity = "0..*",
      paramLabel = "RUN|NAME",
      description = "add: logs, one a run (- is standard input); remove: names that list shows.")
  List<String> words = new ArrayList<>();

  @Mixin LogOptions log = new LogOptions();

  @Option(
      names = "--hardware",
      paramLabel = "CLASS",
      description = "add: hardware class of the runs, such as h100.")
  String hardware = "";

  @Option(
      names = "--case",
      paramLabel = "NAME",
      description = "add: name of the case; a folder holds one case.")
  String caseName = "";

  @Override
  public Integer call() {
    boolean named = action == Action.ADD || action == Action.REMOVE;
    if (named == words.isEmpty()) {
      throw new IllegalArgumentException(
          "baseline "
              + action.name().toLowerCase(Locale.ROOT)
              + ": "
              + Figures.count(words.size(), "argument")
              + " after the folder (expected: "
              + (named ? "at least one)" : "none)"));
    }
    if (action == Action.REMOVE) {
      BaselineFolder.remove(folder, words);
    } else if (action == Action.ADD) {
      add();
    }
    show(BaselineFolder.open(folder));
    return ExitCode.OK;
  }

  private void add() {
    LogFiles files = log.files();
    for (String word : words) {
      Golden golden =
          BaselineFolder.add(folder, files.run(word), hardware, caseName, Headroom.VERSION);
      note("added " + golden.source() + " as " + golden.id());
    }
  }

  private void show(BaselineFolder baseline) {
    JsonObject json = json();
    json.addProperty("case", baseline.caseName());
    JsonArray list = new JsonArray();
    List<String[]> rows = new ArrayList<>();
    rows.add(new String[] {"name", "hardware", "points", "last step", "last loss", "source"});
    for (Golden golden : baseline.golden()) {
      list.add(json(golden));
      rows.add(
          new String[] {
            golden.id(),
            golden.hardware().isEmpty() ? "-" : golden.hardware(),
            Integer.toString(golden.points()),
            Long.toString(golden.lastStep()),
            Figures.of(golden.lastLoss(), 6),
            golden.source()
          });
    }
    json.add("golden", list);
    String title = baseline.caseName().isEmpty() ? "" : "case " + baseline.caseName() + "\n";
    String more = action == Action.SHOW ? spread(baseline, json) : "";
    emit(json, () -> title + Figures.table(rows) + more);
  }

  private static JsonObject json(Golden golden) {
    JsonObject one = new JsonObject();
    one.addProperty("name", golden.id());
    one.addProperty("hardware", golden.hardware());
    one.addProperty("points", golden.points());
    one.addProperty("lastStep", golden.lastStep());
    one.add("lastLoss", Json.number(golden.lastLoss()));
    one.addProperty("source", golden.source());
    one.addProperty("sha256", golden.sha256());
    one.addProperty("version", golden.version());
    return one;
  }

  /** Says what the golden runs let a check find, and compares each with the others. */
  private String spread(BaselineFolder baseline, JsonObject json) {
    List<GoldenRun> golden = baseline.read();
    BaselineComparison comparison = new BaselineComparison(BaselineSettings.defaults());
    double found = comparison.compare(golden, golden.get(0).run()).detectable();
    json.add("detectablePercent", Json.number(100 * found));
    StringBuilder text = new StringBuilder();
    text.append("\nhashes are right; ").append(Figures.count(golden.size(), "golden run"));
    text.append(" let check find a difference of ").append(Figures.percent(found));
    text.append(" over the whole run 4 times in 5\n");
    JsonArray apart = new JsonArray();
    for (int i = 0; golden.size() > 2 && i < golden.size(); i++) {
      List<GoldenRun> others = new ArrayList<>(golden);
      GoldenRun one = others.remove(i);
      Comparison c = comparison.compare(others, one.run());
      if (c.outcome().word().equals("different")) {
        String id = baseline.golden().get(i).id();
        apart.add(id);
        text.append(id).append(" stands apart from the others: ").append(c.message()).append('\n');
      }
    }
    json.add("apart", apart);
    return text.toString();
  }
}
