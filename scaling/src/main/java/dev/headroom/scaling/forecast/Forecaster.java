package dev.headroom.scaling.forecast;

import dev.headroom.scaling.fit.internal.StudentT;
import dev.headroom.scaling.schedule.Areas;
import dev.headroom.scaling.schedule.Schedule;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Forecasts the loss of a run from its log so far, the schedule ahead and finished siblings.
 *
 * <p>With siblings that had the same rates, their own curve is carried on (see {@link Twins}). With
 * other siblings, the annealing law {@code L0 + A S1^-al - C S2} is fitted to them; its shape is
 * carried on from the end of the prefix (see {@link Anchor}), stretched by one factor where earlier
 * parts of the run forecast its later ones much better so. Without siblings, the law is fitted to
 * the prefix where that determines it, else a power law in S1, with a note. The band comes from the
 * errors of the same forecast made from earlier parts of the run and on siblings held out of the
 * shape, by Student's t over curves, with the noise of one logged loss added. Source of the law:
 * Tissue et al. 2024, arXiv 2408.11029.
 */
public final class Forecaster {
  /** Another way of forecasting must be this much better on the run's past to be preferred. */
  private static final double CLEARLY = 0.5;

  /** Smallest spread of the log-loss that is believed, and 1.5 times it more per unit of log S1. */
  private static final double FLOOR = 0.001;

  /** Share of a run's annealing area that its prefix must hold for the law to be fitted alone. */
  private static final double ENOUGH_ANNEALING = 0.3;

  /** Largest drop of the log-loss by annealing seen on public runs. */
  private static final double LARGEST_DROP = 0.06;

  private final ForecastRequest request;
  private final Curve prefix;
  private final Target target;
  private final double now;
  private final List<Curve> siblings = new ArrayList<>();
  private final List<Curve> twins = new ArrayList<>();
  private final List<String> notes = new ArrayList<>();
  private String method = "";

  private Forecaster(ForecastRequest request) {
    this.request = request;
    Schedule schedule = request.schedule();
    Questions.check(request);
    Areas areas = Areas.of(schedule, request.toStep(), Areas.LAMBDA);
    int at = (int) request.toStep() - 1;
    target = new Target(areas.s1()[at], areas.s2()[at]);
    prefix = Curve.of(request.run(), schedule, areas);
    Questions.checkLength(prefix, request);
    now = prefix.s1()[prefix.size() - 1];
    for (Sibling sibling : request.siblings()) {
      addSibling(sibling);
    }
    Questions.compareRates(request, notes);
  }

  /**
   * Forecasts the loss at a step.
   *
   * @throws IllegalArgumentException for a question without sense: fewer than 8 points beyond
   *     warm-up, a log longer than the schedule, a step outside it or already logged
   */
  public static Forecast forecast(ForecastRequest request) {
    return new Forecaster(request).answer();
  }

  private void addSibling(Sibling sibling) {
    long last = sibling.run().size() == 0 ? 0 : sibling.run().step()[sibling.run().size() - 1];
    long steps = Math.min(last, sibling.schedule().total());
    Curve curve =
        steps < 1
            ? null
            : Curve.of(
                sibling.run(),
                sibling.schedule(),
                Areas.of(sibling.schedule(), steps, Areas.LAMBDA));
    if (curve == null || curve.size() < Residuals.FEWEST) {
      notes.add(
          "sibling "
              + sibling.run().name()
              + " was left out: fewer than "
              + Residuals.FEWEST
              + " points beyond its warm-up");
    } else {
      siblings.add(curve);
      boolean complete = curve.step()[curve.size() - 1] >= 0.98 * request.toStep();
      if (complete && Twins.sameRates(request.schedule(), sibling.schedule(), request.toStep())) {
        twins.add(curve);
      }
    }
  }

  private Forecast answer() {
    double ratio = target.s1() / now;
    Lines.Line line;
    if (siblings.isEmpty()) {
      line = alone();
    } else if (!twins.isEmpty()) {
      line = fromTwins(ratio);
    } else {
      line = fromSiblings(ratio);
    }
    double loss = line.at(prefix, target);
    if (!(loss > 0 && loss <= Double.MAX_VALUE)) {
      throw new IllegalArgumentException(
          "forecast: "
              + loss
              + " (expected: a positive loss; the log so far does not look like a"
              + " training curve that this law can carry on)");
    }
    double half = half(line, ratio);
    double open = openDrop();
    return new Forecast(
        request.toStep(),
        loss,
        loss * Math.exp(-half - open),
        loss * Math.exp(half),
        request.level(),
        method,
        notes);
  }

  private Lines.Line fromTwins(double ratio) {
    method = "the curve of " + count(twins.size(), "sibling run") + " with the same rates";
    Lines.Line plain = Twins.line(twins, false);
    Lines.Line stretched = Twins.line(twins, true);
    if (past(stretched, ratio) < CLEARLY * past(plain, ratio)) {
      method += ", stretched";
      return stretched;
    }
    return plain;
  }

  private Lines.Line fromSiblings(double ratio) {
    double[] theta = Lines.shape(siblings);
    Lines.Line best = Lines.offset(theta);
    method = "annealing shape of " + count(siblings.size(), "sibling run") + " and an offset";
    if (!annealed(siblings) && annealingAhead()) {
      notes.add(
          "no sibling lowers its learning rate: what the annealing ahead wins is not known; add a"
              + " sibling with a decay");
    }
    noteRange();
    double error = past(best, ratio);
    Lines.Line scaled = Lines.scaled(theta);
    if (past(scaled, ratio) < CLEARLY * error) {
      method =
          "annealing shape of "
              + count(siblings.size(), "sibling run")
              + ", stretched, and an offset";
      notes.add(
          "the siblings' shape was stretched: earlier parts of this run forecast the later ones"
              + " better so");
      return scaled;
    }
    return best;
  }

  /** Says where the forecast goes beyond what the siblings show. */
  private void noteRange() {
    double reach = 0;
    for (Curve curve : siblings) {
      reach = Math.max(reach, curve.s1()[curve.size() - 1]);
    }
    if (target.s1() > 2 * reach) {
      notes.add(
          String.format(
              Locale.ROOT,
              "this run goes to S1 = %.3g, %.1f times as far as its siblings: the shape is"
                  + " extrapolated, which the band does not know",
              target.s1(),
              target.s1() / reach));
    }
  }

  private Lines.Line alone() {
    double held = Math.abs(prefix.s2()[prefix.size() - 1]);
    boolean ahead = annealingAhead();
    if (held >= ENOUGH_ANNEALING * Math.abs(target.s2())
        && target.s2() != 0
        && Lines.determined(prefix)) {
      method = "annealing law fitted to the run's own beginning";
      return Lines.annealing();
    }
    method = "power law in S1 fitted to the run's own beginning";
    if (ahead) {
      notes.add(
          String.format(
              Locale.ROOT,
              "the learning rate falls ahead (from %.3g to %.3g), and what that wins is not"
                  + " identifiable from this prefix, whose rate is constant or nearly so: the"
                  + " forecast leaves it out and the band is opened downwards by up to %.0f %%."
                  + " Finished sibling runs with a decay, or a prior, would fix it",
              recentRate(),
              request.schedule().lr(request.toStep()),
              100 * openDrop()));
    }
    return Lines.power();
  }

  private long lastStep() {
    return request.run().step()[request.run().size() - 1];
  }

  /** Returns the highest rate within the memory of the annealing momentum before the last step. */
  private double recentRate() {
    long last = Math.max(1, lastStep());
    double rate = 0;
    for (long s = Math.max(1, last - Math.round(1 / (1 - Areas.LAMBDA))); s <= last; s++) {
      rate = Math.max(rate, request.schedule().lr(s));
    }
    return rate;
  }

  private boolean annealingAhead() {
    return request.schedule().lr(request.toStep()) < 0.9 * recentRate();
  }

  private static boolean annealed(List<Curve> curves) {
    for (Curve curve : curves) {
      if (curve.s2()[curve.size() - 1] > 0.01 * curve.s1()[curve.size() - 1]) {
        return true;
      }
    }
    return false;
  }

  /** Returns the width by which an unknown annealing drop opens the band downwards. */
  private double openDrop() {
    boolean known = siblings.isEmpty() ? method.startsWith("annealing") : annealed(siblings);
    if (known || !twins.isEmpty() || !annealingAhead()) {
      return 0;
    }
    return LARGEST_DROP * (1 - request.schedule().lr(request.toStep()) / recentRate());
  }

  private double past(Lines.Line line, double ratio) {
    Residuals residuals = new Residuals();
    return residuals.rolling(prefix, line, ratio, 0) ? residuals.spread() : Double.NaN;
  }

  private double half(Lines.Line line, double ratio) {
    Residuals residuals = new Residuals();
    // A law fitted alone was only chosen because the prefix held enough of the annealing.
    boolean own = siblings.isEmpty() && method.startsWith("annealing");
    residuals.rolling(prefix, line, ratio, own ? ENOUGH_ANNEALING : 0);
    leaveOneOut(residuals, (double) lastStep() / request.toStep());
    double spread = residuals.spread();
    if (residuals.groups() == 0) {
      // Nothing to learn from: the error of a law blind to the rate, per unit of log S1.
      spread = 0.02 * Math.max(0.5, Math.log(ratio));
      notes.add(
          "the run is too short to measure how good such forecasts are: the band is a rule of thumb");
    }
    spread = Math.max(spread, FLOOR * (1 + 1.5 * Math.log(ratio)));
    double law = StudentT.twoSided(request.level(), Math.max(2, residuals.groups())) * spread;
    double noise = StudentT.twoSidedNormal(request.level()) * prefix.noise();
    return Math.hypot(law, noise);
  }

  /** Adds the errors on each sibling of a forecast made from the others. */
  private void leaveOneOut(Residuals residuals, double share) {
    List<Curve> family = twins.isEmpty() ? siblings : twins;
    for (int j = 0; j < family.size(); j++) {
      List<Curve> others = new ArrayList<>(family);
      Curve out = others.remove(j);
      boolean fair = !others.isEmpty() && (annealed(others) || !annealed(List.of(out)));
      if (!others.isEmpty() && !twins.isEmpty()) {
        residuals.ending(out, Twins.line(others, false), share);
      } else if (fair) {
        residuals.ending(out, Lines.offset(Lines.shape(others)), share);
      }
    }
  }

  private static String count(int n, String what) {
    return n + " " + what + (n == 1 ? "" : "s");
  }
}
