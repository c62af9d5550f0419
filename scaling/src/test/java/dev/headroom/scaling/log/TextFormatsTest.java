package dev.headroom.scaling.log;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

class TextFormatsTest {

  private static final String SETTING = "num_layers ...... 24\n betas ...... (0.9, 0.95)\n";

  @Test
  void findsTheFamilyBehindALongBeginning() {
    String rank = "[INFO] [Rank 0] step=%d, skipped=0, lr=[1e-05], mom=[(0.9, 0.999)]\n";
    TextLog log =
        TextLog.of(
            SETTING.repeat(5000)
                + String.format(rank, 1)
                + " iteration        1/      10 | learning rate: 2E-05 | lm loss: 1.1E+01 |\n"
                + String.format(rank, 2)
                + " iteration        2/      10 | learning rate: 3E-05 | lm loss: 1.0E+01 |\n");
    assertEquals("training log", log.format());
    assertEquals(List.of("1.1E+01", "1.0E+01"), log.column("lm loss"));
    assertEquals(List.of("step", "learning rate", "lm loss"), List.copyOf(log.row(0).keySet()));
    assertEquals(10_002, log.lines().get(0));
  }

  @Test
  void givesDeepSpeedRowsWhereNothingBetterCame() {
    StringBuilder text = new StringBuilder(SETTING.repeat(5000));
    for (int i = 1; i <= 9000; i++) {
      text.append("[Rank 0] step=")
          .append(i)
          .append(", skipped=0, lr=[1e-05], mom=[(0.9, 0.99)]\n");
    }
    TextLog log = TextLog.of(text.toString());
    assertEquals(9000, log.rows().size());
    assertEquals("9000", log.row(8999).get("step"));
    assertEquals("4097", log.row(4096).get("step"));
  }

  @Test
  void leavesTablesAndJsonToTheirReaders() {
    assertEquals("CSV", TextLog.of("step,loss\n" + "1,2.5\n".repeat(20_000)).format());
    assertEquals("CSV", TextLog.of("step,loss,note\n1,2.5,step 3: loss\n").format());
    assertEquals("JSONL", TextLog.of("{\"step\":1,\"loss\":2.5}\n".repeat(5000)).format());
  }

  @Test
  void readsTheJsonLinesOfLlamaFactory() {
    TextLog log =
        TextLog.of(
            "{\"current_steps\": 10, \"total_steps\": 300, \"loss\": 1.5, \"lr\": 5e-05, \"epoch\":"
                + " 0.1, \"percentage\": 3.33, \"elapsed_time\": \"0:00:30\"}\n");
    assertEquals("10", log.row(0).get("current_steps"));
    assertEquals("1.5", log.row(0).get("loss"));
  }

  @Test
  void boundsAnEndlessLineAndTooManyNames() {
    TextLog endless =
        TextLog.of(
            "step: 1  loss: 2.5  tps: 9\n"
                + "x".repeat(9_000_000)
                + "\nstep: 2  loss: 2.4  tps: 9\n");
    assertEquals(List.of("1", "2"), endless.column("step"));
    assertEquals(List.of(1L, 3L), endless.lines());
    StringBuilder many = new StringBuilder();
    for (int i = 0; i < 3000; i++) {
      many.append("step: ").append(i).append("  loss: 2.5  name").append(i).append(": 1\n");
    }
    TextLog log = TextLog.of(many.toString());
    assertEquals(3000, log.rows().size());
    assertTrue(log.notes().get(0).contains("too many different names"), log.notes().get(0));
  }

  @Test
  void findsAValidationThatComesLateInALog() {
    StringBuilder text = new StringBuilder();
    for (int i = 1; i <= 2000; i++) {
      text.append(" iteration ").append(i).append("/ 5000 | lm loss: 4.5 |\n");
    }
    text.append(" validation loss at iteration 2000 | lm loss value: 4.25 |\n");
    Run run = run(text.toString());
    assertEquals(4.25, run.columns().get("val_loss")[1999]);
    Run without = run(text.substring(0, text.indexOf(" validation")));
    assertFalse(without.columns().containsKey("val_loss"));
  }

  private static Run run(String text) {
    return LogReader.readRun(
        new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)),
        "log",
        ColumnMap.none(),
        RowFilter.all());
  }

  @Test
  void aRunTakesTheUsualColumnsOfEveryFamily() {
    Run run =
        run(
            " iteration 10/ 90 | consumed tokens: 640 | learning rate: 2E-05 | lm loss: 4.5 |"
                + " grad norm: 1.5 |\n"
                + " validation loss at iteration 10 | lm loss value: 4.25 |\n");
    assertEquals(4.5, run.loss()[0]);
    assertEquals(4.25, run.columns().get("val_loss")[0]);
    assertEquals(640, run.columns().get("tokens")[0]);
    assertEquals(2e-5, run.columns().get("lr")[0]);
    assertEquals(1.5, run.columns().get("grad_norm")[0]);
    assertEquals("90", run.settings().get("total_steps"));
    assertFalse(run.columns().containsKey("time"));
  }
}
