package dev.headroom.cli.train;

import dev.headroom.listeners.SpectralAlignment;
import dev.headroom.listeners.TrainingStep;
import dev.headroom.scaling.check.CheckOptions;
import dev.headroom.scaling.check.Finding;
import dev.headroom.scaling.check.LiveChecker;
import dev.headroom.scaling.check.Severity;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Trains small models whose learning rate rises until they diverge, and healthy ones beside them,
 * and tells when the rule {@code alignment} fires, when a rule that sees only the loss does, and
 * when the loss explodes.
 *
 * <p>Healthy: a constant rate of {@value #RATE}. Diverging: the same in the first half, then ten
 * times more with every sixth of the run. Both of one seed begin with the same weights and see the
 * same batches; weights do not decay, gradients are clipped at norm 1.
 */
public final class AlignmentStudy {
  private static final double RATE = 0.003;

  /** Median of the loss over its best so far from which it counts as exploded. */
  public static final double EXPLODED = 1.5;

  private static final int MEDIAN = 20;
  private static final double NEVER = Double.NaN;

  /**
   * What came of one run; steps are NaN where a thing never happened.
   *
   * @param kind healthy or diverging
   * @param seed of weights and batches
   * @param alignment step at which the rule alignment told of a collapse
   * @param lossRule step at which a rule told of an error in the loss
   * @param rule which rule that was, or ""
   * @param exploded step at which the median loss of {@value #MEDIAN} steps was {@value #EXPLODED}
   *     times its best
   * @param loss median loss of the last {@value #MEDIAN} steps
   * @param diversity sign diversity of each layer at each step, by layer
   */
  public record Outcome(
      String kind,
      long seed,
      double alignment,
      double lossRule,
      String rule,
      double exploded,
      double loss,
      Map<String, double[]> diversity) {}

  /**
   * What all runs share.
   *
   * @param classes of the head
   * @param outcomes healthy and diverging by turns
   */
  public record Result(int classes, List<Outcome> outcomes) {}

  private AlignmentStudy() {}

  /**
   * Makes the runs.
   *
   * @param note receives a line after each run
   */
  public static Result run(StudyPlan plan, Consumer<String> note) {
    ProcessMemory.returnLargeBlocks();
    StudyText text = plan.read();
    List<Outcome> outcomes = new ArrayList<>();
    for (long seed = 1; seed <= plan.seeds(); seed++) {
      for (String kind : List.of("healthy", "diverging")) {
        Outcome made = train(plan, text, kind, seed);
        outcomes.add(made);
        note.accept(line(made));
      }
    }
    return new Result(text.classes(), outcomes);
  }

  private static String line(Outcome o) {
    return String.format(
        Locale.ROOT,
        "%s, seed %d: alignment at %.0f, %s at %.0f, exploded at %.0f, last loss %.3f",
        o.kind(),
        o.seed(),
        o.alignment(),
        o.rule().isEmpty() ? "no rule of the loss" : o.rule(),
        o.lossRule(),
        o.exploded(),
        o.loss());
  }

  /** Returns the rates as text. */
  static String schedule(String kind, int steps) {
    if (kind.equals("healthy")) {
      return "constant(peak=" + RATE + ",total=" + steps + ")";
    }
    StringBuilder rates = new StringBuilder("rates(");
    for (int step = 0; step < steps; step++) {
      double sixths = Math.max(0, 6.0 * step / steps - 3);
      rates.append(step > 0 ? ";" : "").append(RATE * Math.pow(10, sixths));
    }
    return rates.append(')').toString();
  }

  private static Outcome train(StudyPlan plan, StudyText text, String kind, long seed) {
    TrainOptions options = plan.options(seed, 1);
    options.schedule = schedule(kind, plan.steps());
    options.weightDecay = 0.0;
    options.clip = 1.0;
    TrainSettings settings = options.settings(plan.steps());
    Batches batches = new Batches(text.corpus(), settings);
    try (Network network = new Network(settings, text.classes(), text.numbers(), null)) {
      SpectralAlignment alignment = new SpectralAlignment(1);
      TrainingLoop loop = new TrainingLoop(settings, batches, network, alignment);
      return watch(kind, seed, plan.steps(), loop);
    }
  }

  private static Outcome watch(String kind, long seed, int steps, TrainingLoop loop) {
    LiveChecker checker = new LiveChecker(CheckOptions.defaults());
    Map<String, double[]> diversity = new LinkedHashMap<>();
    double[] losses = new double[steps];
    double alignment = NEVER;
    double lossRule = NEVER;
    String rule = "";
    double exploded = NEVER;
    double best = Double.POSITIVE_INFINITY;
    int made = 0;
    for (int step = 1; step <= steps; step++) {
      TrainingStep now = loop.step(step, false, 0);
      losses[made++] = now.loss();
      for (Finding finding : checker.add(step, now.loss(), columns(now, diversity, steps))) {
        if (finding.rule().equals("alignment")) {
          alignment = Double.isNaN(alignment) ? step : alignment;
        } else if (finding.severity() == Severity.ERROR && rule.isEmpty()) {
          lossRule = step;
          rule = finding.rule();
        }
      }
      double median = median(losses, made);
      best = Math.min(best, median);
      boolean gone = !(median <= EXPLODED * best);
      exploded = Double.isNaN(exploded) && made >= MEDIAN && gone ? step : exploded;
      if (!Float.isFinite(now.loss())) {
        break;
      }
    }
    double last = median(losses, made);
    return new Outcome(kind, seed, alignment, lossRule, rule, exploded, last, diversity);
  }

  /** Returns the columns of a step, and remembers them. */
  private static Map<String, Double> columns(
      TrainingStep step, Map<String, double[]> diversity, int steps) {
    Map<String, Double> columns = new LinkedHashMap<>();
    columns.put("grad_norm", step.gradNorm());
    step.more()
        .forEach(
            (name, value) -> {
              columns.put(name, value.doubleValue());
              diversity.computeIfAbsent(name, n -> new double[steps])[(int) step.step() - 1] =
                  value.doubleValue();
            });
    return columns;
  }

  private static double median(double[] losses, int made) {
    int from = Math.max(0, made - MEDIAN);
    return NumberScore.median(java.util.Arrays.copyOfRange(losses, from, made));
  }
}
