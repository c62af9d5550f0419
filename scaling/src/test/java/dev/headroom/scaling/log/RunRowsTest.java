package dev.headroom.scaling.log;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class RunRowsTest {
  private static final int LINES = 5_000_000;

  /** Feeds a builder without any text in between. */
  private static Run run(Map<Long, Double> oddities) {
    Cells cells = new Cells();
    int step = cells.add("step");
    int loss = cells.add("loss");
    int norm = cells.add("grad_norm");
    int tokens = cells.add("tokens");
    Faults faults = new Faults("log");
    RowSource names = new LookAhead(new NoRows(), cells);
    RunBuilder builder =
        new RunBuilder(
            "log", RunColumns.choose("log", ColumnMap.none(), cells, names, faults), faults);
    Random random = new Random(11);
    for (long i = 1; i <= LINES; i++) {
      cells.clear();
      cells.set(step, i);
      cells.set(loss, oddities.getOrDefault(i, 3 + 0.05 * random.nextGaussian()));
      cells.set(norm, i == 4_000_000 ? Double.POSITIVE_INFINITY : 1);
      cells.set(tokens, 7.0 * i);
      builder.add(cells, false);
    }
    return builder.build(Map.of());
  }

  private static final class NoRows implements RowSource {
    @Override
    public boolean next(Cells cells) {
      return false;
    }

    @Override
    public boolean mayBeCut() {
      return false;
    }

    @Override
    public boolean namesAreComplete() {
      return true;
    }

    @Override
    public Map<String, String> settings() {
      return Map.of();
    }
  }

  @Test
  void mergesNeighboursAndKeepsWhatStandsOut() {
    Run run = run(Map.of(1_234_567L, 7.5, 3_000_001L, Double.NaN, 4_444_444L, 6.0));
    assertTrue(run.size() <= RunRows.MOST + 10, "rows: " + run.size());
    assertTrue(run.size() > RunRows.MOST / 4, "rows: " + run.size());
    assertEquals(LINES, run.step()[run.size() - 1]);
    int nan = 0;
    int infinite = 0;
    int high = 0;
    double sum = 0;
    for (int i = 0; i < run.size(); i++) {
      nan += Double.isNaN(run.loss()[i]) ? 1 : 0;
      infinite += run.columns().get("grad_norm")[i] == Double.POSITIVE_INFINITY ? 1 : 0;
      if (run.loss()[i] > 5) {
        high++;
        assertTrue(run.step()[i] == 1_234_567L || run.step()[i] == 4_444_444L);
        assertTrue(run.loss()[i] == 7.5 || run.loss()[i] == 6.0);
      } else if (!Double.isNaN(run.loss()[i])) {
        sum += run.loss()[i];
      }
      double tokens = run.columns().get("tokens")[i];
      assertTrue(Run.isAbsent(tokens) || tokens == 7.0 * run.step()[i]);
    }
    assertEquals(1, nan);
    assertEquals(1, infinite);
    assertEquals(2, high);
    assertEquals(3, sum / (run.size() - 3), 1e-3);
    assertTrue(run.notes().toString().contains("2 losses that stand out"), run.notes().toString());
  }

  @Test
  void makesNoPeaksOfNoise() {
    Run run = run(Map.of());
    assertTrue(run.notes().toString().contains("0 losses that stand out"), run.notes().toString());
  }
}
