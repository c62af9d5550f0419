package dev.headroom.scaling.log;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.headroom.scaling.fit.SharedData;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** The readers on public logs that lie beside the repository. */
class RealTextLogsTest {

  private static TextLog read(String name) {
    try (LogInput input = LogInput.of(SharedData.path(name))) {
      return TextLog.of(input);
    }
  }

  private static Run run(String name) {
    return LogReader.readRun(SharedData.path(name), ColumnMap.none());
  }

  private static long count(TextLog log, String column) {
    return log.column(column).stream().filter(Objects::nonNull).count();
  }

  @Test
  void readsMegatronDeepSpeedThatDiverged() {
    TextLog log = read("logs-megatron/blowup-4-alibi-bf16-1796229.log");
    assertEquals("Megatron-DeepSpeed text", log.format());
    assertEquals(39, count(log, "lm loss"));
    assertEquals(79, count(log, "lm loss value"));
    assertEquals("148693", log.settings().get("total_steps"));
    assertEquals(List.of(), log.notes());
    Run run = run("logs-megatron/blowup-4-alibi-bf16-1796229.log");
    assertEquals(200, run.step()[0]);
    assertEquals(9.265527, run.loss()[0]);
    assertEquals(1.034, run.columns().get("grad_norm")[0]);
    assertEquals(52428800, run.columns().get("tokens")[0]);
  }

  @Test
  void countsTheOverflowsOfHalfPrecision() {
    assertEquals(
        List.of("773 steps were skipped because the gradients overflowed"),
        read("logs-megatron/blowup-4-alibi-gpu1-1813779.log").notes());
    assertEquals(
        List.of("64 steps were skipped because the gradients overflowed"),
        read("logs-megatron/blowup-3-adam-1793490.log").notes());
  }

  @Test
  void readsEveryMegatronLogAndExcerpt() {
    String[] files = {
      "logs-megatron/blowup-2-1793438.log",
      "logs-megatron/blowup-3-adam-fp32-1793501.log",
      "logs-megatron/blowup-4-adam-1793736.log",
      "logs-spikes/tr11-176B_2022-04-12_spike.log",
    };
    int[] rows = {6, 15, 64, 13};
    for (int i = 0; i < files.length; i++) {
      TextLog log = read(files[i]);
      assertEquals("Megatron-DeepSpeed text", log.format(), files[i]);
      assertEquals(rows[i], log.rows().size(), files[i]);
    }
    Run spike = run("logs-spikes/tr1-13B_spike.log");
    assertEquals(10, spike.size());
    assertEquals(29050, spike.step()[3]);
    assertEquals(7.343709, spike.loss()[3]);
  }

  @Test
  void readsLlmc() {
    TextLog log = read("logs-nanogpt/llmc_gpt2_124M_main.log");
    assertEquals(19_640, log.rows().size());
    assertEquals(19_560, count(log, "train_loss"));
    assertEquals(List.of(), log.notes());
    Run run = run("logs-nanogpt/llmc_gpt2_124M_main.log");
    assertEquals(11.0091, run.loss()[0]);
    assertEquals(11.0092, run.columns().get("val_loss")[0]);
    assertEquals(1e-6, run.columns().get("lr")[0]);
    assertEquals(15.37, run.columns().get("grad_norm")[0]);
  }

  @Test
  void readsModdedNanogpt() {
    TextLog medium = read("logs-nanogpt/medium_2025-01-18.txt.gz");
    assertEquals("modded-nanogpt text", medium.format());
    assertEquals(61, medium.rows().size());
    assertEquals("2.9166", medium.row(60).get("val_loss"));
    TextLog seed = read("logs-nanogpt/valueembed_seed0.txt");
    assertEquals(1530, count(seed, "train_loss"));
    assertEquals(14, count(seed, "val_loss"));
    Run run = run("logs-nanogpt/scaleup1b_0.txt.gz");
    assertEquals(20_344, run.step()[run.size() - 1]);
    assertEquals(2.8204, run.loss()[run.size() - 1]);
    double[] evaluations = run.columns().get("val_loss");
    assertEquals(2.7737, evaluations[evaluations.length - 1]);
  }

  @Test
  void readsGoldenLosses() {
    Run run = run("ci-golden/torchtitan/llama3_rocm_mi350x.txt");
    assertEquals(100, run.size());
    assertEquals(8.048333168029785, run.loss()[0]);
    assertTrue(run.columns().isEmpty(), run.columns().keySet().toString());
  }
}
