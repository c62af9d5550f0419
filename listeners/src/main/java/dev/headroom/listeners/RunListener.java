package dev.headroom.listeners;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.nn.Parameter;
import ai.djl.training.Trainer;
import ai.djl.training.listener.TrainingListenerAdapter;
import ai.djl.training.loss.Loss;
import dev.headroom.head.HeadLoss;
import dev.headroom.head.HeadOutput;
import dev.headroom.head.training.GlobalNorm;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongToDoubleFunction;

/**
 * Tells observers of each batch that a DJL {@code Trainer} has gone back through and not yet
 * updated on.
 *
 * <p>The loss of a {@link HeadLoss} on one device is the mean negative log-likelihood that it knows
 * already, without z-loss and other terms, so that runs can be compared; its mean log-sum-exp
 * becomes the column {@code lse}, its largest logit, where it lists any, {@code max_logit}. Any
 * other loss is evaluated once more, without gradients. Tokens are the rows that count, or all
 * elements of the labels. The loss of the validation set goes to {@link StepObserver#onEvaluation}
 * once an epoch. Add it after {@link HeadLoss#listener} and, where gradients are clipped, before
 * {@link GlobalNorm#clipping}.
 *
 * <p>The gradient norm is read where all parameters lie in CPU memory, else it is left out.
 */
public final class RunListener extends TrainingListenerAdapter {
  private final LongToDoubleFunction rate;
  private final int threads;
  private final SpectralAlignment alignment;
  private final List<StepObserver> observers;
  private long step;
  private long tokens;
  private final double secondsBefore;
  private long start;
  private double validation;
  private long validationTokens;

  private RunListener(Builder builder) {
    rate = builder.rate;
    threads = builder.threads;
    alignment = builder.alignment;
    observers = List.copyOf(builder.observers);
    step = builder.step;
    tokens = builder.tokens;
    secondsBefore = builder.seconds;
    start = System.nanoTime();
  }

  /** Starts a builder. */
  public static Builder builder() {
    return new Builder();
  }

  @Override
  public void onTrainingBegin(Trainer trainer) {
    start = System.nanoTime();
  }

  @Override
  public void onTrainingBatch(Trainer trainer, BatchData data) {
    step++;
    Map<String, Number> more = new LinkedHashMap<>();
    Mean mean = mean(trainer.getLoss(), data, more);
    tokens += mean.tokens;
    if (alignment != null) {
      alignment.readings().forEach(reading -> more.put(reading.column(), reading.signDiversity()));
    }
    TrainingStep now =
        new TrainingStep(
            step,
            tokens,
            (float) mean.loss,
            rate == null ? null : rate.applyAsDouble(step),
            norm(trainer.getModel().getBlock().getParameters().values()),
            secondsBefore + (System.nanoTime() - start) / 1e9,
            more);
    observers.forEach(observer -> observer.onStep(now));
  }

  @Override
  public void onValidationBatch(Trainer trainer, BatchData data) {
    Mean mean = mean(trainer.getLoss(), data, new LinkedHashMap<>());
    validation += mean.loss * mean.tokens;
    validationTokens += mean.tokens;
  }

  @Override
  public void onEpoch(Trainer trainer) {
    if (validationTokens > 0 && step > 0) {
      float loss = (float) (validation / validationTokens);
      observers.forEach(observer -> observer.onEvaluation(step, loss));
    }
    validation = 0;
    validationTokens = 0;
  }

  private record Mean(double loss, long tokens) {}

  private static Mean mean(Loss loss, BatchData data, Map<String, Number> more) {
    if (loss instanceof HeadLoss head && data.getLabels().size() == 1) {
      return ofHead(head.output(), more);
    }
    double sum = 0;
    long tokens = 0;
    for (Map.Entry<Device, NDList> part : data.getLabels().entrySet()) {
      NDList labels = part.getValue();
      long n = labels.head().size();
      try (NDArray value = loss.evaluate(labels, data.getPredictions().get(part.getKey()));
          NDArray mean = value.mean()) {
        sum += n * mean.toType(ai.djl.ndarray.types.DataType.FLOAT64, false).getDouble();
      }
      tokens += n;
    }
    return new Mean(sum / tokens, tokens);
  }

  private static Mean ofHead(HeadOutput output, Map<String, Number> more) {
    double nll = 0;
    double lse = 0;
    int kept = 0;
    for (int i = 0; i < output.targets().length; i++) {
      if (output.targets()[i] != output.options().ignoreIndex()) {
        nll += output.nll()[i];
        lse += output.lse()[i];
        kept++;
      }
    }
    more.put("lse", (float) (lse / kept));
    if (output.topLogits() != null) {
      float top = Float.NEGATIVE_INFINITY;
      for (float logit : output.topLogits()) {
        top = Math.max(top, logit);
      }
      more.put("max_logit", top);
    }
    return new Mean(nll / kept, kept);
  }

  private Double norm(Collection<Parameter> parameters) {
    for (Parameter parameter : parameters) {
      if (parameter.getArray().getDevice().isGpu()) {
        return null;
      }
    }
    return GlobalNorm.of(parameters, threads);
  }

  /** Gathers what a listener is to know and whom it is to tell. */
  public static final class Builder {
    private LongToDoubleFunction rate;
    private int threads = Math.max(1, Runtime.getRuntime().availableProcessors());
    private SpectralAlignment alignment;
    private final List<StepObserver> observers = new ArrayList<>();
    private long step;
    private long tokens;
    private double seconds;

    private Builder() {}

    /** Sets the learning rate of each update, which are counted from 1; not logged without it. */
    public Builder optRate(LongToDoubleFunction rateOfStep) {
      rate = rateOfStep;
      return this;
    }

    /** Sets the threads that read the gradients, default all processors. */
    public Builder optThreads(int count) {
      threads = count;
      return this;
    }

    /** Logs the sign diversity of the layers that this measures. */
    public Builder optAlignment(SpectralAlignment measured) {
      alignment = measured;
      return this;
    }

    /** Counts on from a step that an earlier process ended with. */
    public Builder optStartAfter(long lastStep, long lastTokens, double lastSeconds) {
      step = lastStep;
      tokens = lastTokens;
      seconds = lastSeconds;
      return this;
    }

    /** Adds an observer; they are told in the order they were added. */
    public Builder addObserver(StepObserver observer) {
      observers.add(observer);
      return this;
    }

    /** Makes the listener. */
    public RunListener build() {
      return new RunListener(this);
    }
  }
}
