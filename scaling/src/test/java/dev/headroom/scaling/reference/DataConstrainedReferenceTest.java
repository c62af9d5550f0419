package dev.headroom.scaling.reference;

import static dev.headroom.scaling.reference.Reference.number;
import static dev.headroom.scaling.reference.Reference.reached;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.headroom.scaling.fit.Constraints;
import dev.headroom.scaling.fit.Fit;
import dev.headroom.scaling.fit.FitOptions;
import dev.headroom.scaling.fit.Fitter;
import dev.headroom.scaling.fit.Observations;
import dev.headroom.scaling.fit.Profile;
import dev.headroom.scaling.fit.SharedData;
import dev.headroom.scaling.fit.Status;
import dev.headroom.scaling.law.DataConstrainedLaw;
import dev.headroom.scaling.law.Law;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Repeated data: the published numbers, a better point and a flat profile. */
class DataConstrainedReferenceTest {

  @Test
  void dataConstrainedLawGivesThePublishedNumbersAndAFlatProfile() {
    Reference.Points points = new Reference.Points();
    for (Map<String, String> row : SharedData.table("data-constrained/c4_runs.csv")) {
      points.add(number(row, "loss"), number(row, "N"), number(row, "D"), number(row, "U"));
    }
    Observations data = points.get();
    Law law = new DataConstrainedLaw();
    double[] theta = DataConstrainedLaw.published();
    double mean = 0;
    for (double loss : data.loss()) {
      mean += loss / data.size();
    }
    double objective = Reference.huber(law, data, theta);
    double left = 0;
    double all = 0;
    for (int i = 0; i < data.size(); i++) {
      double predicted = law.value(data.x()[i], theta);
      left += Math.pow(predicted - data.loss()[i], 2);
      all += Math.pow(mean - data.loss()[i], 2);
    }
    reached("data-constrained, objective as published", objective, .0158259);
    reached("data-constrained, R2 as published", 1 - left / all, .772205);
    assertEquals(.0158259, objective, 1e-6);
    assertEquals(.772205, 1 - left / all, 1e-6);
    Constraints fixed = Constraints.none();
    for (int p = 0; p < 5; p++) {
      fixed = fixed.fix(law.parameters().get(p).name(), theta[p]);
    }
    FitOptions options = FitOptions.defaults().withConstraints(fixed);
    Fit better = Fitter.fit(law, data, options);
    reached("data-constrained, better R*", better.objectiveValue(), objective);
    assertTrue(better.objectiveValue() < objective);
    Profile profile = Fitter.profile(data, options, better, "RD");
    System.out.println("data-constrained, R*_D " + profile.estimate() + ", flat above");
    assertTrue(profile.flatAbove());
    Fit free = Fitter.fit(law, data, FitOptions.defaults());
    reached("data-constrained, all seven free", free.objectiveValue(), objective);
    assertTrue(free.objectiveValue() < .5 * objective);
    assertTrue(free.status() != Status.CONVERGED, "the seven are not all determined");
  }
}
