package dev.headroom.scaling.reference;

import dev.headroom.scaling.fit.Fit;
import dev.headroom.scaling.fit.FitOptions;
import dev.headroom.scaling.fit.Fitter;
import dev.headroom.scaling.fit.SharedData;
import dev.headroom.scaling.law.Law;
import dev.headroom.scaling.law.Laws;
import org.junit.jupiter.api.Test;

/** Intervals of the five parameters of Chinchilla, by bootstrap and by covariance. */
class ChinchillaIntervalsReferenceTest {

  private static final Law CHINCHILLA = Laws.named("chinchilla");

  @Test
  void bootstrapIntervalsOfChinchillaAgree() {
    Fit fit =
        Fitter.fit(
            CHINCHILLA,
            SharedData.observations(SharedData.chinchilla(), 1, 1),
            FitOptions.defaults().withBootstrap(4000).withSeed(7).withThreads(2));
    Reference.interval(.317, .372, .004, fit.estimate("a"));
    Reference.interval(.332, .415, .004, fit.estimate("b"));
    Reference.interval(1.770, 1.870, .005, fit.estimate("E"));
  }

  @Test
  void covarianceOfTheHuberFitIsNearTheBootstrap() {
    Fit fit =
        Fitter.fit(
            CHINCHILLA,
            SharedData.observations(SharedData.chinchilla(), 1, 1),
            FitOptions.defaults());
    Reference.interval(.317, .372, .008, fit.estimate("a"));
    Reference.interval(.332, .415, .02, fit.estimate("b"));
    Reference.interval(1.770, 1.870, .01, fit.estimate("E"));
  }
}
