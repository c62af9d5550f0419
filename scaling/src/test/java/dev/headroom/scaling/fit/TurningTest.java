package dev.headroom.scaling.fit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.headroom.scaling.law.Law;
import dev.headroom.scaling.law.Laws;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TurningTest {

  /** A score that rises with the logarithm of the data, and from a place on falls again. */
  private static Observations scores(double turn, double noise, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    double[][] x = new double[30][];
    double[] score = new double[x.length];
    for (int i = 0; i < x.length; i++) {
      double log = .3 * i;
      x[i] = new double[] {1e6 * Math.exp(log)};
      double risen = Math.min(log, turn) - .7 * Math.max(0, log - turn);
      score[i] = 12 + 3 * risen + noise * random.nextGaussian();
    }
    return new Observations(x, score);
  }

  private static List<String> turns(Law law, Observations data) {
    return Fitter.fit(law, data, FitOptions.defaults()).warnings().stream()
        .filter(warning -> warning.contains("turn near"))
        .toList();
  }

  @ParameterizedTest
  @CsvSource({"bleu, 1", "bleu, 2", "bleu, 3", "power, 1", "power, 2", "power, 3"})
  void aTurningScoreIsSaidAndAStraightOneIsNot(String name, long seed) {
    Law law = Laws.named(name);
    List<String> turning = turns(law, scores(5, .3, seed));
    assertEquals(1, turning.size(), name);
    assertTrue(turning.get(0).contains("d = ") || turning.get(0).contains("x = "), turning.get(0));
    assertEquals(List.of(), turns(law, scores(100, .3, seed)));
    assertEquals(List.of(), turns(law, scores(100, 4, seed)));
    assertEquals(List.of(), turns(law, scores(100, 0, seed)));
  }
}
