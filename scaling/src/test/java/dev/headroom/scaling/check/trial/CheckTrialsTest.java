package dev.headroom.scaling.check.trial;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.headroom.scaling.log.Run;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

class CheckTrialsTest {
  private static final Path DATA = Path.of("../../shared/data");

  private static Run run(double noise) {
    Random random = new Random(20261121);
    long[] step = new long[1000];
    double[] loss = new double[1000];
    for (int i = 0; i < 1000; i++) {
      step[i] = i + 1;
      loss[i] = (2.5 + 8 * Math.pow(1 + i, -0.5)) * Math.exp(noise * random.nextGaussian());
    }
    return new Run("run", step, loss, Map.of(), List.of());
  }

  @Test
  void countsAlarmsAndFindsWhatItPutIn() {
    TrialRow good = CheckTrials.healthy("good", List.of(run(.01), run(.02)));
    assertEquals("| good | 2 | 2000 | 0 | 0 | 0 |", good.markdown());
    Run bad = new Fault("step", .5, 0).into(run(.01));
    TrialRow alarm = CheckTrials.healthy("bad", List.of(bad));
    assertEquals(1, alarm.found());
    assertEquals(1, alarm.live());
    TrialRow hit = CheckTrials.labelled(new LabelledRun(bad, "step", Set.of("spike"), 601, 601));
    assertEquals("| run: step | 1000 | yes | 2 |", hit.markdown());
    TrialRow miss = CheckTrials.labelled(new LabelledRun(bad, "step", Set.of("spike"), 700, 800));
    assertTrue(miss.markdown().contains("**no**"), miss.markdown());
  }

  @Test
  void powerGrowsWithTheFault() {
    List<TrialRow> rows = CheckTrials.injected(List.of(run(.01), run(.2)));
    for (TrialRow row : rows) {
      if (row.name().startsWith("quiet: spike") && !row.name().contains("+10 %")) {
        assertEquals(1, row.found(), row.name());
      }
      if (row.name().equals("noisy: spike of +10 %, 5 rows")) {
        assertEquals(0, row.found(), row.name());
      }
    }
    assertEquals(2 * Fault.ALL.size(), rows.size());
  }

  @Test
  void theDocumentedTableIsWhatIsMeasured() throws IOException {
    Assumptions.assumeTrue(Files.isDirectory(DATA), "no ../shared/data: skipped");
    String readme = Files.readString(Path.of("README.md"));
    PublicSets sets = new PublicSets(DATA);
    List<String> missing = new ArrayList<>();
    for (Map.Entry<String, List<Run>> set : sets.healthy().entrySet()) {
      String row = CheckTrials.healthy(set.getKey(), set.getValue()).markdown();
      if (!readme.contains(row)) {
        missing.add(row);
      }
    }
    for (LabelledRun label : sets.labelled()) {
      String row = CheckTrials.labelled(label).markdown();
      if (!readme.contains(row)) {
        missing.add(row);
      }
    }
    assertEquals(List.of(), missing, "headroom selftest checks --data DIR writes the table anew");
  }
}
