package dev.headroom.scaling.check.baseline;

import dev.headroom.scaling.fit.internal.StudentT;
import dev.headroom.scaling.log.Axis;
import dev.headroom.scaling.log.LogException;
import dev.headroom.scaling.log.Run;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * Compares a run with golden runs of the same configuration.
 *
 * <p>Different: some look's score is outside the Student-t prediction interval that the golden runs
 * and the prior give (see {@code Reference}), at the alarm rate {@code alpha} for the whole
 * comparison, or the run's loss is not finite where the golden runs' is. Equivalent: every look's
 * score is within the margin by two one-sided tests at 0.05. Else it cannot be told. On six public
 * configurations, each judged by a prior learned from the five others, 0.6 % of healthy repeats
 * beside five golden ones are called worse ({@code RepeatStudyTest}). The rates hold for repeats
 * that spread like public ones or like the golden runs show; with one golden run they rest on the
 * prior alone.
 */
public final class BaselineComparison {
  private static final double EQUIVALENCE_LEVEL = 0.05;
  private static final double POWER = 0.8;
  private static final int MOST_MORE = 1024;

  private final BaselineSettings settings;
  private final RepeatPrior prior;

  /** Makes a comparison with the built-in prior. */
  public BaselineComparison(BaselineSettings settings) {
    this(settings, RepeatPrior.builtIn());
  }

  /** Makes a comparison with another prior. */
  public BaselineComparison(BaselineSettings settings, RepeatPrior prior) {
    this.settings = settings;
    this.prior = prior;
  }

  /**
   * Compares.
   *
   * @throws IllegalArgumentException if there is no golden run
   * @throws LogException if a golden run has a loss that is not finite, or the runs share no part
   *     of the axis
   */
  public Comparison compare(List<GoldenRun> baseline, Run run) {
    if (baseline.isEmpty()) {
      throw new IllegalArgumentException("golden runs: 0 (expected: at least 1)");
    }
    List<String> notes = new ArrayList<>();
    List<GoldenRun> chosen = sameHardware(baseline);
    double allowed = allowed(chosen, notes);
    for (GoldenRun golden : chosen) {
      requireFinite(golden.run());
    }
    Run finite = finitePart(run);
    List<Run> golden = chosen.stream().map(GoldenRun::run).toList();
    if (finite.size() < run.size()) {
      long at = run.step()[finite.size()];
      return notFinite(golden, finite, run, at, allowed, notes);
    }
    return compare(golden, run, allowed, notes, true);
  }

  private Comparison compare(
      List<Run> golden, Run run, double allowed, List<String> notes, boolean whole) {
    Trajectories all = Trajectories.of(golden, run, settings.axis());
    List<String> said = new ArrayList<>(notes);
    said.addAll(all.notes());
    noteIdentical(all, said);
    Reference reference = Reference.of(all.place(), all.golden(), all.test(), prior);
    double[] scores = reference.scores(all.test());
    Judgement judgement = judge(reference, scores, allowed);
    return new BaselineMessage(all, reference, judgement, settings, allowed)
        .comparison(lastStep(run, all), whole ? shorter(golden, run) : "", said);
  }

  /** Says that the run ends before the golden runs do: what is missing was not compared. */
  private String shorter(List<Run> golden, Run run) {
    double end = end(run);
    double goldenEnd = golden.stream().mapToDouble(this::end).min().orElseThrow();
    String ends = "; the run ends at %1$s %2$.0f, the golden runs go on to %1$s %3$.0f";
    return end >= goldenEnd
        ? ""
        : String.format(Locale.ROOT, ends, settings.axis().word(), end, goldenEnd);
  }

  private double end(Run run) {
    int last = run.size() - 1;
    return settings.axis() == Axis.STEP ? run.step()[last] : run.columns().get("tokens")[last];
  }

  private long lastStep(Run run, Trajectories all) {
    double end = all.axis()[all.axis().length - 1];
    if (settings.axis() == Axis.STEP) {
      return (long) end;
    }
    double[] tokens = run.columns().get("tokens");
    int last = run.size() - 1;
    while (last > 0 && !(tokens[last] <= end)) {
      last--;
    }
    return run.step()[last];
  }

  /**
   * What the scores say.
   *
   * @param outcome the verdict
   * @param evidence the look that says most
   * @param scores every look's score
   * @param detectable log difference found with probability 0.8
   * @param more further golden runs that would settle it
   */
  record Judgement(
      Outcome outcome, Reference.Evidence evidence, double[] scores, double detectable, int more) {}

  /** Judges scores; what the study of repeats calls too. */
  Judgement judge(Reference reference, double[] scores, double allowed) {
    Reference.Evidence worse = reference.strongest(scores, 1, allowed);
    Reference.Evidence better = reference.strongest(scores, -1, allowed);
    Reference.Evidence most = worse.p() <= better.p() ? worse : better;
    double t =
        StudentT.upperQuantile(
            settings.worseAlpha() * reference.looks().share(0), reference.degrees());
    double power = StudentT.upperQuantile(1 - POWER, reference.degrees());
    double detectable = allowed + (t + power) * reference.deviation(0, reference.golden());
    if (worse.p() < settings.worseAlpha()) {
      return new Judgement(Outcome.WORSE, worse, scores, detectable, 0);
    }
    if (better.p() < settings.betterAlpha()) {
      return new Judgement(Outcome.BETTER, better, scores, detectable, 0);
    }
    int now = reference.golden();
    if (equivalent(reference, scores, allowed, now)) {
      return new Judgement(Outcome.EQUIVALENT, most, scores, detectable, 0);
    }
    int more = more(reference, scores, allowed);
    return new Judgement(Outcome.CANNOT_TELL, most, scores, detectable, more);
  }

  /** Finds by halving how many further golden runs would settle it; -1 where none would. */
  private int more(Reference reference, double[] scores, double allowed) {
    int unsettled = reference.golden();
    int settled = unsettled + MOST_MORE;
    if (!settles(reference, scores, allowed, settled)) {
      return -1;
    }
    while (settled - unsettled > 1) {
      int middle = (settled + unsettled) / 2;
      if (settles(reference, scores, allowed, middle)) {
        settled = middle;
      } else {
        unsettled = middle;
      }
    }
    return settled - reference.golden();
  }

  private boolean equivalent(Reference reference, double[] scores, double allowed, int golden) {
    double degrees = reference.degrees() + golden - reference.golden();
    double t = StudentT.upperQuantile(EQUIVALENCE_LEVEL, degrees);
    double margin = Math.max(allowed, Math.log1p(settings.margin()));
    for (int j = 0; j < scores.length; j++) {
      if (Math.abs(scores[j]) + t * reference.deviation(j, golden) >= margin) {
        return false;
      }
    }
    return true;
  }

  private boolean settles(Reference reference, double[] scores, double allowed, int golden) {
    if (equivalent(reference, scores, allowed, golden)) {
      return true;
    }
    double degrees = reference.degrees() + golden - reference.golden();
    for (int j = 0; j < scores.length; j++) {
      double alpha = scores[j] > 0 ? settings.worseAlpha() : settings.betterAlpha();
      double t = StudentT.upperQuantile(alpha * reference.looks().share(j), degrees);
      if (Math.abs(scores[j]) - allowed > t * reference.deviation(j, golden)) {
        return true;
      }
    }
    return false;
  }

  private List<GoldenRun> sameHardware(List<GoldenRun> baseline) {
    List<GoldenRun> same =
        baseline.stream().filter(g -> g.hardware().equals(settings.hardware())).toList();
    return settings.hardware().isEmpty() || same.isEmpty() ? baseline : same;
  }

  private double allowed(List<GoldenRun> chosen, List<String> notes) {
    String own = settings.hardware();
    boolean other =
        chosen.stream().anyMatch(g -> !g.hardware().isEmpty() && !g.hardware().equals(own));
    if (own.isEmpty() || !other) {
      return 0;
    }
    notes.add(
        "no golden run of hardware "
            + own
            + " ("
            + String.join(", ", chosen.stream().map(GoldenRun::hardware).distinct().toList())
            + " instead): differences up to "
            + BaselineMessage.percent(settings.hardwareMargin())
            + " are taken for hardware");
    return Math.log1p(settings.hardwareMargin());
  }

  private static void requireFinite(Run golden) {
    for (int i = 0; i < golden.size(); i++) {
      if (!(Math.abs(golden.loss()[i]) <= Double.MAX_VALUE)) {
        throw new LogException(
            golden.name(),
            0,
            LogException.Kind.MALFORMED,
            "golden run with loss "
                + golden.loss()[i]
                + " at step "
                + golden.step()[i]
                + " (expected: finite losses; a run that failed is no golden run)");
      }
    }
  }

  private static Run finitePart(Run run) {
    for (int i = 0; i < run.size(); i++) {
      if (!(Math.abs(run.loss()[i]) <= Double.MAX_VALUE)) {
        return run.between(Long.MIN_VALUE, run.step()[i] - 1);
      }
    }
    return run;
  }

  private Comparison notFinite(
      List<Run> golden, Run finite, Run run, long at, double allowed, List<String> notes) {
    String what = run.loss()[finite.size()] + " at step " + at;
    String message = "the loss is " + what + ", where the golden runs' is finite";
    try {
      Comparison before = compare(golden, finite, allowed, notes, false);
      return BaselineMessage.worse(before, at, message + "; before that: " + before.message());
    } catch (LogException e) {
      return BaselineMessage.worse(golden.size(), at, message, notes);
    }
  }

  private static void noteIdentical(Trajectories all, List<String> notes) {
    double[][] golden = all.golden();
    if (golden.length == 1 || !Arrays.stream(golden).allMatch(g -> Arrays.equals(g, golden[0]))) {
      return;
    }
    notes.add(
        "the golden runs are identical, so they show no spread and the public repeats' is used; "
            + (Arrays.equals(all.test(), golden[0])
                ? "this run is identical too"
                : "this run is not identical: data, code or numerics changed"));
  }
}
