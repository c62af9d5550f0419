package dev.headroom.scaling.reference;

import static dev.headroom.scaling.reference.Reference.by;
import static dev.headroom.scaling.reference.Reference.number;
import static dev.headroom.scaling.reference.Reference.reached;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.headroom.scaling.fit.Fit;
import dev.headroom.scaling.fit.Fitter;
import dev.headroom.scaling.fit.Objective;
import dev.headroom.scaling.fit.Observations;
import dev.headroom.scaling.fit.SharedData;
import dev.headroom.scaling.law.RectifiedLaw;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The rectified law on fine-tuned models. */
class FineTuningReferenceTest {

  @Test
  void rectifiedLawFollowsFineTuning() {
    checkRectified("flan", .0065);
    checkRectified("gigaword", .0052);
  }

  private static void checkRectified(String set, double wanted) {
    double sum = 0;
    List<Map<String, String>> rows = SharedData.table("finetuning/" + set + ".csv");
    for (Map<String, String> row : rows) {
      Reference.Points points = new Reference.Points();
      for (String column : row.keySet()) {
        if (column.matches("[1-9][0-9]+") && !row.get(column).isBlank()) {
          points.add(number(row, column), Double.parseDouble(column));
        }
      }
      Observations data = points.get();
      Fit fit = Fitter.fit(new RectifiedLaw(), data, by(Objective.LEAST_SQUARES_LOG));
      sum += Math.sqrt(fit.objectiveValue() / data.size());
    }
    reached("rectified, RMSD of log, " + set, sum / rows.size(), wanted);
    assertTrue(sum / rows.size() <= wanted);
  }
}
