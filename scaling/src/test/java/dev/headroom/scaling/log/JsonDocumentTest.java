package dev.headroom.scaling.log;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class JsonDocumentTest {

  private static LogSummary read(String text) {
    return LogReader.summary(
        new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)),
        "log",
        ColumnMap.none(),
        RowFilter.all());
  }

  @Test
  void readsTheHistoryOfATrainerState() {
    LogSummary log =
        read(
            "{\n \"global_step\": 20,\n \"log_history\": [\n"
                + "  {\"loss\": 2.5, \"learning_rate\": 1e-4, \"step\": 10},\n"
                + "  {\"eval_a_loss\": 2.25, \"step\": 10},\n"
                + "  {\"loss\": NaN, \"step\": 20}],\n \"max_steps\": 40}\n");
    assertEquals("Hugging Face trainer_state.json", log.format());
    assertEquals(2.5, log.run().loss()[0]);
    assertTrue(Double.isNaN(log.run().loss()[1]));
    assertEquals(2.25, log.run().columns().get("val_loss")[0]);
    assertEquals("40", log.settings().get("max_steps"));
    assertEquals("20", log.settings().get("global_step"));
  }

  @Test
  void readsGoldenValuesOfBothShapes() {
    LogSummary steps =
        read(
            "{\"lm loss\": {\"start_step\": 1, \"end_step\": 9, \"step_interval\": 4, \"values\":"
                + " {\"1\": 10.5, \"5\": \"nan\", \"9\": 9.5}}, \"num-zeros\": {\"start_step\": 1,"
                + " \"step_interval\": 4, \"values\": {\"5\": 7}}}");
    assertEquals("Megatron-LM golden values", steps.format());
    assertArrayEquals(new long[] {1, 5, 9}, steps.run().step());
    assertTrue(Double.isNaN(steps.run().loss()[1]));
    LogSummary array =
        read(
            "{\"lm loss\": {\"start_step\": 0, \"end_step\": 10, \"step_interval\": 5, \"values\":"
                + " [10.5, 10.25, 10]}}");
    assertArrayEquals(new long[] {0, 5, 10}, array.run().step());
    assertEquals(10.25, array.run().loss()[1]);
  }

  @Test
  void leavesOutTheStepsThatAResumedRunDidNotMake() {
    LogSummary resumed =
        read(
            "{\"lm loss\": {\"start_step\": 1, \"step_interval\": 1, \"values\": {\"1\": \"nan\","
                + " \"2\": \"nan\", \"3\": 9.5, \"4\": \"nan\"}}}");
    assertArrayEquals(new long[] {3, 4}, resumed.run().step());
    assertTrue(Double.isNaN(resumed.run().loss()[1]));
    assertTrue(resumed.notes().toString().contains("up to step 2"), resumed.notes().toString());
    LogSummary diverged =
        read("{\"lm loss\": {\"step_interval\": 1, \"values\": {\"1\": \"nan\", \"2\": \"nan\"}}}");
    assertTrue(Double.isNaN(diverged.run().loss()[0]));
  }

  @Test
  void readsAnArrayOfObjectsAndColumns() {
    LogSummary rows = read("[{\"step\":1,\"loss\":2},\n{\"step\":2,\"loss\":1.5}]");
    assertArrayEquals(new double[] {2, 1.5}, rows.run().loss());
    LogSummary columns = read("{\"step\":[10,20],\"train_loss\":[3,2.5],\"lr\":[1,\"x\"]}");
    assertArrayEquals(new long[] {10, 20}, columns.run().step());
    assertArrayEquals(new double[] {3, 2.5}, columns.run().loss());
    LogSummary counted = read("{\"loss\":[3,2.5],\"val_loss\":[4,3]}");
    assertArrayEquals(new long[] {0, 1}, counted.run().step());
  }

  @Test
  void readsADocumentThatBreaksOffAsFarAsItGoes() {
    LogSummary cut = read("[{\"step\":1,\"loss\":2},\n{\"step\":2,\"loss\":1.5},\n{\"st");
    assertEquals(2, cut.run().size());
    assertTrue(cut.notes().toString().contains("breaks off"), cut.notes().toString());
    LogException none = assertThrows(LogException.class, () -> read("[{\"step\":1,,"));
    assertEquals(LogException.Kind.MALFORMED, none.kind());
  }

  @Test
  void survivesDepth() {
    String deep = "{\"a\":".repeat(5000);
    assertThrows(LogException.class, () -> read("{\n\"x\":" + deep));
    assertThrows(LogException.class, () -> read("{\n\"x\":" + "[".repeat(5000)));
  }
}
