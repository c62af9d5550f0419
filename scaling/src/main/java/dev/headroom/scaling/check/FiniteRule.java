package dev.headroom.scaling.check;

import dev.headroom.scaling.log.Run;
import java.util.List;

/** Finds NaN and infinite values of the loss, the validation loss and the gradient norm. */
final class FiniteRule implements Rule {
  private static final RuleInfo INFO =
      new RuleInfo(
          "finite",
          "a loss, validation loss or gradient norm is NaN or infinite",
          "a cell that is not there was not logged, which is no fault",
          "error; warning for a gradient norm that is finite again later",
          "no healthy run logs such a loss; loss scaling skips steps whose gradients overflow",
          "by construction: any such value is found",
          List.of());

  @Override
  public RuleInfo info() {
    return INFO;
  }

  @Override
  public void apply(Subject subject, RuleSettings set, List<Finding> out) {
    Run run = subject.run();
    one(run.step(), run.loss(), "loss", out);
    double[] valLoss = run.columns().get("val_loss");
    if (valLoss != null) {
      one(run.step(), valLoss, "validation loss", out);
    }
    double[] norm = run.columns().get("grad_norm");
    if (norm != null) {
      one(run.step(), norm, "gradient norm", out);
    }
  }

  private static void one(long[] step, double[] values, String what, List<Finding> out) {
    int first = -1;
    int last = -1;
    int bad = 0;
    int logged = 0;
    int lastGood = -1;
    for (int i = 0; i < values.length; i++) {
      if (Run.isAbsent(values[i])) {
        continue;
      }
      logged++;
      if (Math.abs(values[i]) <= Double.MAX_VALUE) {
        lastGood = i;
      } else {
        bad++;
        first = first < 0 ? i : first;
        last = i;
      }
    }
    if (bad == 0) {
      return;
    }
    String count = bad == 1 ? "" : ", not finite on " + bad + " of " + logged + " logged steps";
    String word = Double.isNaN(values[first]) ? "NaN" : "infinite";
    String text = what + " is " + word + " at step " + step[first] + count;
    boolean back = lastGood > last;
    text += back ? ", finite again by step " + step[lastGood] : " and not finite at the end";
    // Loss scaling skips steps whose gradients overflow: that is its way of working.
    boolean mild = back && what.equals("gradient norm");
    out.add(new Finding("finite", mild ? Severity.WARNING : Severity.ERROR, step[first], text));
  }
}
