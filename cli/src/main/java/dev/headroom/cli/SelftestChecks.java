package dev.headroom.cli;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import dev.headroom.scaling.check.trial.CheckTrials;
import dev.headroom.scaling.check.trial.LabelledRun;
import dev.headroom.scaling.check.trial.PublicSets;
import dev.headroom.scaling.check.trial.TrialRow;
import dev.headroom.scaling.log.Run;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Measures the rules: on the runs that come with Headroom, or on a folder of public ones; the rule
 * baseline on repeats made here, or on those of logs-seeds.
 */
final class SelftestChecks {
  private static final double FALSE_ALARMS = 0.01;
  private static final double POWER = 0.95;
  private static final int DRAWS = 50;
  private static final int PUBLIC_DRAWS = 200;

  private final List<TrialRow> rows = new ArrayList<>();
  private final List<String> notes = new ArrayList<>();
  private SeedsSelftest.Part repeats;

  /** Judges our own runs, or those of a folder. */
  static SelftestChecks of(Path data) {
    SelftestChecks out = new SelftestChecks();
    List<Run> own = FixtureRuns.all();
    out.rows.add(CheckTrials.healthy("Headroom's own runs", own));
    List<Run> bases = new ArrayList<>(own);
    if (data == null) {
      out.repeats = SeedsSelftest.measure(null, DRAWS);
    } else {
      try {
        out.read(data, bases);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    out.rows.addAll(CheckTrials.injected(bases));
    return out;
  }

  private void read(Path data, List<Run> bases) throws IOException {
    PublicSets sets = new PublicSets(data);
    for (Map.Entry<String, List<Run>> set : sets.healthy().entrySet()) {
      rows.add(CheckTrials.healthy(set.getKey(), set.getValue()));
      bases.addAll(set.getValue());
    }
    for (LabelledRun run : sets.labelled()) {
      rows.add(CheckTrials.labelled(run));
    }
    if (rows.size() == 1) {
      throw new IllegalArgumentException(
          "--data: no known set in it (expected: the folder that holds logs-spikes, logs-seeds, ...)");
    }
    notes.addAll(sets.unread());
    Path seeds = data.resolve("logs-seeds");
    if (Files.isDirectory(seeds)) {
      repeats = SeedsSelftest.measure(seeds, PUBLIC_DRAWS);
    } else {
      notes.add("logs-seeds: not there, so the rule baseline is not measured");
    }
  }

  List<String> notes() {
    return notes;
  }

  private int sum(String table, java.util.function.ToIntFunction<TrialRow> count) {
    return rows.stream().filter(r -> r.table().equals(table)).mapToInt(count).sum();
  }

  /** Returns what is not as good as promised. */
  List<String> failures() {
    List<String> out = new ArrayList<>();
    int runs = sum("healthy", TrialRow::runs);
    if (sum("healthy", TrialRow::found) > FALSE_ALARMS * runs) {
      out.add("false alarms: " + sum("healthy", TrialRow::found) + " of " + runs);
    }
    if (sum("healthy", TrialRow::live) > FALSE_ALARMS * runs) {
      out.add("false alarms while rows come: " + sum("healthy", TrialRow::live) + " of " + runs);
    }
    for (TrialRow row : rows) {
      boolean large =
          row.name().equals("quiet: spike of +50 %, 5 rows")
              || row.name().equals("quiet: step of +20 % that stays");
      boolean labelled = row.table().equals("labelled") && row.points() >= 8;
      if (row.found() < row.runs() && labelled || large && row.found() < POWER * row.runs()) {
        out.add("not found: " + row.name());
      }
    }
    out.addAll(repeats == null ? List.of() : repeats.failures());
    return out;
  }

  /** Adds the rows. */
  void json(JsonObject json) {
    JsonArray list = new JsonArray();
    for (TrialRow row : rows) {
      JsonObject one = new JsonObject();
      one.addProperty("table", row.table());
      one.addProperty("name", row.name());
      one.addProperty("runs", row.runs());
      one.addProperty("points", row.points());
      one.addProperty("found", row.found());
      one.addProperty("warned", row.warned());
      one.addProperty("live", row.live());
      one.add("delay", Json.number(row.delay()));
      one.addProperty("first", row.first());
      list.add(one);
    }
    json.add("rows", list);
    if (repeats != null) {
      json.add("baseline", repeats.json());
    }
    json.add("failures", Json.texts(failures()));
  }

  /** Writes the tables as Markdown, which reads well in a terminal too. */
  String text() {
    StringBuilder out = new StringBuilder();
    table(out, "healthy", "| good runs | runs | losses | errors | warnings only | live errors |");
    int runs = sum("healthy", TrialRow::runs);
    out.append(
        String.format(
            Locale.ROOT,
            "%nPer thousand good runs: %.1f with an error, %.1f with a warning only, %.1f with an"
                + " error while the rows come.%n%n",
            1000.0 * sum("healthy", TrialRow::found) / runs,
            1000.0 * sum("healthy", TrialRow::warned) / runs,
            1000.0 * sum("healthy", TrialRow::live) / runs));
    if (sum("labelled", TrialRow::runs) > 0) {
      table(out, "labelled", "| labelled run | losses | found | rows until the live alarm |");
      out.append('\n');
    }
    table(out, "injected", "| fault put in | runs | found | live | rows until the live alarm |");
    return repeats == null ? out.toString() : out.append('\n').append(repeats.text()).toString();
  }

  private void table(StringBuilder out, String table, String head) {
    out.append(head).append('\n');
    out.append(head.replaceAll("[^|]+", "---")).append('\n');
    for (TrialRow row : rows) {
      if (row.table().equals(table)) {
        out.append(row.markdown()).append('\n');
      }
    }
  }
}
