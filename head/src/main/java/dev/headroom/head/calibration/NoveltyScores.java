package dev.headroom.head.calibration;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import dev.headroom.head.HeadLoss;
import dev.headroom.head.HeadOptions;
import dev.headroom.head.HeadOutput;

/**
 * How strange each row of hidden states is to a head, from the statistics of one forward pass;
 * larger for stranger rows. Needs no targets.
 *
 * @param energy {@code -T lse(z)}, with T = 1 / logit scale: low where any logit is large
 * @param lessThanSure {@code 1 - max_v p_v}, in [0, 1]
 * @param entropy {@code -sum_v p_v log p_v}, in nats
 */
public record NoveltyScores(double[] energy, double[] lessThanSure, double[] entropy) {

  /**
   * Scores the rows that a head predicts from.
   *
   * @param options of the head
   * @param predictions as {@link dev.headroom.head.VocabularyHead} returns them
   */
  public static NoveltyScores of(HeadOptions options, NDList predictions) {
    HeadOptions asked = options.withCausalShift(false).withTopK(1).withEntropy(true);
    asked = asked.withSoftTargets(0).withReweighting(null).withRowLosses().withLabelSmoothing(0);
    // any class serves for a target that nothing is asked of
    long target = options.ignoreIndex() == 0 ? 1 : 0;
    Shape shape = predictions.head().getShape();
    Shape leading = shape.slice(0, Math.max(0, shape.dimension() - 1));
    HeadLoss loss = new HeadLoss(asked);
    try (NDManager manager = predictions.head().getManager().newSubManager();
        NDArray ids = manager.full(leading, target, DataType.INT64);
        NDList detached = detached(predictions)) {
      loss.evaluate(new NDList(ids), detached).close();
    } finally {
      loss.releaseMemory();
    }
    return of(loss.output());
  }

  private static NDList detached(NDList predictions) {
    NDList detached = new NDList();
    predictions.forEach(array -> detached.add(array.stopGradient()));
    return detached;
  }

  private static NoveltyScores of(HeadOutput output) {
    int n = output.lse().length;
    double[] energy = new double[n];
    double[] unsure = new double[n];
    double[] entropy = new double[n];
    float[] energies = output.energy();
    for (int i = 0; i < n; i++) {
      energy[i] = energies[i];
      unsure[i] = -Math.expm1((double) output.topLogits()[i] - output.lse()[i]);
      entropy[i] = output.entropy()[i];
    }
    return new NoveltyScores(energy, unsure, entropy);
  }
}
