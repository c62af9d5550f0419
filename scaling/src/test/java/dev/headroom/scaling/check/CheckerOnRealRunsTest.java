package dev.headroom.scaling.check;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.headroom.scaling.log.ColumnMap;
import dev.headroom.scaling.log.LogReader;
import dev.headroom.scaling.log.RowFilter;
import dev.headroom.scaling.log.Run;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Measures detections and false alarms on public runs. */
class CheckerOnRealRunsTest {
  private static final String MEGATRON = "iteration\\s+(\\d+)/.* lm loss: (\\S+)";

  @BeforeEach
  void needsTheSharedData() {
    Assumptions.assumeTrue(RealRuns.present(), "no ../shared/data beside the repository: skipped");
  }

  static Map<String, List<Run>> healthy() throws IOException {
    Path data = RealRuns.DATA;
    ColumnMap none = ColumnMap.none();
    Map<String, List<Run>> out = new LinkedHashMap<>();
    out.put("lr-schedules", RealRuns.each("lr-schedules", ".csv", none));
    out.put("lr-dense-100M", RealRuns.each("lr-dense-100M", ".csv", none));
    List<Run> seeds = new ArrayList<>();
    for (Path file : RealRuns.files("logs-seeds", ".csv")) {
      seeds.addAll(RealRuns.by(file, "run", none));
    }
    out.put("logs-seeds", seeds);
    List<Run> wandb = new ArrayList<>();
    for (Path file : RealRuns.files("logs-wandb", ".csv")) {
      wandb.addAll(RealRuns.wandb(file));
    }
    out.put("logs-wandb", wandb);
    Path gpt3 = data.resolve("gpt3-curves/curves.csv");
    out.put(
        "gpt3-curves train",
        RealRuns.byText(gpt3, List.of("model"), "tokens_B", "train_loss", 1e4));
    out.put(
        "gpt3-curves val", RealRuns.byText(gpt3, List.of("model"), "tokens_B", "val_loss", 1e4));
    out.put(
        "olmo-ladder",
        RealRuns.each("olmo-ladder", ".csv", ColumnMap.parse("step=_step,loss=c4_en_loss")));
    Path routed = data.resolve("routed-lm/curves.csv.gz");
    out.put("routed-lm", RealRuns.byText(routed, List.of("hyper_id"), "step", "loss_c4", 1));
    Path misfit = data.resolve("misfitting/trajectories.csv");
    out.put(
        "misfitting",
        RealRuns.byText(
            misfit, List.of("model", "total_steps", "peak_lr", "N"), "current_steps", "loss", 1));
    Path repeated = data.resolve("data-constrained/trajectories.csv");
    out.put(
        "data-constrained",
        RealRuns.byText(
            repeated, List.of("run_tb", "num_params", "epochs"), "token_num", "loss", 1));
    List<Run> nano = new ArrayList<>();
    for (Path file : RealRuns.files("logs-nanogpt", "")) {
      String name = file.getFileName().toString();
      if (!name.equals("README.md")) {
        nano.add(
            RealRuns.text(
                file,
                name.startsWith("llmc") ? "s:(\\d+) trl:(\\S+)" : "step:(\\d+)/.*val_loss:(\\S+)"));
      }
    }
    out.put("logs-nanogpt", nano);
    List<Run> train = new ArrayList<>();
    for (Path file : RealRuns.files("logs-nanogpt", "")) {
      Run run = RealRuns.text(file, "step:(\\d+)/.*train_loss:(\\S+)");
      if (run.size() > 0) {
        train.add(run);
      }
    }
    out.put("logs-nanogpt train", train);
    out.put("ci-golden automodel", RealRuns.each("ci-golden/automodel", ".jsonl", none));
    List<Run> gems = new ArrayList<>();
    Path hot = RealRuns.DATA.resolve("gemstones/hot_477.jsonl");
    Set<String> names = new TreeSet<>();
    for (String line : RealRuns.lines(hot)) {
      names.add(line.substring(line.indexOf(':') + 2, line.indexOf(',') - 1));
    }
    for (String name : names) {
      gems.add(LogReader.readRun(hot, none, RowFilter.parse("run_name == '" + name + "'")));
    }
    out.put("gemstones", gems);
    List<Run> golden = new ArrayList<>();
    for (Path file : RealRuns.files("ci-golden/torchtitan", ".txt")) {
      golden.add(RealRuns.text(file, "^(\\d+)\\s+([0-9.]+)"));
    }
    out.put("ci-golden torchtitan", golden);
    return out;
  }

  @Test
  void healthyRunsGiveNoAlarm() throws IOException {
    int runs = 0;
    int hardBatches = 0;
    List<String> alarms = new ArrayList<>();
    for (Map.Entry<String, List<Run>> set : healthy().entrySet()) {
      int points = 0;
      int before = alarms.size();
      for (Run run : set.getValue()) {
        points += run.size();
        Verdict v = Checker.check(run, CheckOptions.defaults());
        for (Finding f : v.findings()) {
          if (f.severity() == Severity.INFO && f.rule().equals("spike")) {
            hardBatches++;
          } else if (f.severity() != Severity.INFO) {
            alarms.add(run.name() + ": " + f);
          }
        }
      }
      runs += set.getValue().size();
      System.out.printf(
          "%s: %d runs, %d points, %d alarms%n",
          set.getKey(), set.getValue().size(), points, alarms.size() - before);
    }
    System.out.println(hardBatches + " hard batches told as information");
    assertTrue(runs > 400, "only " + runs + " runs were read");
    // 44 epochs over the same data: its validation loss does rise, from 3.05 to 3.41.
    assertTrue(alarms.removeIf(a -> a.contains("2.8B 44 ") && a.contains("divergence")));
    // Nor does the forecast of 14 or 44 epochs over the same data come true: it repeats itself.
    alarms.removeIf(a -> a.matches(".*B (14|44) : Finding.rule=forecast.*"));
    // These tables do lack a fifth to a third of their regular steps.
    alarms.removeIf(
        a -> a.contains("gaps") && (a.contains("trajectories.csv") || a.contains("curves.csv")));
    assertEquals(List.of(), alarms);
  }

  private static Verdict megatron(String folder, String name) throws IOException {
    Path file = RealRuns.DATA.resolve(folder).resolve(name);
    return Checker.check(RealRuns.text(file, MEGATRON), CheckOptions.defaults());
  }

  private static List<Long> spikes(Verdict verdict) {
    return verdict.findings().stream()
        .filter(f -> f.rule().equals("spike"))
        .map(Finding::step)
        .toList();
  }

  @Test
  void labelledSpikesOfLargeRunsAreFoundAndRecovered() throws IOException {
    Verdict tr11 = megatron("logs-spikes", "tr11-176B_2022-04-12_spike.log");
    assertEquals(List.of(31219L), spikes(tr11));
    assertTrue(tr11.passed());
    Verdict tr1 = megatron("logs-spikes", "tr1-13B_spike.log");
    assertEquals(List.of(29050L), spikes(tr1));
    assertTrue(tr1.passed());
  }

  @Test
  void bothPanelsOfTheK2ExportShowTheirSpikes() {
    List<Run> panels = RealRuns.wandb(RealRuns.DATA.resolve("logs-spikes/k2-65b_wandb_export.csv"));
    for (Run run : panels) {
      Verdict v = Checker.check(run, CheckOptions.defaults());
      v.findings().forEach(f -> System.out.println(run.size() + " points: " + f));
      assertTrue(v.passed(), "recovered spikes do not fail a run");
      for (long near : new long[] {145_888_000L, 170_927_000L}) {
        assertTrue(
            v.findings().stream().anyMatch(f -> Math.abs(f.step() - near) < 200_000), "at " + near);
      }
    }
  }

  @Test
  void runsThatBlewUpFailAndStalledOnesAreNotCalledDiverged() throws IOException {
    Verdict bf16 = megatron("logs-megatron", "blowup-4-alibi-bf16-1796229.log");
    assertFalse(bf16.passed());
    assertEquals("divergence", bf16.findings().get(0).rule());
    assertFalse(megatron("logs-megatron", "blowup-4-adam-1793736.log").passed());
    Verdict stalled = megatron("logs-megatron", "blowup-3-adam-1793490.log");
    assertEquals("stall", stalled.findings().get(0).rule());
    assertTrue(stalled.findings().stream().noneMatch(f -> f.rule().equals("divergence")));
    assertTrue(megatron("logs-megatron", "blowup-3-adam-fp32-1793501.log").passed());
  }
}
