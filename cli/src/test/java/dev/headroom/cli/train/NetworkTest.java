package dev.headroom.cli.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import dev.headroom.head.NumberTokens;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.IntStream;
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
      TrainingLoop loop = new TrainingLoop(settings, batches, network, null);
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

  private static TrainSettings adding(String numberLoss, double zLoss) {
    TrainOptions options = new TrainOptions();
    options.width = 8;
    options.layers = 1;
    options.context = 8;
    options.batch = 2;
    options.threads = 1;
    options.evalBatches = 1;
    options.numberLoss = numberLoss;
    options.zLoss = zLoss;
    return options.settings(1000);
  }

  @Test
  void theHeldOutLossIsTheNllWhateverIsAddedToTheTrainingLoss() {
    Map<Integer, Double> values = new HashMap<>();
    IntStream.range(0, CLASSES).forEach(id -> values.put(id, 20.0 * id));
    NumberTokens numbers = NumberTokens.of(values);
    TrainSettings base = adding(null, 0);
    Batches batches = new Batches(rule(), base);
    try (Network bare = new Network(base, CLASSES);
        Network added = new Network(adding("wasserstein:0.3", 0.1), CLASSES, numbers, null);
        NDManager manager = bare.stepManager()) {
      Batches.Pair batch = batches.train(manager, 1);
      double nll = bare.nll(batch);
      assertEquals(Math.log(CLASSES), nll, 0.1);
      assertEquals(nll, added.nll(batch));
      float loss = bare.forwardBackward(batch);
      assertEquals(nll, loss, 1e-5);
      // 0.3 of the mean distance, 250 to 490; 0.1 of the square of ln 50
      double more = added.forwardBackward(batch) - loss - 0.1 * 15.3;
      assertTrue(more > 0.3 * 240 && more < 0.3 * 500, "added: " + more);
    }
  }

  @Test
  void readsTheLikeliestNumberAndClassWithoutLeavingAnArrayBehind() {
    NumberTokens numbers = NumberTokens.of(Map.of(3, 1.0, 20, 500.0, 41, 999.0));
    TrainSettings settings = adding(null, 0);
    Batches batches = new Batches(rule(), settings);
    try (Network network = new Network(settings, CLASSES);
        NDManager manager = network.stepManager()) {
      NDArray inputs = batches.train(manager, 1).inputs();
      int before = held(network);
      long[] ids = inputs.toLongArray();
      long[][] windows = {Arrays.copyOf(ids, 8), Arrays.copyOfRange(ids, 8, 16)};
      NumberReading.Guesses guesses = network.guesses(numbers);
      long[] number = guesses.numbers(windows);
      long[] best = guesses.classes(windows);
      assertEquals(before, held(network));
      NDList out = network.predict(inputs);
      NDArray hidden = out.get(0);
      float[] logits = hidden.matMul(out.get(1).transpose()).get(":, -1").toFloatArray();
      for (int i = 0; i < 2; i++) {
        float[] row = Arrays.copyOfRange(logits, i * CLASSES, (i + 1) * CLASSES);
        assertEquals(argmax(row, IntStream.range(0, CLASSES)), best[i]);
        assertEquals(argmax(row, IntStream.of(3, 20, 41)), number[i]);
      }
    }
  }

  private static long argmax(float[] row, IntStream ids) {
    return ids.boxed().max(Comparator.comparing(i -> row[i])).orElseThrow();
  }
}
