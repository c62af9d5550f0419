package dev.headroom.scaling.reference;

import static dev.headroom.scaling.reference.Reference.by;
import static dev.headroom.scaling.reference.Reference.reached;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.headroom.scaling.fit.Fit;
import dev.headroom.scaling.fit.Fitter;
import dev.headroom.scaling.fit.Objective;
import dev.headroom.scaling.fit.Observations;
import dev.headroom.scaling.law.Law;
import dev.headroom.scaling.law.Laws;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Laws without public tables: parameters back from exact and from noisy points. */
class SyntheticReferenceTest {

  /** NMT, BLEU, SFT, data without end, ensembles and pruning. */
  static List<Law> laws() {
    return Stream.of("nmt", "bleu", "sft", "power", "ensemble", "exponential")
        .map(Laws::named)
        .toList();
  }

  @ParameterizedTest
  @MethodSource("laws")
  void parametersComeBack(Law law) {
    for (double noise : new double[] {0, .003, .01}) {
      double[] theta = law.typical().theta();
      SplittableRandom random = new SplittableRandom(5);
      double[][] x = new double[200][];
      double[] loss = new double[x.length];
      for (int i = 0; i < x.length; i++) {
        x[i] = law.typical().draw(law, random);
        loss[i] = law.value(x[i], theta) * Math.exp(noise * random.nextGaussian());
      }
      Fit fit = Fitter.fit(law, new Observations(x, loss), by(Objective.LEAST_SQUARES_LOG));
      double parameters = 0;
      double losses = 0;
      for (int p = 0; p < theta.length; p++) {
        parameters = Math.max(parameters, Math.abs(fit.theta()[p] / theta[p] - 1));
      }
      for (double[] row : x) {
        losses = Math.max(losses, Math.abs(fit.predict(row) / law.value(row, theta) - 1));
      }
      String what = law.name() + " at " + 100 * noise + " % noise";
      reached(what + ": worst parameter", parameters, noise == 0 ? 1e-6 : .2);
      reached(what + ": worst loss", losses, noise == 0 ? 1e-7 : noise);
      assertTrue(parameters <= (noise == 0 ? 1e-6 : .2), what);
      assertTrue(losses <= (noise == 0 ? 1e-7 : noise), what);
    }
  }
}
