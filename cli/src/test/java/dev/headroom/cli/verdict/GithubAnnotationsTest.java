package dev.headroom.cli.verdict;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.headroom.scaling.check.FailOn;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class GithubAnnotationsTest {

  /** Every line must be a command: what is none would be lost among the output. */
  private static List<WorkflowCommand> commands(List<Judged> runs) {
    return GithubAnnotations.text(runs)
        .lines()
        .map(line -> WorkflowCommand.parse(line).orElseThrow(() -> new AssertionError(line)))
        .toList();
  }

  @Test
  void makesOneAnnotationOfEachRuleThatFired() {
    List<WorkflowCommand> commands = commands(List.of(Verdicts.good(), Verdicts.bad()));
    assertEquals(2, commands.size());
    WorkflowCommand error = commands.get(0);
    assertEquals("error", error.name());
    assertEquals("runs/bad #1.jsonl", error.properties().get("file"));
    assertEquals("headroom check: finite", error.properties().get("title"));
    assertTrue(error.data().contains("step 8: loss is NaN (and 1 more like it)"), error.data());
    assertEquals("warning", commands.get(1).name());
    assertEquals("notice", commands(List.of(Verdicts.warned())).get(1).name());
  }

  @Test
  void losesNoCharacterInTheEscapes() {
    WorkflowCommand command = commands(List.of(Verdicts.nasty())).get(0);
    assertEquals(Verdicts.NASTY, command.properties().get("file"));
    assertEquals(Verdicts.NASTY + " at step -1: " + Verdicts.NASTY, command.data());
  }

  @Test
  void countsWhatGithubWouldDrop() {
    List<Judged> runs = new ArrayList<>();
    for (int i = 0; i < 30; i++) {
      runs.add(i % 2 == 0 ? Verdicts.bad() : Verdicts.unreadable());
    }
    List<WorkflowCommand> commands = commands(runs);
    List<WorkflowCommand> errors = commands.stream().filter(c -> c.name().equals("error")).toList();
    assertEquals(10, errors.size());
    assertTrue(errors.get(9).data().startsWith("21 more of this kind"), errors.get(9).data());
    assertEquals(10, commands.stream().filter(c -> c.name().equals("warning")).count());
  }

  @Test
  void showsAsErrorWhatMakesTheRunFail() {
    List<Judged> runs = List.of(Verdicts.warned(FailOn.WARNING));
    assertEquals("error", commands(runs).get(0).name());
    assertEquals("notice", commands(runs).get(1).name());
  }

  @Test
  void saysNothingOfGoodRuns() {
    assertEquals("", GithubAnnotations.text(List.of(Verdicts.good())));
  }
}
