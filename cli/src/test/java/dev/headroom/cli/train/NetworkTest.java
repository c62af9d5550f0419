package dev.headroom.cli.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDManager;
import org.junit.jupiter.api.Test;

class NetworkTest {
  private static final int CLASSES = 50;

  private static TrainSettings settings(boolean plain, String delivery) {
    TrainOptions options = new TrainOptions();
    options.width = 8;
    options.layers = 1;
    options.context = 8;
    options.batch = 2;
    options.workspace = 1;
    options.plain = plain;
    options.delivery = delivery;
    options.evalBatches = 1;
    options.threads = 1;
    // DJL's Adam has neither
    options.clip = 0.0;
    options.weightDecay = 0.0;
    options.schedule = "constant(peak=1e-2,warmup=10)";
    return options.settings(1000);
  }

  /** Each token follows from the one before: 7 i + 1 mod 50. */
  private static TokenCorpus rule() {
    int[] tokens = new int[4000];
    for (int i = 1; i < tokens.length; i++) {
      tokens[i] = (7 * tokens[i - 1] + 1 + i / 25) % CLASSES;
    }
    return new TokenCorpus("rule", tokens, 1, 0, "none");
  }

  private static int held(Network network) {
    try (NDManager step = network.stepManager()) {
      return step.getParentManager().getManagedArrays().size();
    }
  }

  private static float[] train(TrainSettings settings, int steps) {
    float[] losses = new float[steps];
    Batches batches = new Batches(rule(), settings);
    try (Network network = new Network(settings, CLASSES)) {
      TrainingLoop loop = new TrainingLoop(settings, batches, network);
      losses[0] = loop.step(1, false, 0).loss();
      int before = held(network);
      for (int step = 2; step <= steps; step++) {
        losses[step - 1] = loop.step(step, step == steps, 0).loss();
      }
      assertEquals(
          before, held(network), "arrays in the model's manager after " + steps + " steps");
    }
    return losses;
  }

  @Test
  void leaksNoArrayOverAThousandSteps() {
    float[] losses = train(settings(false, "fused"), 1000);
    assertEquals(Math.log(CLASSES), losses[0], 0.1);
    assertTrue(losses[999] < losses[0] - 0.5, "loss " + losses[999]);
  }

  @Test
  void theNumbersDoNotDependOnWhenGarbageIsCollected() throws InterruptedException {
    float[] calm = train(settings(false, "fused"), 150);
    Thread collector =
        new Thread(
            () -> {
              while (!Thread.interrupted()) {
                System.gc();
              }
            });
    collector.start();
    float[] collected = train(settings(false, "fused"), 150);
    collector.interrupt();
    collector.join();
    assertArrayEquals(calm, collected);
  }

  @Test
  void bothDeliveriesTrainAlike() {
    float[] fused = train(settings(false, "fused"), 30);
    float[] autograd = train(settings(false, "autograd"), 30);
    for (int i = 0; i < 30; i++) {
      assertEquals(fused[i], autograd[i], 1e-3, "step " + (i + 1));
    }
  }

  @Test
  void djlsPlainHeadAndAdamTrainAlike() {
    float[] ours = train(settings(false, "fused"), 30);
    float[] plain = train(settings(true, "fused"), 30);
    for (int i = 0; i < 30; i++) {
      assertEquals(plain[i], ours[i], 2e-3, "step " + (i + 1));
    }
  }
}
