package dev.headroom.scaling.law;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.headroom.scaling.schedule.Schedule;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MultiPowerLawTest {

  private static final double[] THETA = {3.04, .525, 363.8, .508, 2.066, .583, .641};

  @ParameterizedTest
  @ValueSource(
      strings = {
        "cosine(peak=3e-4,warmup=200,total=6000,final=10%)",
        "wsd(peak=3e-4,warmup=0,total=5001,decay=20%,final=10%,shape=exponential)",
        "multistep(peak=3e-4,warmup=100,total=4000,at=2000;3000,factor=.3;.1)",
        "constant(peak=3e-4,total=1000)",
        "linear(peak=3e-4,warmup=50,total=3000)"
      })
  void blocksGiveThePlainSum(String text) {
    Schedule schedule = Schedule.parse(text);
    MultiPowerLaw law = MultiPowerLaw.of(List.of(schedule));
    double[] rates = schedule.rates(schedule.total());
    for (int step : new int[] {1, 2, 77, 500, rates.length - 1, rates.length}) {
      double area = 0;
      double sum = 0;
      for (int k = step - 1; k >= 0; k--) {
        area += rates[k];
        if (k > 0 && rates[k] > 0) {
          double grown = THETA[4] * Math.pow(rates[k], -THETA[6]) * area;
          sum += (rates[k] - rates[k - 1]) * (1 - Math.pow(1 + grown, -THETA[5]));
        }
      }
      double expected = THETA[0] + THETA[1] * Math.pow(area, -THETA[3]) + THETA[2] * sum;
      assertEquals(expected, law.value(new double[] {0, step}, THETA), 1e-6, text + " " + step);
    }
    assertThrows(IllegalArgumentException.class, () -> law.value(new double[] {1, 1}, THETA));
    assertThrows(
        IllegalArgumentException.class, () -> law.value(new double[] {0, rates.length + 1}, THETA));
  }
}
