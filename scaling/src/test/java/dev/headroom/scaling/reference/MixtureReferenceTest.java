package dev.headroom.scaling.reference;

import static dev.headroom.scaling.reference.Reference.by;
import static dev.headroom.scaling.reference.Reference.number;
import static dev.headroom.scaling.reference.Reference.reached;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.headroom.scaling.fit.Fitter;
import dev.headroom.scaling.fit.JointFit;
import dev.headroom.scaling.fit.Objective;
import dev.headroom.scaling.fit.Observations;
import dev.headroom.scaling.fit.SharedData;
import dev.headroom.scaling.law.ExponentialMixtureLaw;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The exponential mixture law, each mixture left out in turn. */
class MixtureReferenceTest {

  private static final List<String> SIZES = List.of("70M", "160M");

  /**
   * The effect of a domain is that of the data, so both sizes share it: four points and three
   * parameters a size become eight points and five. Alone, one of the four cases has .0082.
   */
  @Test
  void exponentialMixtureLawPredictsTheMixtureLeftOut() {
    for (String domain : List.of("Github", "Pile-CC")) {
      double[] joint = leaveOneOut(domain, Set.of("t1"));
      double[] alone = leaveOneOut(domain, Set.of());
      for (int k = 0; k < joint.length; k++) {
        String what = "exponential mixture, leave-one-out " + SIZES.get(k) + " " + domain;
        reached(what, joint[k], .008);
        reached(what + ", alone", alone[k], .008);
        assertTrue(joint[k] <= .008, what);
        assertTrue(alone[k] <= .0085, what);
      }
    }
  }

  /** Returns the mean error of each size; the same mixture is left out of both. */
  private static double[] leaveOneOut(String domain, Set<String> shared) {
    List<List<Map<String, String>>> runs = SIZES.stream().map(MixtureReferenceTest::runs).toList();
    double[] sum = new double[SIZES.size()];
    for (Map<String, String> out : runs.get(0)) {
      List<Observations> sets = new ArrayList<>();
      for (List<Map<String, String>> size : runs) {
        Reference.Points points = new Reference.Points();
        for (Map<String, String> run : size) {
          if (share(run) != share(out)) {
            points.add(number(run, domain), share(run));
          }
        }
        sets.add(points.get());
      }
      JointFit fit =
          Fitter.fitJointly(
              new ExponentialMixtureLaw(1), sets, SIZES, shared, by(Objective.LEAST_SQUARES));
      for (int k = 0; k < sum.length; k++) {
        for (Map<String, String> run : runs.get(k)) {
          double off = fit.fits().get(k).predict(share(run)) - number(run, domain);
          sum[k] += share(run) == share(out) ? Math.abs(off) / runs.get(k).size() : 0;
        }
      }
    }
    return sum;
  }

  /** Returns the last step of the usual runs. */
  private static List<Map<String, String>> runs(String size) {
    List<Map<String, String>> rows = SharedData.table("data-mixing-laws/2Mix_" + size + ".csv");
    int last = rows.stream().mapToInt(r -> (int) number(r, "step")).max().orElseThrow();
    return rows.stream().filter(r -> number(r, "step") == last && number(r, "run") <= 900).toList();
  }

  private static double share(Map<String, String> run) {
    return Double.parseDouble(run.get("mix").split("-")[0]);
  }
}
