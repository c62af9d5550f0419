package dev.headroom.scaling.reference;

import static dev.headroom.scaling.reference.Reference.by;
import static dev.headroom.scaling.reference.Reference.number;
import static dev.headroom.scaling.reference.Reference.reached;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.headroom.scaling.fit.Constraints;
import dev.headroom.scaling.fit.Fit;
import dev.headroom.scaling.fit.FitOptions;
import dev.headroom.scaling.fit.Fitter;
import dev.headroom.scaling.fit.Objective;
import dev.headroom.scaling.fit.SharedData;
import dev.headroom.scaling.law.LossToLossLaw;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** Losses of runs on other data from those on FineWeb-Edu. */
class LossToLossReferenceTest {

  @Test
  void lossesPairedByTokensFollowOneAnother() {
    Map<String, Double> floor = new HashMap<>();
    for (Map<String, String> row : SharedData.table("loss-to-loss/reference_fits.csv")) {
      if (row.get("kaplan").equals("True") && row.get("loss_name").equals("val_loss")) {
        floor.put(row.get("data"), number(row, "E"));
      }
    }
    Map<String, Map<String, Double>> losses = new TreeMap<>();
    for (Map<String, String> row : SharedData.table("loss-to-loss/sweep.csv")) {
      losses
          .computeIfAbsent(row.get("data"), d -> new TreeMap<>())
          .put(row.get("tokens"), number(row, "val_loss"));
    }
    checkPair(losses, floor, "fineweb-100b", 1.0005, 1.0144);
    checkPair(losses, floor, "slimpajama-chunk1", .9698, 1.0540);
    checkPair(losses, floor, "starcoder", 1.1002, .6331);
  }

  private static void checkPair(
      Map<String, Map<String, Double>> losses,
      Map<String, Double> floor,
      String target,
      double kappa,
      double k) {
    Reference.Points points = new Reference.Points();
    String source = "fineweb-edu-100b";
    Map<String, Double> known = losses.get(source);
    losses
        .get(target)
        .forEach(
            (tokens, loss) -> {
              if (known.containsKey(tokens)) {
                points.add(loss - floor.get(target), known.get(tokens) - floor.get(source));
              }
            });
    // the paper's line is least squares on the logarithms of both reducible losses
    Constraints atZero = Constraints.none().fix("E0", 0).fix("E1", 0);
    FitOptions lines = by(Objective.LEAST_SQUARES_LOG).withConstraints(atZero);
    Fit fit = Fitter.fit(new LossToLossLaw(), points.get(), lines);
    reached("kappa " + target, fit.estimate("kappa").value(), kappa);
    reached("K " + target, fit.estimate("K").value(), k);
    assertEquals(kappa, fit.estimate("kappa").value(), 1e-4);
    assertEquals(k, fit.estimate("K").value(), 1e-4);
  }
}
