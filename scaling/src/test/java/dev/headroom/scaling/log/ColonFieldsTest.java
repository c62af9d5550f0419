package dev.headroom.scaling.log;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class ColonFieldsTest {

  @Test
  void readsTorchtitanWithColoursAndUnits() {
    TextLog log =
        TextLog.of(
            "[rank0]:[titan] 2025-10-30 14:32:50,897 - root - INFO - Training starts at step 1\n"
                + "[rank0]:\u001b[31mstep: 10  \u001b[32mloss:  8.1661  \u001b[38;2;180;60;0mgrad_norm:"
                + "  3.6855  \u001b[33mmemory:  2.47GiB(3.12%)  \u001b[34mtps: 177,502  \u001b[36m"
                + "tflops: 1.90  \u001b[35mmfu: 0.19%\u001b[39m\n"
                + "[titan] 2025-10-30 14:32:58,990 - root - INFO - step: 20  loss:  nan  grad_norm:"
                + "     nan  memory:  2.49GiB(3.14%)  tps: 3,502  tflops: 96.17  mfu: N/A\n"
                + "[titan] - INFO - validate step: 20  loss: 7.4699  memory: 69.81GiB(88.17%)  tps:"
                + " 74,600\n");
    assertEquals("torchtitan text", log.format());
    assertEquals(List.of("10", "20", "20"), log.column("step"));
    assertEquals(Arrays.asList("8.1661", "nan", null), log.column("loss"));
    assertEquals(Arrays.asList(null, null, "7.4699"), log.column("val_loss"));
    assertEquals("2.47", log.row(0).get("memory (GiB)"));
    assertEquals(Arrays.asList("177502", "3502", null), log.column("tps"));
    assertEquals("0.19", log.row(0).get("mfu (%)"));
    assertNull(log.row(1).get("mfu"));
  }

  @Test
  void readsOlderTorchtitanWithoutGradientNorm() {
    TextLog log =
        TextLog.of(
            "[rank0]:2024-06-10 01:02:03,000 - root - INFO - step:  1  loss: 12.2386  memory:"
                + " 26.20GiB(33.12%)  wps: 1,020  mfu: 8.64%\n");
    assertEquals("torchtitan text", log.format());
    assertEquals("1020", log.row(0).get("wps"));
  }

  @Test
  void readsModdedNanogptBehindItsScript() {
    TextLog log =
        TextLog.of(
            "import os\n"
                + "# at step 5: loss 3.0 is reached\n"
                + "    log = {'step': 0, 'loss': 1.0}\n"
                + "print0(f\"step:{step}/{steps} val_loss:{val_loss:.4f} step_avg:{avg:.2f}ms\")\n"
                + "====================================\n"
                + "Running Python 3.12 | packaged\n"
                + "| 0  NVIDIA H100  On | 00000000:61:00.0 Off |                    0 |\n"
                + "step:0/1750 val_loss:10.8258 train_time:0ms step_avg:nanms\n"
                + "step:1/1750 train_loss:10.7 train_time:31613ms step_avg:nanms\n"
                + "step:2/1750 train_time:31713ms step_avg:31.0ms\n"
                + "step:125/1750 val_loss:4.5156 train_time:41.705s step_avg:23.52ms\n"
                + "peak memory allocated: 56828 MiB reserved: 61840 MiB\n");
    assertEquals("modded-nanogpt text", log.format());
    assertEquals(List.of("0", "1", "125"), log.column("step"));
    assertEquals(Arrays.asList("10.8258", null, "4.5156"), log.column("val_loss"));
    assertEquals(Arrays.asList(null, "10.7", null), log.column("train_loss"));
    assertEquals(Arrays.asList(null, null, "23.52"), log.column("step_avg (ms)"));
    assertEquals(Arrays.asList("0", "31613", null), log.column("train_time (ms)"));
    assertEquals("41.705", log.row(2).get("train_time (s)"));
    assertEquals("1750", log.settings().get("total_steps"));
    assertEquals(List.of(), log.notes());
  }

  @Test
  void keepsEqualEvaluationsOfDifferentSteps() {
    TextLog log =
        TextLog.of("step:0/9 val_loss:3.5 train_time:0ms\nstep:5/9 val_loss:3.5 train_time:9ms\n");
    assertEquals(List.of("3.5", "3.5"), log.column("val_loss"));
  }

  @Test
  void readsTheDeepSpeedEngine() {
    TextLog log =
        TextLog.of(
            "steps: 200 loss: 5.5508 lm loss: 5.5103 moe loss: 0.0405 iter time (s): 0.936"
                + " samples/sec: 136.706\n");
    assertEquals("DeepSpeed engine text", log.format());
    assertEquals("5.5508", log.row(0).get("loss"));
    assertEquals("5.5103", log.row(0).get("lm loss"));
    assertEquals("0.936", log.row(0).get("iter time (s)"));
    assertEquals("136.706", log.row(0).get("samples/sec"));
  }

  @Test
  void countsLinesThatEndBeforeTheirLossAndNoProse() {
    TextLog log =
        TextLog.of(
            "step:1/9 train_loss:3.51\nstep:2/9\nstep:3/9 train_loss:\n"
                + "resumed from step: 3\nafter step:3/9 note: saved\nstep:4/9 train_loss:3.4\n");
    assertEquals(List.of("1", "4"), log.column("step"));
    assertEquals(
        List.of("2 lines left out: the line ends before its loss, first at log:2 (step:2/9)"),
        log.notes());
  }

  @Test
  void leavesOutALastLineThatIsCut() {
    String head =
        "step:1/9 train_loss:3.51 train_time:10ms\nstep:2/9 train_loss:3.49 train_time:20ms";
    assertEquals(2, TextLog.of(head).rows().size());
    TextLog cut = TextLog.of(head.substring(0, head.lastIndexOf("0ms")));
    assertEquals(List.of("1"), cut.column("step"));
    assertEquals(List.of("the last line is cut and was left out (log:2)"), cut.notes());
  }
}
