package dev.headroom.cli.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.headroom.cli.CommandException;
import dev.headroom.cli.ExitCode;
import dev.headroom.cli.train.NumberStudy.Outcome;
import dev.headroom.cli.train.NumberStudy.Plan;
import dev.headroom.cli.train.NumberStudy.Result;
import dev.headroom.head.NumberTokens;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NumberStudyTest {
  @TempDir Path folder;
  private final List<String> notes = new ArrayList<>();

  private Path corpus() throws IOException {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < 60; i++) {
      text.append("Of ").append(i * 37).append(" eggs 12 were sold for 4 dollars.\n");
    }
    return Files.writeString(folder.resolve("eggs.txt"), text);
  }

  private static Plan plan(Path corpus, int seeds, String... variants) {
    return new Plan(models(corpus, seeds, true), List.of(variants), 5);
  }

  private static Plan small(Path corpus) {
    return new Plan(models(corpus, 1, false), List.of(), 5);
  }

  private static StudyPlan models(Path corpus, int seeds, boolean allClasses) {
    return new StudyPlan(corpus, List.of(), seeds, 2, null, 4, 1, 8, 2, allClasses, 1);
  }

  private Result run(Plan plan, Path runs) {
    return NumberStudy.run(plan, runs, notes::add);
  }

  @Test
  void comparesTwoLossesOnTheSameWeightsAndGoesOnWhereItStopped() throws IOException {
    Path corpus = corpus();
    Path runs = folder.resolve("runs.jsonl");
    Result one = run(plan(corpus, 1, "whole"), runs);
    assertEquals(2, notes.size());
    assertEquals(2, one.outcomes().size());
    Outcome base = one.outcomes().get(0);
    Outcome whole = one.outcomes().get(1);
    assertEquals("cross-entropy", base.variant());
    assertEquals("whole:0.3", whole.variant());
    assertEquals(5, base.score().numbers());
    // 2 steps from ln 200019 = 12.206; the same weights and batches, another gradient
    assertEquals(12.2, base.heldOut(), 0.1);
    assertEquals(base.heldOut(), whole.heldOut(), 0.01);
    assertNotEquals(base.heldOut(), whole.heldOut());
    assertEquals(4, one.constantValue());
    // a line cut off by a kill counts for nothing, and does not swallow the next
    Files.writeString(runs, Files.readString(runs) + "{\"settings\":{\"steps\"");
    notes.clear();
    Result two = run(plan(corpus, 2, "whole"), runs);
    assertEquals(runs + " line 3: no whole run, left out", notes.get(0));
    assertEquals(3, notes.size());
    assertEquals(base, two.outcomes().get(0));
    assertEquals(whole, two.outcomes().get(2));
    assertNotEquals(base.heldOut(), two.outcomes().get(1).heldOut());
    notes.clear();
    assertEquals(two, run(plan(corpus, 2, "whole"), runs));
    assertEquals(1, notes.size());
    assertEquals(5, Files.readAllLines(runs).size());
  }

  @Test
  void aHeadOfTheCorpussClassesSeesTheSameTokensAndNumbers() throws IOException {
    TokenCorpus read = CorpusReader.read(corpus(), List.of());
    StudyText text = StudyText.compact(read);
    NumberTokens whole = TokenSink.numbers();
    long words = Arrays.stream(read.tokens()).filter(id -> !whole.contains(id)).distinct().count();
    assertEquals(1110 + words, text.classes());
    assertEquals(1110, text.numbers().size());
    text.numbers().checkClasses(text.classes());
    int[] ids = new int[text.classes()];
    for (int i = 0; i < read.tokens().length; i++) {
      int id = read.tokens()[i];
      int own = text.corpus().tokens()[i];
      assertTrue(ids[own] == 0 || ids[own] == id);
      ids[own] = id;
      assertEquals(whole.contains(id), text.numbers().contains(own));
      if (whole.contains(id)) {
        assertEquals(NumberPlaces.digits(id, whole), NumberPlaces.digits(own, text.numbers()));
      }
    }
    Result result = run(small(corpus()), null);
    assertEquals(text.classes(), result.classes());
    assertEquals(Math.log(text.classes()), result.outcomes().get(0).heldOut(), 0.1);
  }

  @Test
  void namesItsLossesInOneForm() throws IOException {
    assertEquals(
        List.of("cross-entropy", "z-loss:0.0001", "huber:0.003"),
        plan(null, 1, "z-loss", "huber:3e-3", "cross-entropy", "z-loss:1e-4").variants());
    assertEquals(NumberVariant.ALL, plan(null, 1, "all").variants());
    for (String name : NumberVariant.ALL) {
      assertEquals(name, NumberVariant.parse(name).name());
    }
    TrainSettings z = plan(null, 1).settings("z-loss:0.0001", 7);
    assertEquals(1e-4, z.zLoss());
    assertEquals("none", z.numberLoss());
    assertEquals(7, z.seed());
    assertEquals("gaussian:0.3", plan(null, 1).settings("gaussian", 1).numberLoss());
  }

  @Test
  void refusesWhatMakesNoSense() throws IOException {
    assertTrue(
        assertThrows(IllegalArgumentException.class, () -> plan(null, 0, "all"))
            .getMessage()
            .contains("--seeds: 0 (expected: 1 to 1000)"));
    for (String bad : new String[] {"z-loss:-1", "z-loss:x", "z-loss:", "z-loss:Infinity"}) {
      assertTrue(
          assertThrows(IllegalArgumentException.class, () -> plan(null, 1, bad))
              .getMessage()
              .contains("--number-losses: " + bad + " (expected: z-loss:WEIGHT"));
    }
    assertThrows(IllegalArgumentException.class, () -> plan(null, 1, "all,none"));
    Path words = Files.writeString(folder.resolve("words.txt"), "no numeral here. ".repeat(80));
    CommandException e =
        assertThrows(CommandException.class, () -> run(plan(words, 1, "all"), null));
    assertEquals(ExitCode.INPUT, e.exitCode());
    assertTrue(e.getMessage().contains("has no number with 8 tokens before it among the"));
  }
}
