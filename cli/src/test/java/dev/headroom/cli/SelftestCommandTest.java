package dev.headroom.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.headroom.scaling.law.Law;
import dev.headroom.scaling.law.Laws;
import org.junit.jupiter.api.Test;

class SelftestCommandTest {

  @Test
  void everyLawPasses() {
    Ran ran = Ran.headroom("selftest", "laws", "--json");
    assertEquals(0, ran.code(), ran.out() + ran.err());
    String checks = JsonParser.parseString(ran.out()).getAsJsonObject().get("checks").toString();
    for (Law law : Laws.all()) {
      assertTrue(checks.contains('"' + law.name() + '"'), law.name());
    }
    assertEquals(2, Ran.headroom("selftest", "laws2").code());
  }

  @Test
  void forecastsTheRunsThatComeWithHeadroom() {
    Ran ran = Ran.headroom("selftest", "forecasts");
    assertEquals(0, ran.code(), ran.out() + ran.err());
    assertTrue(ran.out().contains("fixtures"), ran.out());
    assertTrue(ran.out().contains("Bands: share of forecasts"), ran.out());
    assertEquals(3, Ran.headroom("selftest", "forecasts", "--data", "absent").code());
  }

  @Test
  void theRulesAreAsGoodAsPromisedOnOurOwnRuns() {
    Ran ran = Ran.headroom("selftest", "checks", "--json");
    assertEquals(0, ran.code(), ran.out() + ran.err());
    JsonObject json = JsonParser.parseString(ran.out()).getAsJsonObject();
    // 5 configurations, 5 numbers of golden runs, healthy and 3 kinds of 7 sizes.
    assertEquals(5 * 5 * 22, json.getAsJsonObject("baseline").getAsJsonArray("rates").size());
    String rows = json.get("rows").toString();
    assertTrue(rows.contains("Headroom's own runs"), rows);
    assertTrue(rows.contains("noisy: spike of +100 %, 5 rows"), rows);
    Ran text = Ran.headroom("selftest", "checks");
    assertTrue(text.out().contains("Per thousand good runs: 0.0 with an error"), text.out());
    assertTrue(text.out().contains("\n| healthy repeats, golden runs | worse |"), text.out());
    Ran nothing = Ran.headroom("selftest", "checks", "--data", "src/test/resources");
    assertEquals(2, nothing.code(), nothing.err());
  }
}
