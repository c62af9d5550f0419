package dev.headroom.cli;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import dev.headroom.scaling.fit.LawCheck;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Checks Headroom's own numerics on this machine. */
@Command(
    name = "headroom selftest",
    sortOptions = false,
    header = {
      "Checks Headroom's own numerics and rules on this machine, without any file.",
      "",
      "Examples:",
      "  headroom selftest laws",
      "  headroom selftest laws --json -o laws.json",
      "  headroom selftest checks --data ../data",
      "  headroom selftest forecasts --data ../data",
      ""
    },
    footer = {
      "",
      "laws: every law is fitted to points that it gives itself, exact and with noise of 0.3 and 1 per",
      "cent, and must come out within the noise; published constants must give the published losses.",
      "",
      "checks: the rules of headroom check on good runs (false alarms), on runs with labelled faults and",
      "on good runs with faults of known size put into them; judged whole and row by row. The rule",
      "baseline on repeats of one configuration beside 1 to 10 golden runs: how often healthy ones are",
      "called different, and how often regressions of 0.1 to 5 per cent are found.",
      "",
      "forecasts: the end of every finished run is forecast from 30, 50, 70 and 80 per cent of it, with",
      "and without siblings; the table gives the mean error and how often the bands held what came.",
      "",
      "Exit codes: 0 all passed; 1 a check failed; 2 usage."
    })
final class SelftestCommand extends HeadroomCommand {

  @Parameters(paramLabel = "WHAT", description = "laws, checks or forecasts.")
  String what;

  @Option(
      names = "--data",
      paramLabel = "DIR",
      description =
          "The folder that holds the public sets. checks: lr-schedules, logs-seeds, logs-spikes and"
              + " others, those that are there; forecasts: lr-schedules, lr-dense-100M and"
              + " olmo-ladder. Without it, the small runs that come with Headroom and repeats made"
              + " on the spot.")
  Path data;

  @Override
  public Integer call() {
    return switch (what) {
      case "laws" -> laws();
      case "checks" -> checks();
      case "forecasts" -> forecasts();
      default ->
          throw new IllegalArgumentException(
              "selftest: " + what + " (expected: laws, checks or forecasts)");
    };
  }

  private int forecasts() {
    SelftestForecasts forecasts = SelftestForecasts.of(data);
    JsonObject json = json();
    forecasts.fill(json);
    emit(json, forecasts::text);
    return forecasts.failures().isEmpty() ? ExitCode.OK : ExitCode.CHECK_FAILED;
  }

  private int checks() {
    SelftestChecks checks = SelftestChecks.of(data);
    checks.notes().forEach(n -> note("note: not read: " + n));
    JsonObject json = json();
    checks.json(json);
    emit(json, checks::text);
    checks.failures().forEach(f -> err().println(spec.name() + ": " + f));
    return checks.failures().isEmpty() ? ExitCode.OK : ExitCode.CHECK_FAILED;
  }

  private int laws() {
    List<LawCheck> checks = LawCheck.all();
    long failed = checks.stream().filter(c -> !c.passed()).count();
    JsonObject json = json();
    JsonArray list = new JsonArray();
    List<String[]> rows = new ArrayList<>();
    rows.add(new String[] {"law", "check", "reached", "wanted", ""});
    for (LawCheck check : checks) {
      JsonObject one = new JsonObject();
      one.addProperty("law", check.law());
      one.addProperty("check", check.check());
      one.add("reached", Json.number(check.reached()));
      one.add("wanted", Json.number(check.wanted()));
      one.addProperty("passed", check.passed());
      list.add(one);
      rows.add(
          new String[] {
            check.law(),
            check.check(),
            Figures.of(check.reached(), 3),
            Figures.of(check.wanted(), 3),
            check.passed() ? "passed" : "FAILED"
          });
    }
    json.add("checks", list);
    json.addProperty("failed", failed);
    String end = Figures.count(checks.size(), "check") + ", " + failed + " failed\n";
    emit(json, () -> Figures.table(rows) + end);
    return failed == 0 ? ExitCode.OK : ExitCode.CHECK_FAILED;
  }
}
