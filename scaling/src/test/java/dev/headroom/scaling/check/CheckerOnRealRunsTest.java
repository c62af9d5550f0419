package dev.headroom.scaling.check;

import dev.headroom.scaling.log.ColumnMap;
import dev.headroom.scaling.log.Run;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
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

  private static Map<String, List<Run>> healthy() throws IOException {
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
            misfit,
            List.of("model", "train_tokens", "total_steps", "total_epochs", "peak_lr"),
            "current_steps",
            "loss",
            1));
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
    List<Run> golden = new ArrayList<>();
    for (Path file : RealRuns.files("ci-golden/torchtitan", ".txt")) {
      golden.add(RealRuns.text(file, "^(\\d+)\\s+([0-9.]+)"));
    }
    out.put("ci-golden torchtitan", golden);
    return out;
  }

  @Test
  void healthyRunsGiveNoAlarm() throws IOException {
    for (Map.Entry<String, List<Run>> set : healthy().entrySet()) {
      int errors = 0;
      int warnings = 0;
      for (Run run : set.getValue()) {
        Verdict v = Checker.check(run, CheckOptions.defaults());
        errors += v.passed() ? 0 : 1;
        warnings += v.passed() && !v.findings().isEmpty() ? 1 : 0;
        v.findings().forEach(f -> System.out.println("    " + run.name() + " " + f));
      }
      System.out.printf(
          "%s: runs %d failed %d warned %d%n",
          set.getKey(), set.getValue().size(), errors, warnings);
    }
  }

  @Test
  void labelled() throws IOException {
    List<Run> runs =
        new ArrayList<>(
            RealRuns.wandb(RealRuns.DATA.resolve("logs-spikes/k2-65b_wandb_export.csv")));
    for (String folder : List.of("logs-spikes", "logs-megatron")) {
      for (Path file : RealRuns.files(folder, ".log")) {
        runs.add(RealRuns.text(file, MEGATRON));
      }
    }
    for (Run run : runs) {
      Verdict v = Checker.check(run, CheckOptions.defaults());
      System.out.println(run.name() + " " + run.size());
      v.findings().forEach(f -> System.out.println("    " + f));
    }
  }
}
