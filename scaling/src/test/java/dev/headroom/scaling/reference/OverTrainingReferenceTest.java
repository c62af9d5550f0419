package dev.headroom.scaling.reference;

import static dev.headroom.scaling.reference.Reference.by;
import static dev.headroom.scaling.reference.Reference.number;
import static dev.headroom.scaling.reference.Reference.reached;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.headroom.scaling.fit.Fit;
import dev.headroom.scaling.fit.Fitter;
import dev.headroom.scaling.fit.Objective;
import dev.headroom.scaling.fit.SharedData;
import dev.headroom.scaling.law.ErrorLaw;
import dev.headroom.scaling.law.OverTrainingLaw;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Over-trained models on RedPajama: loss and error of the large ones from the small ones. */
class OverTrainingReferenceTest {

  @Test
  void overTrainingOfRedPajamaIsPredicted() {
    Reference.Points losses = new Reference.Points();
    Reference.Points errors = new Reference.Points();
    List<Map<String, String>> targets = new ArrayList<>();
    for (Map<String, String> row : SharedData.table("overtraining/models.csv")) {
      if (!row.get("train_set").startsWith("rpj")) {
        continue;
      }
      long m = Math.round(number(row, "M"));
      boolean large = row.get("arch").startsWith("open_lm");
      boolean small = !large && (m == 20 || (m == 320 && row.get("arch").startsWith("d=96")));
      double loss = number(row, "loss_c4_val");
      if (small) {
        losses.add(loss, number(row, "N"), number(row, "M"));
      }
      if (small || (m == 20 && row.get("arch").equals("open_lm_1b"))) {
        errors.add(number(row, "err_avg17"), loss);
      }
      if (large && !(m == 20 && row.get("arch").equals("open_lm_1b"))) {
        targets.add(row);
      }
    }
    Fit law = Fitter.fit(new OverTrainingLaw(), losses.get(), by(Objective.LEAST_SQUARES));
    Fit error = Fitter.fit(new ErrorLaw(), errors.get(), by(Objective.LEAST_SQUARES));
    assertEquals(2, targets.size());
    for (Map<String, String> row : targets) {
      boolean seven = row.get("arch").equals("open_lm_7b");
      double loss = law.predict(number(row, "N"), number(row, "M"));
      double lossError = 100 * Math.abs(loss / number(row, "loss_c4_val") - 1);
      double taskError = 100 * Math.abs(error.predict(loss) / number(row, "err_avg17") - 1);
      reached("over-training, loss, % " + row.get("arch"), lossError, seven ? .7320 : .7103);
      reached("over-training, error, % " + row.get("arch"), taskError, seven ? .0464 : 3.6365);
      assertEquals(seven ? .7320 : .7103, lossError, .001);
      assertEquals(seven ? .0464 : 3.6365, taskError, .001);
    }
  }
}
