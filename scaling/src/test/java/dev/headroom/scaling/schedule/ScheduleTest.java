package dev.headroom.scaling.schedule;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ScheduleTest {

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "constant(peak=3e-4,warmup=100,total=1000) | 1000 | 3e-4",
        "linear(peak=3e-4,warmup=100,total=1000) | 550 | 1.5e-4",
        "linear(peak=3e-4,warmup=100,total=1000,final=10%) | 1000 | 3e-5",
        "cosine(peak=3e-4,warmup=100,total=1000,final=3e-5) | 550 | 1.65e-4",
        "cosine(peak=3e-4,warmup=100,total=1k,final=3e-5) | 1000 | 3e-5",
        "wsd(peak=3e-4,warmup=100,decay=20%,total=1000) | 800 | 3e-4",
        "wsd(peak=3e-4,warmup=100,decay=20%,total=1000) | 900 | 1.5e-4",
        "wsd(peak=4e-4,warmup=100,decay=200,total=1000,shape=sqrt) | 850 | 2e-4",
        "wsd(peak=4e-4,decay=200,total=1000,final=1e-4,shape=exponential) | 900 | 2e-4",
        "multistep(peak=1e-3,total=1000,at=80%;90%,factor=0.5) | 799 | 1e-3",
        "multistep(peak=1e-3,total=1000,at=80%;90%,factor=0.5) | 800 | 5e-4",
        "multistep(peak=1e-3,total=1000,at=80%;90%,factor=0.5;0.1) | 900 | 5e-5",
        "inverse_sqrt(peak=1e-3,warmup=100,total=1000) | 400 | 5e-4",
        "rates(3e-4;2e-4;1e-4) | 2 | 2e-4",
      })
  void givesTheRateOfItsFormula(String text, long step, double rate) {
    Schedule schedule = Schedule.parse(text);
    assertEquals(rate, schedule.lr(step), 1e-12);
    Schedule again = Schedule.parse(schedule.text());
    assertArrayEquals(schedule.rates(schedule.total()), again.rates(again.total()), 1e-18);
  }

  @Test
  void warmsUpFromTheFirstStepToThePeak() {
    Schedule schedule = Schedule.parse("cosine(peak=1e-3,warmup=10%,total=100)");
    assertEquals(10, schedule.warmup());
    assertEquals(1e-4, schedule.lr(1), 1e-18);
    assertEquals(1e-3, schedule.lr(10), 1e-18);
    assertTrue(schedule.lr(11) < 1e-3);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "cosine",
        "cosinus(peak=1e-3,total=10)",
        "cosine(peak=1e-3)",
        "cosine(total=10)",
        "cosine(peak=x,total=10)",
        "cosine(peak=-1,total=10)",
        "cosine(peak=nan,total=10)",
        "cosine(peak=1e-3,total=0)",
        "cosine(peak=1e-3,total=10.5)",
        "cosine(peak=1e-3,total=20%)",
        "cosine(peak=1e-3,total=10,warmup=11)",
        "cosine(peak=1e-3,total=10,final=1)",
        "cosine(peak=1e-3,total=10,decay=5)",
        "cosine(peak=1e-3,peak=1e-3,total=10)",
        "wsd(peak=1e-3,total=10)",
        "wsd(peak=1e-3,total=10,decay=11)",
        "wsd(peak=1e-3,total=10,decay=5,shape=exponential)",
        "wsd(peak=1e-3,total=10,decay=5,shape=round)",
        "multistep(peak=1e-3,total=10,at=5;4,factor=.1)",
        "multistep(peak=1e-3,total=10,at=5,factor=.1;.2)",
        "multistep(peak=1e-3,total=10,at=;5,factor=.1)",
        "multistep(peak=1e-3,total=10,at=5,factor=-1)",
        "inverse_sqrt(peak=1e-3,total=10)",
        "rates()",
        "rates(0;0)",
        "cosine(peak=1e-3,total=10",
      })
  void refusesWithThePartAndTheRule(String text) {
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> Schedule.parse(text));
    assertTrue(e.getMessage().contains("(expected: "), e.getMessage());
  }

  @Test
  void readsAColumnOfRates() {
    Schedule schedule =
        Schedule.ofColumn(new long[] {2, 4, 8}, new double[] {1e-4, 3e-4, 1e-4}, 10);
    assertEquals(1e-4, schedule.lr(1), 1e-18);
    assertEquals(2e-4, schedule.lr(3), 1e-18);
    assertEquals(2e-4, schedule.lr(6), 1e-18);
    assertEquals(1e-4, schedule.lr(10), 1e-18);
    assertEquals(3, schedule.warmup());
    assertEquals(10, schedule.total());
  }

  @Test
  void areasFollowTheirDefinition() {
    double[] lr = {3, 3, 2, 2, 1};
    Areas areas = Areas.of(lr, 0.5);
    assertArrayEquals(new double[] {3, 6, 8, 10, 11}, areas.s1(), 1e-15);
    // m = 0, 0, 1, .5, 1.25
    assertArrayEquals(new double[] {0, 0, 1, 1.5, 2.75}, areas.s2(), 1e-15);
  }

  @Test
  void areasHoldThePeakDuringWarmUp() {
    Schedule formula = Schedule.parse("constant(peak=2,warmup=3,total=5)");
    Areas areas = Areas.of(formula, 5, Areas.LAMBDA);
    assertArrayEquals(new double[] {2, 4, 6, 8, 10}, areas.s1(), 1e-12);
    assertArrayEquals(new double[5], areas.s2(), 0);
    Schedule column = Schedule.ofRates(formula.rates(5));
    assertArrayEquals(areas.s1(), Areas.of(column, 5, Areas.LAMBDA).s1(), 1e-12);
  }

  @Test
  void areasRefuseWhatIsNotFinite() {
    assertThrows(IllegalArgumentException.class, () -> Areas.of(new double[] {1, Double.NaN}, .9));
    assertThrows(IllegalArgumentException.class, () -> Areas.of(new double[] {1}, 1));
  }

  @Test
  void cyclesFromThePeakToTheFinalRateAndBack() {
    Schedule schedule =
        Schedule.parse("cyclic(peak=2,warmup=2,total=12,period=5,final=1,shape=linear)");
    assertArrayEquals(
        new double[] {1, 2, 2, 1.75, 1.5, 1.25, 1, 2, 1.75, 1.5, 1.25, 1},
        schedule.rates(12),
        1e-12);
    assertEquals(schedule.text(), Schedule.parse(schedule.text()).text());
  }

  @Test
  void saysWhereInTheTextAnErrorStands() {
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class, () -> Schedule.parse("cosine(peak=3e-4,total=2x4)"));
    assertTrue(e.getMessage().contains("at character 18 of cosine("), e.getMessage());
    IllegalArgumentException unknown =
        assertThrows(
            IllegalArgumentException.class,
            () -> Schedule.parse("cosine(peak=3e-4,total=24,fnal=1)"));
    assertTrue(unknown.getMessage().contains("at character 27 of"), unknown.getMessage());
  }

  @Test
  void fallFollowsItsDefinition() {
    double[] lr = new double[100];
    java.util.Arrays.fill(lr, 0, 50, 2);
    java.util.Arrays.fill(lr, 50, 100, 1);
    Descent descent = Descent.of(Schedule.ofRates(lr), 100);
    double slow = 2;
    for (int i = 50; i < 100; i++) {
      slow += (1 - slow) / (.2 * (i + 1));
      // The fast memory, 1 % of the run, is shorter than a step here.
      assertEquals(1 - (1 + slow) / 4, descent.fall()[i], 1e-12);
    }
    assertEquals(0, descent.fall()[49]);
    assertEquals(150, descent.area()[99], 1e-12);
    double[] tokens = new double[100];
    java.util.Arrays.fill(tokens, 0, 50, 1);
    java.util.Arrays.fill(tokens, 50, 100, 2);
    assertEquals(100, Descent.of(Schedule.ofRates(lr), 100, tokens, 0).area()[99], 1e-12);
  }
}
