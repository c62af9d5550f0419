package dev.headroom.cli.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import dev.headroom.cli.train.SphericalStudy.Outcome;
import dev.headroom.cli.train.SphericalStudy.Plan;
import dev.headroom.cli.train.SphericalStudy.Result;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SphericalStudyTest {
  @TempDir Path folder;
  private final List<String> notes = new ArrayList<>();

  private Path corpus() throws IOException {
    return Files.writeString(
        folder.resolve("eggs.txt"), "Of 37 eggs 12 were sold for 4 dollars.\n".repeat(60));
  }

  private static Plan plan(Path corpus, int steps, List<Double> peaks, String... variants) {
    StudyPlan models = new StudyPlan(corpus, List.of(), 2, steps, null, 8, 1, 8, 4, false, 1);
    return new Plan(models, List.of(variants), peaks);
  }

  @Test
  void everyLossLearnsTheTextAndTakesItsBestLearningRate() throws IOException {
    Path runs = folder.resolve("runs.jsonl");
    Plan plan = plan(corpus(), 50, List.of(1e-9, 3e-2), "z:1:20", "spherical:0.01");
    Result result = SphericalStudy.run(plan, runs, notes::add);
    assertEquals(3 * 2 + 3 * 2, notes.size());
    assertEquals(3 * 2, result.choices().size());
    assertEquals(4 * 8 * 16, result.rankedTokens());
    for (Outcome one : result.outcomes()) {
      // 1e-9 moves nothing, and leaves some of a thousand classes
      assertTrue(one.schedule().startsWith("cosine(peak=0.03,"), one.schedule());
      assertTrue(one.top1() > 0.15 && one.top5() >= one.top1(), "" + one);
      assertEquals(2, one.marks().size());
      assertEquals(one.top1(), one.marks().get(1).top1());
      assertEquals(one.marks().get(1).seconds(), one.secondsTo(one.top1()), 10);
      assertTrue(Double.isNaN(one.secondsTo(1.01)));
      assertTrue(one.headSeconds() > 0 && one.headSeconds() < one.stepSeconds(), "" + one);
    }
    assertEquals("softmax", result.outcomes().get(0).variant());
    assertEquals(List.of(1L, 2L), result.outcomes().stream().map(Outcome::seed).limit(2).toList());
    notes.clear();
    assertEquals(result, SphericalStudy.run(plan, runs, notes::add));
    assertEquals(List.of(), notes);
    // the runs are known, but not those of another loss
    SphericalStudy.run(plan(corpus(), 50, List.of(3e-2), "z:1:21"), runs, notes::add);
    assertEquals(2, notes.size());
    assertTrue(notes.get(0).startsWith("z:1:21, seed 1, cosine(peak=0.03,"), notes.get(0));
  }

  @Test
  void ranksEveryTokenAsASortOfItsScoresDoes() throws IOException {
    Plan plan = plan(corpus(), 5, List.of(1e-2));
    TrainSettings settings = plan.settings(plan.schedules().get(0), 3);
    StudyText text = plan.models().read();
    Batches batches = new Batches(text.corpus(), settings);
    SphericalVariant taylor = SphericalVariant.parse("taylor");
    try (StudyModel model = new StudyModel("taylor", settings, text, taylor.function())) {
      for (int step = 1; step <= 5; step++) {
        model.step(step, false);
      }
      double[] right = new double[3];
      for (int i = 1; i < batches.evalBatches(); i += 2) {
        sort(model.network(), batches, i, right);
      }
      int tokens = 4 * 8 * 16;
      Ranking actual = Ranking.of(model.network(), batches, taylor.score(), 1);
      Ranking expected = new Ranking(right[0] / tokens, right[1] / tokens, right[2] / tokens);
      assertEquals(expected, actual);
      assertNotEquals(actual.top1(), actual.top5());
      assertNotEquals(actual, Ranking.of(model.network(), batches, taylor.score(), 0));
      assertEquals(0, Ranking.of(model.network(), batches, o -> o.mul(0), 1).top5());
    }
  }

  /** Adds what a sort of the scores (1 + o)^2 and of o finds of one batch. */
  private static void sort(Network network, Batches batches, int index, double[] right) {
    try (NDManager manager = network.stepManager()) {
      Batches.Pair batch = batches.evaluation(manager, index);
      NDList out = network.predict(batch.inputs());
      NDArray hidden = out.get(0);
      hidden.attach(manager);
      float[] o;
      try (NDArray transposed = out.get(1).transpose()) {
        o = hidden.reshape(-1, 8).matMul(transposed).toFloatArray();
      }
      long[] targets = batch.targets().toLongArray();
      int classes = o.length / targets.length;
      for (int i = 0; i < targets.length; i++) {
        int first = i * classes;
        int target = (int) targets[i];
        Comparator<Integer> byScore =
            Comparator.comparingDouble(v -> -(1 + o[first + v]) * (1 + o[first + v]));
        List<Integer> order = IntStream.range(0, classes).boxed().sorted(byScore).limit(5).toList();
        right[0] += order.get(0) == target ? 1 : 0;
        right[1] += order.contains(target) ? 1 : 0;
        float[] row = Arrays.copyOfRange(o, first, first + classes);
        Arrays.sort(row);
        right[2] += o[first + target] == row[classes - 1] ? 1 : 0;
      }
    }
  }

  @Test
  void namesItsLossesInOneFormAndRefusesOthers() {
    Plan plan = plan(null, 2, List.of(1e-3), "z", "z:0.10:1e1", "softmax", "spherical", "taylor");
    assertEquals(List.of("softmax", "z:0.1:10", "spherical:0.01", "taylor"), plan.variants());
    assertEquals(SphericalVariant.ALL, plan(null, 2, List.of(1e-3), "all").variants());
    for (String bad :
        new String[] {
          "", "z:1", "z:0:1", "z:x:1", "z:1:Infinity", "spherical:0", "taylor:1", "w"
        }) {
      String said =
          assertThrows(IllegalArgumentException.class, () -> plan(null, 2, List.of(1e-3), bad))
              .getMessage();
      assertTrue(said.startsWith("--spherical: " + bad + " (expected: softmax, z:A:B"), said);
    }
    assertEquals(
        "--peaks: -1.0 (expected: positive numbers)",
        assertThrows(IllegalArgumentException.class, () -> plan(null, 2, List.of(-1.0), "z"))
            .getMessage());
  }
}
