package dev.headroom.scaling.log;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class OtherTextLogsTest {

  @Test
  void readsNanogpt() {
    TextLog log =
        TextLog.of(
            "tokens per iteration will be: 491,520\n"
                + "step 0: train loss 10.9871, val loss 10.9870\n"
                + "iter 0: loss 10.9886, time 55438.69ms, mfu -100.00%\n"
                + "iter 10: loss 9.5, time 91.98s, mfu 12.30%, lr 6.00e-04\n"
                + "step 250: train loss 2.1, val loss 2.3; best val loss to now: 2.3\n"
                + "saving checkpoint to out\n");
    assertEquals("nanoGPT text", log.format());
    assertEquals(List.of("0", "0", "10", "250"), log.column("step"));
    assertEquals(Arrays.asList(null, "10.9886", "9.5", null), log.column("loss"));
    assertEquals(Arrays.asList("10.9870", null, null, "2.3"), log.column("val loss"));
    assertEquals("10.9871", log.row(0).get("train loss"));
    assertEquals("55438.69", log.row(1).get("time (ms)"));
    assertEquals("91.98", log.row(2).get("time (s)"));
    assertEquals("12.30", log.row(2).get("mfu (%)"));
  }

  @Test
  void readsRelativesOfNanogpt() {
    TextLog mlx =
        TextLog.of(
            "Iter 1: Val loss 2.908, Val took 8.1s\n"
                + "Iter 10: Train loss 2.345, Learning Rate 1.000e-05, It/sec 1.23, Trained Tokens"
                + " 3,770, Peak mem 7.1 GB\n");
    assertEquals("2.908", mlx.row(0).get("Val loss"));
    assertEquals("2.345", mlx.row(1).get("Train loss"));
    assertEquals("3770", mlx.row(1).get("Trained Tokens"));
    TextLog lit = TextLog.of("iter 100 step 25: loss 3.2100, time: 812.25ms\n");
    assertEquals("3.2100", lit.row(0).get("loss"));
    assertEquals("100", lit.row(0).get("step"));
    TextLog plain = TextLog.of("step 7, loss: 10.7190\nstep 8, loss: 10.5\n");
    assertEquals(List.of("10.7190", "10.5"), plain.column("loss"));
  }

  @Test
  void readsLlmcMainLog() {
    TextLog log =
        TextLog.of(
            "s:0 tel:11.0092\ns:0 trl:11.0091 lr:0.000001 norm:15.37\n"
                + "s:250 eval:0.2504\ns:250 tel:6.5\ns:251 trl:nan lr:0.000600 norm:inf\n");
    assertEquals("llm.c main.log", log.format());
    assertEquals(List.of("0", "0", "250", "250", "251"), log.column("step"));
    assertEquals(Arrays.asList("11.0092", null, null, "6.5", null), log.column("val_loss"));
    assertEquals(Arrays.asList(null, "11.0091", null, null, "nan"), log.column("train_loss"));
    assertEquals("0.2504", log.row(2).get("hellaswag"));
    assertEquals("inf", log.row(4).get("norm"));
  }

  @Test
  void readsPairsOfStepAndLoss() {
    TextLog log = TextLog.of("1 8.049097061157227\n2 7.75\n3 nan\n4 7.032886028289795");
    assertEquals("pairs of step and loss", log.format());
    assertEquals(List.of("1", "2", "3", "4"), log.column("step"));
    assertEquals(
        List.of("8.049097061157227", "7.75", "nan", "7.032886028289795"), log.column("loss"));
  }

  @Test
  void readsBlocksOfOlmo() {
    TextLog log =
        TextLog.of(
            "[2024-04-17 09:42:26] INFO     [olmo.train:816, rank=0] [step=1/739328,epoch=0]\n"
                + "    train/CrossEntropyLoss=11.25\n"
                + "    train/Perplexity=76,631\n"
                + "    throughput/total_tokens=4,194,304\n"
                + "    System/Peak GPU Memory (MB)=42,133\n"
                + "[2024-04-17 09:42:38] INFO     [olmo.train:816, rank=0] [step=2/739328,epoch=0]\n"
                + "\u001b[36m    train/CrossEntropyLoss=10.73\u001b[0m\n"
                + "[2024-04-17 09:42:39] INFO     [olmo.train:816, rank=0] [eval_step=3/16]\n"
                + "[2024-04-17 09:42:39] INFO     [olmo.train:816, rank=0] c4_en\n"
                + "    eval/c4_en/CrossEntropyLoss=10.5\n"
                + "[2024-04-17 09:42:50] INFO     [olmo.train:816, rank=0] [step=3/739328,epoch=0]\n"
                + "    train/CrossEntropyLoss=10.64\n");
    assertEquals("OLMo text", log.format());
    assertEquals(List.of("1", "2", "2", "3"), log.column("step"));
    assertEquals(
        Arrays.asList("11.25", "10.73", null, "10.64"), log.column("train/CrossEntropyLoss"));
    assertEquals("4194304", log.row(0).get("throughput/total_tokens"));
    assertEquals("10.5", log.row(2).get("eval/c4_en/CrossEntropyLoss"));
    assertEquals("739328", log.settings().get("total_steps"));
  }

  @Test
  void readsLightningBarsOnceAStep() {
    String bar =
        "Epoch 0: : %d%%|##| %d/200 [00:10<01:20,  1.2it/s, v_num=3-16, reduced_train_loss=%s,"
            + " global_step=%s, consumed_samples=%d, train_step_timing in s=3.37%s]";
    TextLog log =
        TextLog.of(
            "Epoch 0: :   0%|          | 0/200 [00:00<?]"
                + "\r"
                + String.format(bar, 0, 1, "11.00", "0.000", 8, "")
                + "\r"
                + String.format(bar, 0, 1, "11.00", "0.000", 8, "")
                + "\r"
                + String.format(bar, 1, 2, "10.90", "1.000", 16, "")
                + "\r"
                + String.format(bar, 1, 2, "10.90", "1.000", 16, ", val_loss=9.5")
                + "\r"
                + String.format(bar, 2, 3, "10.80", "2.000", 24, ", val_loss=9.5")
                + "\n");
    assertEquals("NeMo progress bar", log.format());
    assertEquals(List.of("0", "1", "1", "2"), log.column("step"));
    assertEquals(Arrays.asList("11.00", "10.90", null, "10.80"), log.column("reduced_train_loss"));
    assertEquals(Arrays.asList(null, null, "9.5", null), log.column("val_loss"));
  }

  @Test
  void carriesOnAStepThatTheBarRounds() {
    String bar = "Epoch 0: 50%%|#| %d/300000 [9:00<9:00,  1.2it/s, loss=%s, global_step=%s]\r";
    TextLog log =
        TextLog.of(
            String.format(bar, 99999, "2.01", "99998.0")
                + String.format(bar, 100001, "2.02", "1e+5")
                + String.format(bar, 100002, "2.03", "1e+5")
                + String.format(bar, 123456, "2.04", "1.23e+5"));
    assertEquals(List.of("99998", "100000", "100001", "123455"), log.column("step"));
  }

  @Test
  void readsBarsWithoutARateOrATotal() {
    TextLog log =
        TextLog.of(
            "[2025-12-17 04:54:49,774] [INFO] Epoch 1: : 1it [00:04,  4.36s/it, v_num=d3c7,"
                + " reduced_train_loss=0.674, global_step=1.000, samples/sec=14.60]     2025-12-17\n"
                + "Epoch 0: : 100%|##| 2000/2000 [43:24:54<00:00, reduced_train_loss=0.139,"
                + " global_step=2e+3, val_loss=0.212][NeMo I 2024-06-17 08:36:41] Removing x=1\n");
    assertEquals(List.of("1", "2000"), log.column("step"));
    assertEquals(List.of("0.674", "0.139"), log.column("reduced_train_loss"));
    assertEquals("14.60", log.row(0).get("samples/sec"));
    assertEquals("0.212", log.row(1).get("val_loss"));
  }

  @Test
  void countsTheBatchesOfABarWithoutAStep() {
    TextLog log =
        TextLog.of(
            "Epoch 0:  6%|#| 1/18 [00:08<02:29,  8.77s/it, loss=10.473, v_num=193315]\n"
                + "Epoch 1:  6%|#| 2/18 [00:08<02:29,  8.77s/it, loss=10.2, v_num=193315]\n");
    assertEquals("Lightning progress bar", log.format());
    assertEquals(List.of("1", "20"), log.column("step"));
    assertTrue(log.notes().get(0).contains("it is the batch"), log.notes().get(0));
  }

  @Test
  void saysThatDeepSpeedLinesCarryNoLoss() {
    TextLog log =
        TextLog.of(
            "[2024-04-21 02:45:24,651] [INFO] [logging.py:96:log_dist] [Rank 0] step=2, skipped=0,"
                + " lr=[1.0e-07, 1.0e-07], mom=[(0.9, 0.999), (0.9, 0.999)]\n"
                + "worker-0: [INFO 2020-02-06 19:53:56] rank:0 step=3, skipped=1, lr=[0.001],"
                + " mom=[[0.8, 0.999]]\n");
    assertEquals("DeepSpeed text", log.format());
    assertEquals(List.of("1.0e-07", "0.001"), log.column("lr"));
    assertEquals(List.of("0", "1"), log.column("skipped"));
    assertEquals(List.of("DeepSpeed's own lines carry the learning rate and no loss"), log.notes());
  }
}
