package dev.headroom.scaling.fit;

import dev.headroom.scaling.law.MultiPowerLaw;
import java.util.Map;

/**
 * Fits the multi-power law so that it predicts schedules it has not seen.
 *
 * <p>The usual runs know {@code B, C, be, g} in combination only: the plain optimum follows its
 * runs closer and misses others by half as much again. So the two shapes are held at values of
 * their structure. {@code be = 1}: what is left of a decay falls as {@code 1 / (1 + x)}. {@code g =
 * 1/4}: between 0, where a decay pays with the area S_k alone, as the term in S1 does, and 1/2,
 * where it does with the root of the rate. And since points of a run are not independent and the
 * law is one of powers, they count evenly in the logarithm of the step, not in the step.
 *
 * <p>Test: MultiPowerReferenceTest, mean error on schedules that were not fitted.
 */
public final class MultiPowerFit {

  private static final Map<String, Double> SHAPES = Map.of("be", 1., "g", .25);

  private MultiPowerFit() {}

  /** Fits with {@link #settled} constraints and points that count {@link #evenly}. */
  public static Fit fit(MultiPowerLaw law, Observations data, FitOptions options) {
    Constraints known = settled(options.constraints());
    return Fitter.fit(law, evenly(data), options.withConstraints(known));
  }

  /** Holds the shapes of which the constraints say nothing. */
  public static Constraints settled(Constraints known) {
    Constraints settled = known;
    for (Map.Entry<String, Double> shape : SHAPES.entrySet()) {
      String name = shape.getKey();
      boolean named =
          known.fixed().containsKey(name)
              || known.tied().containsKey(name)
              || known.bounds().containsKey(name)
              || known.priors().containsKey(name);
      settled = named ? settled : settled.fix(name, shape.getValue());
    }
    return settled;
  }

  /** Multiplies the weight of each point by {@code 1 / step}, and keeps their mean. */
  public static Observations evenly(Observations data) {
    double[] weight = data.weight().clone();
    double before = 0;
    double after = 0;
    for (int i = 0; i < weight.length; i++) {
      before += weight[i];
      weight[i] /= data.x()[i][1];
      after += weight[i];
    }
    for (int i = 0; i < weight.length; i++) {
      weight[i] *= before / after;
    }
    return data.withWeight(weight);
  }
}
