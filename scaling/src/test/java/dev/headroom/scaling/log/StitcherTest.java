package dev.headroom.scaling.log;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.junit.jupiter.api.Test;

class StitcherTest {

  private static Run run(String csv) {
    return LogReader.readRun(
        new ByteArrayInputStream(csv.getBytes(StandardCharsets.UTF_8)),
        "log",
        ColumnMap.none(),
        RowFilter.all());
  }

  private static String rows(int from, int to, int by, double loss) {
    StringBuilder out = new StringBuilder();
    for (int step = from; step <= to; step += by) {
      out.append(step).append(',').append(loss).append('\n');
    }
    return out.toString();
  }

  private static void assertNote(Run run, String part) {
    assertTrue(run.notes().stream().anyMatch(n -> n.contains(part)), run.notes().toString());
  }

  @Test
  void dropsWhatWasTrainedAfterTheStepOfARestart() {
    Run run = run("step,loss\n" + rows(10, 1000, 10, 3) + rows(905, 955, 10, 2));
    assertEquals(955, run.step()[run.size() - 1]);
    assertEquals(90 + 6, run.size());
    assertEquals(2, run.loss()[90]);
    assertNote(run, "restarted once, first from 1000 to 905 at log:102");
    assertNote(run, "replace the 10 older ones");
  }

  @Test
  void stitchesARestartThatCrashedAgain() {
    Run run = run("step,loss\n" + rows(1, 100, 1, 3) + rows(91, 95, 1, 2) + rows(91, 200, 1, 1));
    assertEquals(200, run.size());
    assertEquals(3, run.loss()[89]);
    assertEquals(1, run.loss()[90]);
    assertNote(run, "restarted 2 times");
    assertNote(run, "replace the 15 older ones");
  }

  @Test
  void knowsARestartThatLogsLessOften() {
    Run run = run("step,loss\n" + rows(1, 100, 1, 3) + rows(52, 200, 4, 1));
    assertEquals(51 + 38, run.size());
    assertNote(run, "restarted once");
  }

  @Test
  void laysLinesOutOfOrderAmongTheOthers() {
    Run run = run("step,loss\n1,9\n2,8\n4,6\n3,7\n5,5\n6,4\n");
    assertArrayEquals(new double[] {9, 8, 7, 6, 5, 4}, run.loss());
    assertNote(run, "steps go back once without a restart, first from 4 to 3 at log:5");
    assertFalse(run.notes().stream().anyMatch(n -> n.startsWith("restarted")));
  }

  @Test
  void takesASummaryAtTheEndForNoRestart() {
    Run run = run("step,loss\n" + rows(1, 1000, 1, 3) + rows(100, 1000, 100, 3));
    assertEquals(1000, run.size());
    assertNote(run, "10 duplicate steps, first 100");
  }

  @Test
  void sortsRowsThatAreInNoOrder() {
    Random random = new Random(7);
    StringBuilder csv = new StringBuilder("step,loss\n");
    for (int i = 0; i < 20_000; i++) {
      int step = random.nextInt(5_000);
      csv.append(step).append(',').append(step).append('\n');
    }
    Run run = run(csv.toString());
    for (int i = 0; i < run.size(); i++) {
      assertEquals(run.step()[i], run.loss()[i]);
    }
    assertNote(run, "without a restart");
  }

  @Test
  void tellsSeveralRunsOfOneFileApart() {
    String csv = "run,step,loss\n0,0,9\n0,10,5\n1,0,8\n1,10,4\n2,0,7\n2,10,3\n";
    Run run = run(csv);
    assertArrayEquals(new double[] {7, 3}, run.loss());
    assertNote(run, "column 'run' tells 3 runs apart");
  }

  @Test
  void putsTheValidationLossOfAStepWithoutALossBesideTheNearest() {
    Run run = run("step,loss,val_loss\n0,,10\n1,5,\n2,4,\n3,,3.5\n4,3,\n2,,3.9\n");
    assertArrayEquals(new long[] {1, 2, 4}, run.step());
    assertArrayEquals(
        new double[] {10, 3.9}, java.util.Arrays.copyOf(run.columns().get("val_loss"), 2));
    assertNote(run, "2 of 5 steps have no loss");
  }

  @Test
  void countsAnEvaluationThatIsRepeatedOnEveryLineOnce() {
    StringBuilder csv = new StringBuilder("step,loss,val_loss\n");
    for (int step = 1; step <= 100; step++) {
      csv.append(step + "," + (5 - step * 0.01) + "," + (4 - step / 20 * 0.1) + "\n");
    }
    double[] validation = run(csv.toString()).columns().get("val_loss");
    int held = 0;
    for (double value : validation) {
      held += Run.isAbsent(value) ? 0 : 1;
    }
    assertEquals(6, held);
  }

  @Test
  void notesALossThatItsLoggerAveraged() {
    Random random = new Random(3);
    StringBuilder raw = new StringBuilder("step,loss\n");
    StringBuilder smooth = new StringBuilder("step,loss\n");
    double mean = 3;
    for (int step = 1; step <= 2000; step++) {
      double loss = 3 + 0.1 * random.nextGaussian();
      mean = 0.9 * mean + 0.1 * loss;
      raw.append(step + "," + loss + "\n");
      smooth.append(step + "," + mean + "\n");
    }
    assertNote(run(smooth.toString()), "the loss looks smoothed");
    assertFalse(run(raw.toString()).notes().stream().anyMatch(n -> n.contains("smoothed")));
  }

  @Test
  void saysWhatTheAxisCountsWhereItIsNotSteps() {
    assertNote(run("consumed_tokens,loss\n1000,5\n2000,4\n"), "the axis counts tokens");
    assertNote(run("step,train/bpb\n1,1.5\n2,1.4\n"), "the loss is in bits");
  }
}
