package dev.headroom.scaling.log;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class BarFieldsTest {

  private static String megatron(String front, int step, String loss) {
    return front
        + " iteration "
        + String.format("%8d", step)
        + "/    9000 | consumed samples:       "
        + 32 * step
        + " | elapsed time per iteration (ms): 812.5 | learning rate: 1.250E-04 | global batch size:"
        + "    32 | "
        + (loss == null ? "" : "lm loss: " + loss + " | ")
        + "loss scale: 4096.0 | grad norm: 2.417 | num zeros: 0.0 |"
        + " number of skipped iterations:   1 | number of nan iterations:   0 |\n";
  }

  @Test
  void readsMegatronBehindRanksTimesAndColours() {
    TextLog log =
        TextLog.of(
            "> building train, validation, and test datasets for GPT ...\n"
                + megatron("", 10, "9.5E+00")
                + megatron("0: ", 20, "9.4E+00")
                + megatron("[default7]:", 30, "9.3E+00")
                + megatron(" [2025-01-02 03:04:05]", 40, "9.2E+00")
                + megatron("\u001b[32mINFO\u001b[0m:", 50, "9.1E+00")
                + "[Rank 0] (after 50 iterations) memory (MB) | allocated: 5.5 | reserved: 9.0\n");
    assertEquals("Megatron-LM text", log.format());
    assertEquals(List.of("10", "20", "30", "40", "50"), log.column("step"));
    assertEquals(
        List.of("9.5E+00", "9.4E+00", "9.3E+00", "9.2E+00", "9.1E+00"), log.column("lm loss"));
    assertEquals("1.250E-04", log.row(4).get("learning rate"));
    assertEquals("2.417", log.row(4).get("grad norm"));
    assertEquals("1", log.row(4).get("number of skipped iterations"));
    assertEquals("9000", log.settings().get("total_steps"));
    assertEquals(List.of(2L, 3L, 4L, 5L, 6L), log.lines());
  }

  @Test
  void keepsIterationsWithoutALossAndValuesThatAreNoNumbers() {
    TextLog log =
        TextLog.of(megatron("", 1, null) + megatron("", 2, "nan") + megatron("", 3, "inf"));
    assertEquals(Arrays.asList(null, "nan", "inf"), log.column("lm loss"));
    assertEquals("4096.0", log.row(0).get("loss scale"));
  }

  @Test
  void readsValidationLinesOfEveryKind() {
    TextLog log =
        TextLog.of(
            megatron("", 100, "4.0E+00")
                + "------------------------------------------------\n"
                + " validation loss at iteration 100 | lm loss value: 3.9E+00 | lm loss PPL: 49.4 | \n"
                + "0: valid loss at iteration 200 | lm loss value: 3.8E+00 | lm loss PPL: 44.7 | \n"
                + " validation loss at iteration 300 on test set | lm loss value: 3.7E+00 | lm loss"
                + " PPL: 40.4 | \n"
                + " validation loss at iteration 300 [zh] | lm loss value: 3.6E+00 |\n"
                + " validation loss at iteration 300 on validation set | lm loss value: 3.5E+00 |\n"
                + " validation loss at the end of training for val data | lm loss value: 1.0E+00 |\n");
    assertEquals(
        Arrays.asList(null, "3.9E+00", "3.8E+00", null, null, "3.5E+00"),
        log.column("lm loss value"));
    assertEquals("3.7E+00", log.row(3).get("test lm loss value"));
    assertEquals("3.6E+00", log.row(4).get("zh lm loss value"));
    assertEquals(List.of("100", "100", "200", "300", "300", "300"), log.column("step"));
  }

  @Test
  void countsOverflowsOnce() {
    TextLog log =
        TextLog.of(
            megatron("", 100, "4.0E+00")
                + "0: Grad overflow on iteration 3\n"
                + "0: [INFO] Overflow detected. Skipping step. Attempted loss scale: 8, reducing to 4\n"
                + "0: Grad overflow on iteration 4\n"
                + "0: [INFO] No Grad overflow for 500 iterations\n");
    assertEquals(1, log.rows().size());
    assertEquals(List.of("2 steps were skipped because the gradients overflowed"), log.notes());
  }

  @Test
  void readsGptNeoxWhoseSpeedStandsBeforeTheStep() {
    TextLog log =
        TextLog.of(
            "[2024-01-02 03:04:05,678] [INFO] [logging.py:96:log_dist] [Rank 0] "
                + " samples/sec: 51.234 | iteration       10/     500 | elapsed time per iteration"
                + " (ms): 19987.6 | learning rate: 1.234E-04 | approx flops per GPU: 50.1TFLOPS |"
                + " lm_loss: 7.5E+00 | number of skipped iterations:   0 |\n"
                + " validation results at iteration 10 | lm_loss value: 7.4E+00 | lm_loss_ppl value:"
                + " 1.6E+03 | \n");
    assertEquals("GPT-NeoX text", log.format());
    assertEquals("51.234", log.row(0).get("samples/sec"));
    assertEquals("7.5E+00", log.row(0).get("lm_loss"));
    assertEquals("50.1", log.row(0).get("approx flops per GPU (TFLOPS)"));
    assertEquals("7.4E+00", log.row(1).get("lm_loss value"));
  }

  @Test
  void readsNanotronWithItsRoundedNumbers() {
    TextLog log =
        TextLog.of(
            "[default0]:09/02/2025 11:00:00 [INFO|DP=0|PP=0|TP=0|node1]: iteration: 91 / 100 |"
                + " consumed_tokens: 93.2K | tokens_per_sec: 11.3M | grad_norm: 1.4 | lr: 3.3e-05 |"
                + " lm_loss: 9.2 | model_tflops_per_gpu: 0.784\n");
    assertEquals("Nanotron text", log.format());
    assertEquals("91", log.row(0).get("step"));
    assertEquals(93200, Double.parseDouble(log.row(0).get("consumed_tokens")));
    assertEquals(11.3e6, Double.parseDouble(log.row(0).get("tokens_per_sec")));
  }

  @Test
  void readsNemoByItsGlobalStepAndCountsARepeatedEvaluationOnce() {
    String line =
        "Training epoch 1, iteration %d/99 | lr: 1.5e-05 | global_batch_size: 8 | global_step: %d |"
            + " reduced_train_loss: %s | train_step_timing in s: 0.19 | consumed_samples: %d |"
            + " val_loss: %s\n";
    TextLog log =
        TextLog.of(
            String.format(line, 3, 103, "6.5", 824, "6.4")
                + String.format(line, 4, 104, "6.3", 832, "6.4")
                + String.format(line, 5, 105, "6.2", 840, "6.1"));
    assertEquals("NeMo text", log.format());
    assertEquals(List.of("103", "104", "105"), log.column("step"));
    assertEquals(Arrays.asList("6.4", null, "6.1"), log.column("val_loss"));
  }

  @Test
  void readsLlmcWithValuesBeforeTheirUnits() {
    TextLog log =
        TextLog.of(
            "| learning_rate         | 6.0e-04           |\n"
                + "val loss 11.0060\n"
                + "step    1/1000 | loss 11.0079 (+nanz)| norm 16.3235 (+nanz)| lr 2.86e-06 |"
                + " 2734.72 ms | -100.0% bf16 MFU | 167751 tok/s\n"
                + "step    2/1000 | loss 10.8297 (-1.10z)| norm 15.0011 (+0.20z)| lr 5.71e-06 |"
                + " 2391.52 ms | 50.1% bf16 MFU | 191824 tok/s\n"
                + "val loss 10.7000\n");
    assertEquals("llm.c text", log.format());
    assertEquals(List.of("0", "1", "2", "2"), log.column("step"));
    assertEquals(Arrays.asList(null, "11.0079", "10.8297", null), log.column("loss"));
    assertEquals(Arrays.asList("11.0060", null, null, "10.7000"), log.column("val loss"));
    assertEquals("2391.52", log.row(2).get("ms"));
    assertEquals("50.1", log.row(2).get("bf16 MFU (%)"));
    assertEquals("191824", log.row(2).get("tok/s"));
  }

  @Test
  void readsOldMegatronWithoutColonsAndNanochat() {
    TextLog old =
        TextLog.of(
            " iteration      100/  1000 | elapsed time per iteration (ms): 500.0 | learning rate"
                + " 1.500E-04 | lm loss 6.9E+00 | loss scale 1.0 |\n");
    assertEquals("6.9E+00", old.row(0).get("lm loss"));
    assertEquals("1.500E-04", old.row(0).get("learning rate"));
    TextLog chat =
        TextLog.of(
            "Step 00000 | Validation bpb: 3.2\n"
                + "step 00005/21400 (0.02%) | loss: 10.2 | lrm: 1.00 | dt: 12.5ms | tok/sec: 419,430"
                + " | mfu: 39.8 | total time: 0.10m\n");
    assertEquals("nanochat text", chat.format());
    assertEquals(List.of("0", "5"), chat.column("step"));
    assertEquals("419430", chat.row(1).get("tok/sec"));
    assertEquals("12.5", chat.row(1).get("dt (ms)"));
    assertEquals("3.2", chat.row(0).get("Validation bpb"));
  }

  @Test
  void readsEqualsSignsAndLinesThatRanInto() {
    TextLog log =
        TextLog.of(
            "iteration=       1/      10 | consumed_samples=  4 | lm_loss=11.1 | TFLOPs=144.87 |\n"
                + "saved checkpoint at iteration 1 iteration        2/      10 | consumed_samples=  8"
                + " | lm_loss=11.0 | TFLOPs=144.87 |\n");
    assertEquals(List.of("1", "2"), log.column("step"));
    assertEquals(List.of("11.1", "11.0"), log.column("lm_loss"));
  }

  @Test
  void countsLinesThatEndBeforeTheirLossAndNoProse() {
    TextLog log =
        TextLog.of(
            megatron("", 10, "9.5E+00")
                + " iteration       20/     500\n"
                + "Evaluating iter 1/10\n"
                + "saved a checkpoint at iteration 20\n"
                + " [2024-05-01 10:00:00] iteration       30/     500 | cons\n"
                + megatron("", 40, "9.4E+00"));
    assertEquals(List.of("10", "40"), log.column("step"));
    assertEquals(
        List.of(
            "2 lines left out: the line ends before its loss, first at log:2"
                + " (iteration       20/     500)"),
        log.notes());
  }

  @Test
  void leavesOutALastLineThatIsCut() {
    String whole = megatron("", 10, "9.5E+00") + megatron("", 20, "9.4E+00");
    for (int end = whole.indexOf("iteration", 100) + 14; end < whole.length() - 3; end++) {
      TextLog log = TextLog.of(whole.substring(0, end));
      if (log.rows().size() == 2) {
        assertEquals(TextLog.of(whole).row(1), log.row(1), "cut at " + end);
      } else if (end > whole.lastIndexOf("20/")) {
        assertEquals(1, log.rows().size(), "cut at " + end);
        assertEquals(
            List.of("the last line is cut and was left out (log:2)"), log.notes(), "at " + end);
      }
    }
    assertNull(TextLog.of(whole).row(0).get("val_loss"));
  }
}
