package dev.headroom.listeners;

import com.google.gson.JsonPrimitive;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Holds what is known of one update, before it is made: a line of the canonical log.
 *
 * @param step number of the update, from 1
 * @param tokens seen so far, this step's included; 0 where they are not counted
 * @param loss of this step's batch, in nats a token; may be NaN or infinite
 * @param lr learning rate of this update, or null where it is not known
 * @param gradNorm norm of all gradients before clipping, or null where it is not measured
 * @param seconds since the run began
 * @param more further columns by name, such as {@code val_loss}, the loss on held-out text after
 *     this update
 */
public record TrainingStep(
    long step,
    long tokens,
    float loss,
    Double lr,
    Double gradNorm,
    double seconds,
    Map<String, Number> more) {
  /** The column of the loss on held-out text. */
  static final String VAL_LOSS = "val_loss";

  /** Checks the step and copies. */
  public TrainingStep {
    if (step < 1) {
      throw new IllegalArgumentException("step: " + step + " (expected: 1 or more)");
    }
    if (tokens < 0) {
      throw new IllegalArgumentException("tokens: " + tokens + " (expected: 0 or more)");
    }
    more = Collections.unmodifiableMap(new LinkedHashMap<>(more));
  }

  /** Returns the loss on held-out text after this update, or null where it was not evaluated. */
  public Float valLoss() {
    Number value = more.get(VAL_LOSS);
    return value == null ? null : value.floatValue();
  }

  /** Returns the line of the canonical log, numbers in full precision. */
  String json() {
    // Float.toString is the shortest text that gives the same float back
    StringBuilder json = new StringBuilder("{\"step\":").append(step);
    if (tokens > 0) {
      json.append(",\"tokens\":").append(tokens);
    }
    json.append(",\"loss\":").append(loss);
    put(json, "lr", lr);
    put(json, "grad_norm", gradNorm);
    put(json, "time", Math.round(seconds * 1000) / 1000.0);
    more.forEach((name, value) -> put(json, name, value));
    return json.append('}').toString();
  }

  private static void put(StringBuilder json, String name, Number value) {
    if (value != null) {
      json.append(',').append(new JsonPrimitive(name)).append(':').append(value);
    }
  }
}
