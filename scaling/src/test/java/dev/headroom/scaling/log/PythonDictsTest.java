package dev.headroom.scaling.log;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class PythonDictsTest {

  private static String bar(int at, int of) {
    return String.format("%3d%%|##  | %d/%d [00:10<01:20,  1.20it/s]", 100 * at / of, at, of);
  }

  private static String dict(String loss, double epoch) {
    return "{'loss': "
        + loss
        + ", 'grad_norm': 1.5, 'learning_rate': 5e-05, 'epoch': "
        + epoch
        + "}";
  }

  /** A bar, the log line that tqdm writes over it, and the bar drawn again. */
  private static String raw(int shown, int step, int of, String line) {
    return "\r" + bar(shown, of) + "\r        \r" + line + "\n\r" + bar(step, of);
  }

  @Test
  void takesTheStepFromTheBarThatIsDrawnAgain() {
    TextLog log =
        TextLog.of(
            raw(9, 10, 100, dict("2.5", 0.1))
                + raw(18, 20, 100, dict("2.4", 0.2))
                + raw(30, 30, 100, dict("2.3", 0.3))
                + "\n{'train_runtime': 9.5, 'train_loss': 2.4, 'epoch': 0.3}\n");
    assertEquals("Hugging Face Trainer text", log.format());
    assertEquals(List.of("10", "20", "30"), log.column("step"));
    assertEquals(List.of("2.5", "2.4", "2.3"), log.column("loss"));
    assertEquals("100", log.settings().get("total_steps"));
    assertEquals(List.of(), log.notes());
  }

  @Test
  void takesTheStepFromTheBarBeforeInACopiedConsole() {
    TextLog log =
        TextLog.of(
            "  0%|          | 0/60 [00:00<?, ?it/s]\n"
                + bar(10, 60)
                + "INFO:root:num_workers = 1\n"
                + dict("2.5", 1)
                + "\n"
                + bar(20, 60)
                + dict("2.4", 2)
                + "\n");
    assertEquals(List.of("10", "20"), log.column("step"));
  }

  @Test
  void anEvaluationHasTheStepBeforeItAndItsOwnBarIsPassedOver() {
    TextLog log =
        TextLog.of(
            raw(10, 10, 100, dict("2.5", 0.1))
                + "\r 50%|##  | 5/10 [00:01<00:01,  5.0it/s]"
                + "\r   \r{'eval_loss': 2.6, 'eval_runtime': 3.5, 'epoch': 0.1}\n\r"
                + bar(10, 100)
                + raw(20, 20, 100, dict("2.4", 0.2))
                + "\n");
    assertEquals(List.of("10", "10", "20"), log.column("step"));
    assertEquals(Arrays.asList(null, "2.6", null), log.column("eval_loss"));
  }

  @Test
  void readsQuotedValuesAndTheirOwnSteps() {
    TextLog log =
        TextLog.of(
            "Train:   2%|2  | 1/60 [00:42<41:47, 42.51s/it]{'loss': '0.3713', 'grad_norm': '0.89',"
                + " 'learning_rate': '3.3e-05', 'epoch': '0.086', 'global_step/max_steps': '1/60',"
                + " 'elapsed_time': '43s', 'memory(GiB)': '14.3'}\n"
                + "{'loss': '0.2992', 'learning_rate': '9.9e-05', 'epoch': '0.43',"
                + " 'global_step/max_steps': '5/60', 'elapsed_time': '3m 53s'}\n"
                + "{'loss': nan, 'learning_rate': [1e-05, 2e-05], 'epoch': 0.5, 'step': 6}\n");
    assertEquals(List.of("1", "5", "6"), log.column("step"));
    assertEquals(List.of("0.3713", "0.2992", "nan"), log.column("loss"));
    assertEquals("14.3", log.row(0).get("memory(GiB)"));
    assertEquals("60", log.settings().get("total_steps"));
    assertEquals(List.of(), log.notes());
  }

  @Test
  void countsTheLinesAndSaysSoWithoutBars() {
    TextLog log =
        TextLog.of(
            dict("2.5", 0.1)
                + "\n"
                + dict("2.4", 0.2)
                + "\n{'eval_loss': 2.6, 'epoch': 0.2}\n"
                + dict("2.3", 0.3)
                + "\n");
    assertEquals(List.of("1", "2", "2", "3"), log.column("step"));
    assertEquals(1, log.notes().size());
    assertTrue(log.notes().get(0).contains("the log carries no step"), log.notes().get(0));
  }

  @Test
  void countsTheLinesWhereTheOutputWasBuffered() {
    StringBuilder text = new StringBuilder();
    for (int i = 1; i <= 30; i++) {
      text.append('\r').append(bar(10 * i, 1000));
    }
    for (int i = 1; i <= 30; i++) {
      text.append(dict("2.5", 0.01 * i)).append('\n');
    }
    TextLog log = TextLog.of(text.toString());
    assertEquals("1", log.row(0).get("step"));
    assertEquals("30", log.row(29).get("step"));
    assertTrue(log.notes().get(0).contains("the log carries no step"), log.notes().get(0));
  }

  @Test
  void countsDictionariesThatEndEarlyButNoneBeforeTheFirstRow() {
    String torn = "{'loss': 2.4, 'grad_no\n";
    TextLog log =
        TextLog.of(
            torn
                + raw(9, 10, 100, dict("2.5", 0.1))
                + "\n"
                + torn
                + raw(30, 30, 100, dict("2.3", 0.3))
                + "\n");
    assertEquals(List.of("10", "30"), log.column("step"));
    assertEquals(1, log.notes().size(), log.notes().toString());
    String note = log.notes().get(0);
    assertTrue(note.startsWith("1 line left out: the line ends before its loss, first at log:"));
    assertTrue(note.endsWith("({'loss': 2.4, 'grad_no)"), note);
  }

  @Test
  void readsNoDictionaryOfAScript() {
    TextLog log =
        TextLog.of(
            "compile = {'loss': 'mse', 'metrics': ['acc']}\n"
                + "params = {'loss': 0.0, 'best': 1}\n"
                + "{'loss': 2.0, 'metrics': {'a': 1, 'b': [2, 3]}, 'learning_rate': 1e-5, 'epoch':"
                + " 0.5}\n");
    assertEquals(List.of("2.0"), log.column("loss"));
    assertEquals(List.of(3L), log.lines());
  }
}
