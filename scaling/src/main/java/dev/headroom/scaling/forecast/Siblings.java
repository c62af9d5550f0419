package dev.headroom.scaling.forecast;

import dev.headroom.scaling.schedule.Descent;
import dev.headroom.scaling.schedule.Schedule;
import java.util.ArrayList;
import java.util.List;

/**
 * Holds the siblings of a run that are long enough.
 *
 * @param curves every one of them
 * @param twins those of the same configuration that finished and had the same rates
 */
record Siblings(List<Curve> curves, List<Curve> twins) {

  static Siblings of(ForecastRequest request, Curve prefix, List<String> notes) {
    List<Curve> curves = new ArrayList<>();
    List<Curve> twins = new ArrayList<>();
    for (Sibling sibling : request.siblings()) {
      Curve curve = curve(sibling, notes);
      if (curve == null || curve.size() < Residuals.FEWEST) {
        notes.add(
            "sibling "
                + sibling.run().name()
                + " was left out: fewer than "
                + Residuals.FEWEST
                + " points beyond its warm-up");
        continue;
      }
      curves.add(curve);
      boolean complete = curve.step()[curve.size() - 1] >= 0.98 * request.toStep();
      boolean close = new Family(List.of(curve)).close(prefix) == 1;
      if (complete
          && close
          && Twins.sameRates(request.schedule(), sibling.schedule(), request.toStep())) {
        twins.add(curve);
      }
    }
    return new Siblings(curves, twins);
  }

  private static Curve curve(Sibling sibling, List<String> notes) {
    int n = sibling.run().size();
    long last = n == 0 ? 0 : sibling.run().step()[n - 1];
    long steps = Math.min(last, sibling.schedule().total());
    if (steps < 1) {
      return null;
    }
    StepTokens tokens = StepTokens.of(sibling.run(), notes);
    double[] weights = tokens.weights(steps);
    double unit = peak(sibling.schedule(), steps);
    return Curve.of(
        sibling.run(), sibling.schedule(), Descent.of(sibling.schedule(), steps, weights, unit));
  }

  /** Returns the highest rate of the first steps, warm-up included. */
  static double peak(Schedule schedule, long steps) {
    double peak = schedule.lr(Math.max(1, Math.min(schedule.warmup(), schedule.total())));
    for (double rate : schedule.rates(steps)) {
      peak = Math.max(peak, rate);
    }
    return peak;
  }
}
