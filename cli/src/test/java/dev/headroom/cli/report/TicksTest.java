package dev.headroom.cli.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class TicksTest {

  private static List<String> labels(Scale scale, double low, double high, int most) {
    return Ticks.of(new Axis("x", scale, low, high), most).stream().map(Ticks.Tick::label).toList();
  }

  @Test
  void stepsByOneTwoOrFive() {
    assertEquals(List.of("0", "0.2", "0.4", "0.6", "0.8", "1.0"), labels(Scale.LINEAR, 0, 1, 5));
    assertEquals(List.of("3.15", "3.20", "3.25"), labels(Scale.LINEAR, 3.13, 3.26, 4));
    assertEquals(List.of("0", "5000", "10k", "15k", "20k"), labels(Scale.LINEAR, 0, 20000, 5));
    assertEquals(List.of("-1.0", "-0.5", "0", "0.5"), labels(Scale.LINEAR, -1.1, 0.6, 4));
  }

  @Test
  void labelsLogAxesByOneTwoFiveAndManyDecadesByTens() {
    assertEquals(
        List.of("100", "200", "500", "1000", "2000", "5000"), labels(Scale.LOG, 99, 6000, 8));
    assertEquals(List.of("1M", "10M", "100M", "1B", "10B"), labels(Scale.LOG, 1e6, 1.1e10, 6));
  }

  @Test
  void labelsLessThanADecadeOfLogEvenly() {
    assertEquals(List.of("3.0", "3.5", "4.0", "4.5"), labels(Scale.LOG, 2.9, 4.7, 4));
  }

  @Test
  void neverLeavesAnAxisWithoutTwoLabels() {
    Random random = new Random(7);
    for (int i = 0; i < 5000; i++) {
      double low = Math.pow(10, random.nextInt(18) - 6) * (0.1 + random.nextDouble());
      double high = low * (1 + Math.pow(10, 4 * random.nextDouble() - 2));
      Scale scale = random.nextBoolean() ? Scale.LOG : Scale.LINEAR;
      int count = labels(scale, low, high, 6).size();
      assertTrue(count >= 2 && count <= 14, scale + " " + low + " to " + high + ": " + count);
    }
  }

  @Test
  void showsAConstantWithRoomAroundIt() {
    Axis axis = Axis.around("loss", Scale.LINEAR, 3, 3);
    assertTrue(axis.low() < 3 && axis.high() > 3);
    assertThrows(IllegalArgumentException.class, () -> new Axis("x", Scale.LOG, 0, 1));
  }
}
