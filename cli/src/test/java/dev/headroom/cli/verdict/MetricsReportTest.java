package dev.headroom.cli.verdict;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.headroom.scaling.check.FailOn;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MetricsReportTest {

  private static double value(List<Judged> runs, String name, Map<String, String> labels) {
    return OpenMetricsText.parse(MetricsReport.text(runs)).stream()
        .filter(s -> s.name().equals(name) && s.labels().equals(labels))
        .findFirst()
        .orElseThrow()
        .value();
  }

  @Test
  void isReadByAStrictReader() {
    List<Judged> runs = Verdicts.all();
    Map<String, String> good = Map.of("run", "runs/good.jsonl");
    assertEquals(1, value(runs, "headroom_check_passed", good));
    assertEquals(2.5, value(runs, "headroom_check_last_loss_nats", good));
    assertEquals(10, value(runs, "headroom_check_last_step", good));
    Map<String, String> bad = Map.of("run", "runs/bad _1.jsonl");
    assertEquals(0, value(runs, "headroom_check_passed", bad));
    assertTrue(Double.isNaN(value(runs, "headroom_check_last_loss_nats", bad)));
    assertEquals(
        2,
        value(
            runs,
            "headroom_check_findings",
            Map.of("run", "runs/bad _1.jsonl", "rule", "finite", "severity", "error")));
    assertEquals(0, value(runs, "headroom_check_readable", Map.of("run", "absent.csv")));
    assertEquals(0, OpenMetricsText.parse(MetricsReport.text(List.of())).size());
  }

  @Test
  void measuresRunsBesideTheirGoldenRuns() {
    List<Judged> runs = List.of(Verdicts.good(), Verdicts.undecided(FailOn.ERROR));
    Map<String, String> run = Map.of("run", "undecided.csv");
    assertEquals(.001, value(runs, "headroom_check_baseline_difference_ratio", run));
    assertEquals(.02, value(runs, "headroom_check_baseline_detectable_ratio", run));
    assertFalse(MetricsReport.text(Verdicts.all()).contains("baseline"));
  }

  @Test
  void keepsEveryCharacterOfANameButThoseThatEndALine() {
    String name = Verdicts.NASTY.replace('#', '_').replace("\r", "");
    List<Judged> runs = List.of(Verdicts.nasty());
    assertEquals(1e-300, value(runs, "headroom_check_last_loss_nats", Map.of("run", name)));
  }

  @Test
  void isReadByGitlabWithEveryMetric() {
    String text = MetricsReport.text(Verdicts.all());
    Map<String, String> metrics = GitlabMetrics.parse(text);
    assertEquals(OpenMetricsText.parse(text).size(), metrics.size());
    assertEquals("1", metrics.get("headroom_check_passed{run=runs/good.jsonl}"));
    assertEquals("2.5", metrics.get("headroom_check_last_loss_nats{run=runs/good.jsonl}"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "# TYPE a gauge\na 1\n",
        "a 1\n# EOF\n",
        "# TYPE a gauge\na 1\n# HELP a late\n# EOF\n",
        "# TYPE a gauge\na 1\na 2\n# EOF\n",
        "# TYPE a gauge\na 1\n# TYPE b gauge\nb 1\na{c=\"d\"} 1\n# EOF\n",
        "# TYPE a gauge\n# UNIT a nats\na 1\n# EOF\n",
        "# TYPE a gauge\na{b=\"\\x\"} 1\n# EOF\n",
        "# TYPE a gauge\na nan\n# EOF\n",
        "# TYPE a gauge\n\na 1\n# EOF\n"
      })
  void theStrictReaderRefusesWhatIsNoOpenMetrics(String wrong) {
    assertThrows(IllegalArgumentException.class, () -> OpenMetricsText.parse(wrong));
  }
}
