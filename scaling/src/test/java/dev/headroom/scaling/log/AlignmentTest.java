package dev.headroom.scaling.log;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class AlignmentTest {

  /** A run whose loss is ten times its step. */
  private static Run run(String name, long... step) {
    double[] loss = Arrays.stream(step).mapToDouble(s -> 10.0 * s).toArray();
    double[] tokens = Arrays.stream(step).mapToDouble(s -> 100.0 * s).toArray();
    return new Run(name, step, loss, Map.of("tokens", tokens), List.of());
  }

  @Test
  void keepsTheStepsThatAllRunsLog() {
    Alignment both = Alignment.of(List.of(run("a", 1, 2, 3, 4), run("b", 2, 4)), Axis.STEP);
    assertArrayEquals(new double[] {2, 4}, both.at());
    assertArrayEquals(new double[] {20, 40}, both.loss(0));
    assertArrayEquals(new double[] {20, 40}, both.loss(1));
    assertFalse(both.interpolated(0, 0));
    assertEquals(List.of(), both.notes());
  }

  @Test
  void interpolatesOnlyBetweenRowsOfItsOwn() {
    Alignment odd = Alignment.of(List.of(run("a", 1, 3, 5, 7, 9), run("b", 4, 6, 20)), Axis.STEP);
    assertArrayEquals(
        new double[] {4, 6}, odd.at(), "20 is beyond the first run, 1 before the other");
    assertArrayEquals(new double[] {40, 60}, odd.loss(0), 1e-12);
    assertTrue(odd.interpolated(0, 0));
    assertFalse(odd.interpolated(1, 0));
    assertEquals(2, odd.notes().size(), odd.notes()::toString);
    assertEquals(
        "b goes on to step 20; compared up to 9, where the shortest run ends", odd.notes().get(0));
    assertTrue(odd.notes().get(1).contains("interpolated at the 2 points"), odd.notes().get(1));
  }

  @Test
  void interpolatesOnOtherScales() {
    long[] every = {1, 2, 4, 8, 16, 32};
    double[] power = Arrays.stream(every).mapToDouble(s -> 3 / Math.sqrt(s)).toArray();
    Run dense = new Run("law", every, power, Map.of(), List.of());
    Alignment between = Alignment.of(List.of(dense, run("b", 3, 24)), Axis.STEP);
    double[] exact = {3 / Math.sqrt(3), 3 / Math.sqrt(24)};
    double[] level = between.loss(0, Math::log, Math::log);
    assertArrayEquals(exact, Arrays.stream(level).map(Math::exp).toArray(), 1e-12);
    double middle = (3 / Math.sqrt(2) + 3 / Math.sqrt(4)) / 2;
    assertEquals(middle, between.loss(0)[0], 1e-12, "linear between 2 and 4");
  }

  @Test
  void alignsByTokensAndAfterAPlace() {
    Alignment tokens =
        Alignment.of(List.of(run("a", 0, 1, 2), run("b", 0, 1, 2, 3)), Axis.TOKENS, 0);
    assertArrayEquals(new double[] {100, 200}, tokens.at());
    Run none = new Run("none", new long[] {1}, new double[] {2}, Map.of(), List.of());
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class, () -> Alignment.of(List.of(none), Axis.TOKENS));
    assertTrue(e.getMessage().contains("none has no tokens column"), e.getMessage());
    assertThrows(IllegalArgumentException.class, () -> Alignment.of(List.of(), Axis.STEP));
    assertThrows(IllegalArgumentException.class, () -> Axis.named("epochs"));
  }

  @Test
  void leavesOutWhatIsNotFiniteAndRefusesRunsApart() {
    double[] loss = {5, Double.NaN, 3};
    Run gap = new Run("gap", new long[] {1, 2, 3}, loss, Map.of(), List.of());
    Alignment over = Alignment.of(List.of(gap, run("b", 1, 2, 3)), Axis.STEP);
    assertArrayEquals(new double[] {1, 3}, over.at());
    assertEquals(
        List.of("gap: 1 row without a finite loss or a higher step left out"), over.notes());
    LogException apart =
        assertThrows(
            LogException.class,
            () -> Alignment.of(List.of(run("a", 1, 2), run("b", 3, 4)), Axis.STEP));
    assertEquals(
        "b: step 3 to 4, a 1 to 2 (expected: a part that all runs have)", apart.getMessage());
    Run nothing = new Run("nothing", new long[] {1}, new double[] {0 / 0.}, Map.of(), List.of());
    assertThrows(LogException.class, () -> Alignment.of(List.of(nothing), Axis.STEP));
  }
}
