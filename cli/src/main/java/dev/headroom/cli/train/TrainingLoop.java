package dev.headroom.cli.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.nn.Parameter;
import ai.djl.training.optimizer.Optimizer;
import ai.djl.training.tracker.Tracker;
import dev.headroom.head.training.AdamW;
import dev.headroom.head.training.GlobalNorm;
import dev.headroom.listeners.SpectralAlignment;
import dev.headroom.listeners.TrainingStep;
import dev.headroom.scaling.schedule.Schedule;
import java.util.LinkedHashMap;
import java.util.Map;

/** Does one step after the other: batch, loss and gradients, norm, update, evaluation. */
final class TrainingLoop {
  private final TrainSettings settings;
  private final Batches batches;
  private final Network network;
  private final Schedule schedule;
  private final AdamW adamw;
  private final Optimizer optimizer;
  private final SpectralAlignment alignment;

  /**
   * Makes a loop.
   *
   * @param alignment what to measure beside it, or null
   */
  TrainingLoop(
      TrainSettings settings, Batches batches, Network network, SpectralAlignment alignment) {
    this.alignment = alignment;
    network.decoder().alignment(alignment);
    this.settings = settings;
    this.batches = batches;
    this.network = network;
    schedule = Schedule.parse(settings.schedule());
    adamw =
        AdamW.builder(schedule::lr)
            .optWeightDecays((float) settings.weightDecay())
            .threads(settings.threads())
            .build();
    optimizer = settings.plain() ? plainAdam() : adamw;
  }

  private Optimizer plainAdam() {
    Tracker rates = update -> (float) schedule.lr(Math.max(1, update));
    return Optimizer.adam().optLearningRateTracker(rates).optBeta2(0.95f).build();
  }

  /** Returns the optimiser, whose moments belong to a checkpoint. */
  AdamW adamw() {
    return adamw;
  }

  /**
   * Makes one update.
   *
   * @param step number of the update, from 1
   * @param last whether the run ends here, so that the held-out loss is wanted
   * @param seconds since the run began, before this step
   */
  TrainingStep step(long step, boolean last, double seconds) {
    long start = System.nanoTime();
    float loss;
    double norm;
    try (NDManager manager = network.stepManager()) {
      network.seed(batches.mixed(-step));
      loss = network.forwardBackward(batches.train(manager, step));
      norm = GlobalNorm.of(network.parameters(), settings.threads());
      if (Double.isFinite(norm) && Float.isFinite(loss)) {
        update(norm);
      }
    }
    boolean finite = Double.isFinite(norm) && Float.isFinite(loss);
    boolean evaluate = finite && (last || step % settings.evalEvery() == 0);
    Float valLoss = evaluate ? evaluate() : null;
    double taken = (System.nanoTime() - start) / 1e9;
    return new TrainingStep(
        step,
        step * settings.tokensPerStep(),
        loss,
        schedule.lr(step),
        norm,
        seconds + taken,
        more(valLoss));
  }

  private Map<String, Number> more(Float valLoss) {
    Map<String, Number> more = new LinkedHashMap<>();
    if (valLoss != null) {
      more.put("val_loss", valLoss);
    }
    if (alignment != null) {
      alignment.readings().forEach(r -> more.put(r.column(), r.signDiversity()));
    }
    return more;
  }

  private void update(double norm) {
    adamw.scale(GlobalNorm.scale(norm, settings.clip()));
    for (Parameter parameter : network.parameters()) {
      NDArray weight = parameter.getArray();
      try (NDArray grad = weight.getGradient()) {
        optimizer.update(parameter.getId(), weight, grad);
      }
    }
  }

  /** Returns the mean negative log-likelihood of held-out text, in nats a token. */
  float evaluate() {
    double sum = 0;
    for (int i = 0; i < batches.evalBatches(); i++) {
      try (NDManager manager = network.stepManager()) {
        sum += network.nll(batches.evaluation(manager, i));
      }
    }
    return (float) (sum / batches.evalBatches());
  }
}
