package dev.headroom.cli.verdict;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.headroom.scaling.check.FailOn;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

class MarkdownReportTest {

  private static List<String> rows(String text) {
    return text.lines().filter(line -> line.startsWith("|")).toList();
  }

  @Test
  void hasOneRowForEachRunAndTheWorstFirst() {
    List<String> rows = rows(MarkdownReport.text(Verdicts.all()));
    assertEquals(2 + 5, rows.size());
    assertTrue(rows.get(2).contains("**unreadable**"), rows.get(2));
    assertTrue(rows.get(5).contains("warned.csv"), rows.get(5));
    assertTrue(rows.get(6).contains("runs/good.jsonl | passed | 2 | 10 | 2.5000 | 0 | 0"));
    for (String row : rows) {
      assertEquals(8, row.replace("\\|", "").chars().filter(c -> c == '|').count(), row);
    }
  }

  @Test
  void countsTheRuns() {
    assertTrue(
        MarkdownReport.text(Verdicts.all())
            .contains("**5 runs**, 2 passed, 2 failed, 1 unreadable"));
  }

  @Test
  void listsTheFindings() {
    String text = MarkdownReport.text(List.of(Verdicts.good(), Verdicts.bad()));
    assertTrue(text.contains("- **error** `finite` at step 8: loss is NaN\n"), text);
    assertTrue(text.contains("- warning `spike` at step 3: 10 % up\n"), text);
    assertFalse(text.contains("### runs/good.jsonl"), text);
  }

  @Test
  void setsRunsBesideTheirGoldenRuns() {
    Judged undecided = Verdicts.undecided(FailOn.ERROR);
    String text = MarkdownReport.text(List.of(Verdicts.good(), undecided));
    List<String> rows = rows(text);
    String beside = "| cannot tell: +0.10 % (-1.00 to +1.20) |";
    assertTrue(rows.get(2).endsWith("| 0 | 1 " + beside), rows.get(2));
    assertTrue(rows.get(3).endsWith("| 0 | 0 |  |"), rows.get(3));
    assertTrue(text.contains("- warning `baseline` at step 10: cannot tell\n"), text);
  }

  @Test
  void letsNoTextOfALogBecomeMarkup() {
    String text = MarkdownReport.text(List.of(Verdicts.nasty()));
    assertFalse(text.contains("<e"), text);
    assertTrue(text.contains("\\`c\\` \\*d\\* &lt;e a"), text);
    assertTrue(text.contains("\\[h\\](i) ::error::x "), text);
  }

  @Test
  void cutsAfterALineAndSaysSo() {
    String text = "| row ü |\n".repeat(1000);
    String cut = MarkdownReport.fit(text, 500);
    assertTrue(cut.getBytes(StandardCharsets.UTF_8).length <= 500);
    assertTrue(cut.getBytes(StandardCharsets.UTF_8).length > 480);
    assertTrue(
        cut.endsWith("| row ü |\n\n_Cut here: the rest is beyond the limit of this page._\n"));
    assertEquals(text, MarkdownReport.fit(text, 100_000));
    assertEquals("", MarkdownReport.fit(text, 10));
  }
}
