package dev.headroom.cli;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import dev.headroom.scaling.fit.LawCheck;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** Checks Headroom's own numerics on this machine. */
@Command(
    name = "headroom selftest",
    sortOptions = false,
    header = {
      "Checks Headroom's own numerics on this machine, without any file.",
      "",
      "Examples:",
      "  headroom selftest laws",
      "  headroom selftest laws --json -o laws.json",
      ""
    },
    footer = {
      "",
      "laws: every law is fitted to points that it gives itself, exact and with noise of 0.3 and 1 per",
      "cent, and must come out within the noise; published constants must give the published losses.",
      "",
      "Exit codes: 0 all passed; 1 a check failed; 2 usage."
    })
final class SelftestCommand extends HeadroomCommand {

  @Parameters(paramLabel = "WHAT", description = "laws.")
  String what;

  @Override
  public Integer call() {
    if (!what.equals("laws")) {
      throw new IllegalArgumentException("selftest: " + what + " (expected: laws)");
    }
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
