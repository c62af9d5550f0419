package dev.headroom.scaling.log;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class WandbChartTest {

  private static LogSummary read(String text) {
    return LogReader.summary(
        new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)),
        "log",
        ColumnMap.none(),
        RowFilter.all());
  }

  @Test
  void stitchesTheRestartsOfOneTraining() {
    LogSummary log =
        read(
            "\"Step\",\"r-2 - train/loss\",\"r-2 - train/loss__MIN\",\"r-2 - train/loss__MAX\","
                + "\"r-1 - train/loss\",\"r-1 - train/loss__MIN\",\"r-1 - train/loss__MAX\"\n"
                + "1,,,,9,9,9\n2,,,,8,8,8\n3,6.5,6,7,7,7,7\n4,,,,6.6,6,7\n5,5,5,5,,,\n6,4,4,4,,,\n");
    assertEquals("W&B chart CSV", log.format());
    assertArrayEquals(new long[] {1, 2, 3, 5, 6}, log.run().step());
    assertArrayEquals(new double[] {9, 8, 6.5, 5, 4}, log.run().loss());
    assertTrue(log.notes().toString().contains("2 runs 'r-...' are stitched"));
    assertEquals(4, log.series().size());
  }

  @Test
  void keepsRepeatsAndGroupsApart() {
    LogSummary seeds = read("\"Step\",\"s-1 - loss\",\"s-2 - loss\"\n1,9,8\n2,7,6\n3,5,\n");
    assertArrayEquals(new double[] {9, 7, 5}, seeds.run().loss());
    assertTrue(seeds.notes().toString().contains("2 columns hold 'loss'"));
    LogSummary groups = read("\"Step\",\"spikes - lm loss\",\"k2 - lm loss\"\n1,9,\n2,,6\n3,,5\n");
    assertArrayEquals(new double[] {6, 5}, groups.run().loss());
  }
}
