package dev.headroom.scaling.check.baseline;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.headroom.scaling.check.baseline.RepeatStudy.Injection;
import dev.headroom.scaling.check.baseline.RepeatStudy.Rate;
import dev.headroom.scaling.check.baseline.RepeatStudy.Rule;
import dev.headroom.scaling.log.ColumnMap;
import dev.headroom.scaling.log.LogReader;
import dev.headroom.scaling.log.RowFilter;
import dev.headroom.scaling.log.Run;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

class RepeatStudyTest {
  private static final Path SEEDS = Path.of("../../shared/data/logs-seeds");

  private static Map<String, List<Run>> seeds() throws IOException {
    Assumptions.assumeTrue(Files.isDirectory(SEEDS), "no public repeats at " + SEEDS);
    Map<String, List<Run>> out = new LinkedHashMap<>();
    try (Stream<Path> files = Files.list(SEEDS)) {
      for (Path file : files.filter(f -> f.toString().endsWith(".csv")).sorted().toList()) {
        double[] keys = LogReader.readTable(file).column("run");
        List<Run> runs = new ArrayList<>();
        for (double key : Arrays.stream(keys).distinct().toArray()) {
          ColumnMap map = ColumnMap.none().with("step", "step").with("loss", "val_loss");
          runs.add(LogReader.readRun(file, map, RowFilter.parse("run == " + key)));
        }
        out.put(file.getFileName().toString(), runs);
      }
    }
    return out;
  }

  private static Rate rate(List<Rate> rates, String name, Injection injection, double size) {
    return rates.stream()
        .filter(r -> r.configuration().equals(name))
        .filter(r -> r.injection() == injection && r.size() == size)
        .findFirst()
        .orElseThrow();
  }

  private static double mean(List<Rate> rates, double size, Rule rule) {
    return rates.stream()
        .filter(r -> r.size() == size)
        .mapToDouble(r -> r.rates().get(rule))
        .average()
        .orElseThrow();
  }

  @Test
  void callsOneInAHundredHealthyPublicRepeatsDifferentAndFindsMoreThanTheTInterval()
      throws IOException {
    List<Rate> rates =
        new RepeatStudy(400, 7, BaselineSettings.defaults())
            .measure(seeds(), List.of(5), List.of(0.001, 0.003));
    assertTrue(mean(rates, 0, Rule.DIFFERENT) <= 0.01, () -> rates.toString());
    for (Rate healthy : rates.stream().filter(r -> r.size() == 0).toList()) {
      for (Injection injection : Injection.values()) {
        Rate shifted = rate(rates, healthy.configuration(), injection, 0.003);
        double ours = shifted.rates().get(Rule.WORSE);
        assertTrue(ours >= shifted.rates().get(Rule.T_INTERVAL), () -> shifted.toString());
      }
    }
  }

  @Test
  void learnsTheBuiltInPriorFromThePublicRepeats() throws IOException {
    List<Repeats> all = new ArrayList<>();
    seeds().forEach((name, runs) -> all.add(Repeats.of(name, runs)));
    assertArrayEquals(
        deviations(RepeatPrior.builtIn()), deviations(RepeatPrior.learn(all)), 0.5e-6);
  }

  private static double[] deviations(RepeatPrior prior) {
    return Arrays.stream(prior.variance()).map(Math::sqrt).toArray();
  }

  @Test
  void keepsItsRatesOnRepeatsOfKnownSpread() {
    List<Rate> rates =
        new RepeatStudy(200, 11, BaselineSettings.defaults())
            .measure(SyntheticRepeats.configurations(5), List.of(1, 5), List.of(0.003, 0.05));
    assertTrue(mean(rates, 0, Rule.DIFFERENT) <= 0.015, () -> rates.toString());
    assertEquals(1, mean(rates, 0.05, Rule.WORSE), () -> rates.toString());
    assertTrue(mean(rates, 0.003, Rule.WORSE) > mean(rates, 0.003, Rule.BAND_5));
  }
}
