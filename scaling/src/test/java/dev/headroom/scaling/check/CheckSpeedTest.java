package dev.headroom.scaling.check;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.headroom.scaling.log.Run;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class CheckSpeedTest {

  private static double processorSeconds() {
    return 1e-9 * ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
  }

  @Test
  void aMillionRowsTakeLessThanASecond() {
    int n = 1_000_000;
    Random random = new Random(20261121);
    long[] step = new long[n];
    double[] loss = new double[n];
    double[] norm = new double[n];
    for (int i = 0; i < n; i++) {
      step[i] = i + 1;
      loss[i] = (2.5 + 8 * Math.pow(1 + i, -0.3)) * Math.exp(.02 * random.nextGaussian());
      norm[i] = Math.exp(.3 * random.nextGaussian());
    }
    Run run = new Run("big", step, loss, Map.of("grad_norm", norm), List.of());
    double least = Double.POSITIVE_INFINITY;
    for (int k = 0; k < 3; k++) {
      double before = processorSeconds();
      assertEquals(List.of(), Checker.check(run, CheckOptions.defaults()).findings());
      least = Math.min(least, processorSeconds() - before);
    }
    System.out.printf("a million rows: %.2f processor seconds%n", least);
    assertTrue(least < 1, least + " s");
  }

  @Test
  void aRowThatComesTakesMicroseconds() {
    LiveChecker live = new LiveChecker(CheckOptions.defaults());
    Random random = new Random(20261121);
    double before = 0;
    for (int i = 0; i < 60_000; i++) {
      before = i == 20_000 ? processorSeconds() : before;
      double healthy = 2.5 + 8 * Math.pow(1 + i, -0.3);
      live.add(i + 1, healthy * Math.exp(.02 * random.nextGaussian()), Map.of("lr", 1e-3));
    }
    double each = (processorSeconds() - before) / 40_000;
    System.out.printf("a row that comes: %.1f processor microseconds%n", 1e6 * each);
    assertTrue(each < 1e-4, each + " s");
  }
}
