package dev.headroom.scaling.forecast;

import dev.headroom.scaling.choice.BandForecast;
import dev.headroom.scaling.log.Run;
import dev.headroom.scaling.schedule.Descent;
import dev.headroom.scaling.schedule.Schedule;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Holds what a run's beginning and its siblings say, and answers questions about what is ahead.
 *
 * <p>The fit is made once; a question costs what following its schedule costs, linear in its steps.
 * Immutable, so safe for use by several threads.
 */
public final class Outlook {
  /** Smallest spread of the log-loss that is believed. */
  private static final double FLOOR = 0.0007;

  /** Spread of the log-loss for every unit of the log of the area ahead. */
  private static final double PER_AREA = 0.005;

  /** Spread for a fall of the rate to zero beside that of kappa: the memory is not quite right. */
  private static final double PER_FALL = 0.003;

  /** Errors of earlier forecasts, in scales, from which a run is not like those calibrated on. */
  private static final double ODD = 2;

  /** Errors of earlier forecasts from which a warning is due. */
  private static final double POOR = 0.03;

  /** Fall that the curves must show before what it wins is called known. */
  private static final double SEEN = 0.1;

  private final ForecastRequest request;
  private final Curve prefix;
  private final StepTokens tokens;
  private final double peak;
  private final long last;
  private final List<String> notes = new ArrayList<>();
  private final Ground ground;
  private final Shape shape;
  private final Anchor anchor;
  private final OwnPath own;
  private final boolean dropUnknown;

  private Outlook(ForecastRequest request) {
    this.request = request;
    Schedule schedule = request.schedule();
    Questions.check(request);
    Run run = request.run();
    last = run.step()[run.size() - 1];
    tokens = StepTokens.of(run, notes);
    Descent descent = Descent.of(schedule, Math.max(1, last), tokens.weights(last), 0);
    prefix = Curve.of(run, schedule, descent);
    Questions.checkLength(prefix, request);
    peak = Siblings.peak(schedule, last);
    Siblings siblings = Siblings.of(request, prefix, notes);
    Family family = new Family(siblings.curves());
    Questions.compareRates(request, notes);
    shape = family.shape(prefix);
    ground = Ground.of(prefix, family, siblings.twins(), ahead());
    anchor = Anchor.of(prefix, ground.line());
    own = ground.basis() == Basis.TWINS ? OwnPath.of(descent(schedule, request.toStep())) : null;
    dropUnknown = ground.basis() != Basis.TWINS && family.fall(prefix) < SEEN;
    noteRange(family);
  }

  /**
   * Fits the shape of a run.
   *
   * @throws IllegalArgumentException as {@link Forecaster#forecast} does
   */
  public static Outlook of(ForecastRequest request) {
    return new Outlook(request);
  }

  private double ahead() {
    return target(request.schedule(), request.toStep()).area() / prefix.now();
  }

  private void noteRange(Family family) {
    double reach = family.reach();
    double wanted = prefix.now() * ahead();
    if (family.size() > 0 && wanted > 2 * reach) {
      notes.add(
          String.format(
              Locale.ROOT,
              "this run goes to an area of %.3g, %.1f times as far as its siblings: the shape is"
                  + " extrapolated",
              wanted,
              wanted / reach));
    }
  }

  /** Returns the last step of the log. */
  public long last() {
    return last;
  }

  /** Returns the question that was asked. */
  public ForecastRequest request() {
    return request;
  }

  /** Forecasts a step of the run under its own schedule. */
  public Forecast at(long step) {
    return under(request.schedule(), step);
  }

  /**
   * Forecasts a step under another schedule ahead; the past stays as it was.
   *
   * @param ahead a schedule of the whole run; its rates up to the last logged step do not count
   * @throws IllegalArgumentException if the step is logged already or beyond the schedule
   */
  public Forecast under(Schedule ahead, long step) {
    Questions.checkTarget(step, last, ahead.total());
    Target target = target(ahead, step);
    double loss = lossAt(target);
    if (!(loss > 0 && loss <= Double.MAX_VALUE)) {
      throw new IllegalArgumentException(
          "forecast: "
              + loss
              + " (expected: a positive loss; the log so far does not look like a training curve"
              + " that this law can carry on)");
    }
    double scale = scale(target, loss);
    BandForecast.Interval own = band(loss, scale, request.level());
    return new Forecast(
        step,
        loss,
        own.low(),
        own.high(),
        request.level(),
        bands(loss, scale),
        prefix.noise(),
        scale,
        ground.basis(),
        ground.method(),
        said(target));
  }

  private List<BandForecast.Interval> bands(double loss, double scale) {
    List<BandForecast.Interval> intervals = new ArrayList<>();
    for (double level : Basis.LEVELS) {
      intervals.add(band(loss, scale, level));
    }
    return intervals;
  }

  private List<String> said(Target target) {
    List<String> said = new ArrayList<>(notes);
    noteDrop(target, said);
    if (ground.past() > POOR) {
      said.add(
          String.format(
              Locale.ROOT,
              "earlier parts of this run forecast its later ones %.1f %% wrong: this law may not"
                  + " describe it, and the band, though widened, may be too narrow",
              100 * ground.past()));
    }
    return said;
  }

  /**
   * Returns the loss of the fitted curve on the axes of a schedule. Twins know their own schedule
   * alone: what another one changes comes from the fitted shape.
   */
  double lossAt(Target target) {
    double loss = anchor.at(ground.line(), target);
    return ground.basis() == Basis.TWINS
        ? loss - shape.kappa() * shape.level() * (target.fall() - own.fallAt(target.area()))
        : loss;
  }

  BandForecast.Interval band(double loss, double scale, double level) {
    double half = scale * ground.basis().quantile(level);
    return new BandForecast.Interval(level, loss * Math.exp(-half), loss * Math.exp(half));
  }

  /** Returns where a schedule ahead leads to. */
  Target target(Schedule ahead, long step) {
    Descent descent = descent(ahead, step);
    int at = (int) step - 1;
    return new Target(descent.area()[at], descent.fall()[at]);
  }

  /** Follows the past and then another schedule up to a step. */
  Descent descent(Schedule ahead, long step) {
    Schedule whole =
        ahead.equals(request.schedule())
            ? ahead
            : Schedule.continued(request.schedule(), last, ahead);
    return Descent.of(whole, step, tokens.weights(step), peak);
  }

  /** Returns the standard deviation of the log of a forecast. */
  double scale(Target target, double loss) {
    double area = PER_AREA * Math.log(Math.max(1, target.area() / prefix.now()));
    double known =
        ground.basis() == Basis.TWINS
            ? own.fallAt(target.area())
            : prefix.fall()[prefix.size() - 1];
    double fall = target.fall() - known;
    double scale = Math.hypot(Math.hypot(FLOOR, area), anchor.error() / loss);
    scale = Math.hypot(scale, Math.hypot(shape.kappaSpread(), PER_FALL) * fall);
    double past = ground.past();
    if (Double.isNaN(past)) {
      return scale;
    }
    scale = Math.hypot(scale, 0.25 * past);
    return past > ODD * scale ? Math.hypot(scale, past - ODD * scale) : scale;
  }

  /** Returns the standard deviation of the log of the ratio of two forecasts of this run. */
  double scaleBetween(Target a, Target b) {
    double area = PER_AREA * Math.log(a.area() / b.area());
    double fall = Math.hypot(shape.kappaSpread(), PER_FALL) * (a.fall() - b.fall());
    return Math.hypot(area, fall);
  }

  private void noteDrop(Target target, List<String> said) {
    double fall = target.fall() - prefix.fall()[prefix.size() - 1];
    if (dropUnknown && fall > SEEN / 2) {
      said.add(
          String.format(
              Locale.ROOT,
              "the learning rate falls ahead, and what that wins is not identifiable from this"
                  + " prefix%s, whose rate is constant or nearly so: it is taken from a prior, %.1f"
                  + " +- %.1f %% of the loss here (public runs of 25M to 1B parameters). Finished"
                  + " sibling runs with a decay would replace it",
              request.siblings().isEmpty() ? "" : " or its siblings",
              100 * shape.kappa() * fall,
              100 * shape.kappaSpread() * fall));
    }
  }

  /** Returns the tokens of the run. */
  StepTokens tokens() {
    return tokens;
  }

  /** Returns the fitted shape. */
  Shape shape() {
    return shape;
  }

  /** Returns the highest rate of the run so far and of its schedule. */
  double peak() {
    return peak;
  }

  Basis basis() {
    return ground.basis();
  }

  Curve prefix() {
    return prefix;
  }

  /** Returns how the loss changes with the area ahead. */
  double slope(double area) {
    double h = 1e-4 * area;
    double up = lossAt(new Target(area + h, 0));
    return (up - lossAt(new Target(area - h, 0))) / (2 * h);
  }

  boolean unknownDrop() {
    return dropUnknown;
  }
}
