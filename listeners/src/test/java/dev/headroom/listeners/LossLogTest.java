package dev.headroom.listeners;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LossLogTest {
  private static final String HEADER = "{\"headroom\":\"0.1.0\",\"run\":{}}";

  @TempDir Path folder;

  private static TrainingStep entry(long step, Float valLoss) {
    Map<String, Number> more = valLoss == null ? Map.of() : Map.of("val_loss", valLoss);
    return new TrainingStep(step, step * 512, 1f / 3, 0.1 + step, 2.0 / 3, 1.23456, more);
  }

  @Test
  void writesEveryDigitAndFlushes() throws IOException {
    Path file = folder.resolve("log.jsonl");
    try (LossLog log = LossLog.create(file, HEADER)) {
      log.write(entry(1, null));
      log.write(entry(2, 4.25f));
      log.write(new TrainingStep(3, 9, Float.NaN, 1e-4, Double.POSITIVE_INFINITY, 2, Map.of()));
      List<String> lines = Files.readAllLines(file);
      assertEquals(HEADER, lines.get(0));
      assertEquals(
          "{\"step\":1,\"tokens\":512,\"loss\":0.33333334,\"lr\":1.1,\"grad_norm\":0.6666666666666666,\"time\":1.235}",
          lines.get(1));
      assertEquals("\"val_loss\":4.25}", lines.get(2).substring(lines.get(2).indexOf("\"val")));
      assertEquals(
          "{\"step\":3,\"tokens\":9,\"loss\":NaN,\"lr\":1.0E-4,\"grad_norm\":Infinity,\"time\":2.0}",
          lines.get(3));
    }
  }

  @Test
  void cutsBackToAStepAndGoesOn() throws IOException {
    Path file = folder.resolve("log.jsonl");
    try (LossLog log = LossLog.create(file, HEADER)) {
      for (int step = 1; step <= 5; step++) {
        log.write(entry(step, null));
      }
    }
    Files.writeString(file, "{\"step\":6,\"tok", StandardOpenOption.APPEND);
    try (LossLog log = LossLog.continueAfter(file, 3)) {
      log.write(entry(4, null));
    }
    List<String> lines = Files.readAllLines(file);
    assertEquals(5, lines.size());
    assertEquals(HEADER, lines.get(0));
    for (int step = 1; step <= 4; step++) {
      assertEquals(entry(step, null).json(), lines.get(step));
    }
  }
}
