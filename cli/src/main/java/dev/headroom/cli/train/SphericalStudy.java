package dev.headroom.cli.train;

import com.google.gson.JsonObject;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Trains one small language model for each loss of the spherical family and each seed, in this
 * process, and compares how it ranks the next token, and its time, with the fused softmax head.
 *
 * <p>Models of one seed begin with the same weights and see the same batches. Each loss first
 * chooses its learning rate: the peak whose model of seed 0 has the best top-1 on one half of the
 * held-out batches; what is reported is that of other seeds on the other half.
 */
public final class SphericalStudy {
  private static final int EVAL_BATCHES = 32;
  private static final String COSINE = "cosine(peak=P,warmup=10%,final=10%)";
  private static final int MARKS = 10;
  private static final int LEAST_BETWEEN_MARKS = 25;

  /** Share of the softmax's final top-1 that the time to reach it is told of. */
  public static final double REACHED = 0.9;

  /**
   * Says what is trained.
   *
   * @param models what all are trained on, and their sizes; with a schedule no peak is chosen
   * @param variants names of losses, or only "all"; softmax is always among them
   * @param peaks of the learning rate, of which each loss takes its best
   */
  public record Plan(StudyPlan models, List<String> variants, List<Double> peaks) {

    /** Checks the peaks, brings the names in their one form. */
    public Plan {
      Set<String> names = new LinkedHashSet<>(List.of(SphericalVariant.BASE));
      for (String name : variants) {
        if (name.equals("all")) {
          names.addAll(SphericalVariant.ALL);
        } else {
          names.add(SphericalVariant.parse(name).name());
        }
      }
      variants = List.copyOf(names);
      for (double peak : peaks) {
        if (!(peak > 0 && peak < Double.POSITIVE_INFINITY)) {
          throw new IllegalArgumentException("--peaks: " + peak + " (expected: positive numbers)");
        }
      }
      peaks = List.copyOf(peaks);
    }

    /** Returns the schedules that each loss tries. */
    public List<String> schedules() {
      List<String> texts = new ArrayList<>();
      if (models.schedule() != null) {
        texts.add(models.schedule());
      } else {
        for (double peak : peaks) {
          texts.add(COSINE.replace("P", BigDecimal.valueOf(peak).toPlainString()));
        }
      }
      return texts;
    }

    /** Says what they are. */
    public String rates() {
      return models.schedule() != null ? models.schedule() : COSINE + " with each loss's own P";
    }

    TrainSettings settings(String schedule, long seed) {
      TrainOptions options = models.options(seed, EVAL_BATCHES);
      options.schedule = schedule;
      return options.settings(models.steps());
    }
  }

  /**
   * A look at a run on its way.
   *
   * @param seconds of all updates before it, without the looks
   * @param top1 share of the tokens ranked first
   */
  public record Mark(double seconds, double top1) {}

  /**
   * What came of one run.
   *
   * @param variant name of the loss
   * @param seed of weights and batches; 0 chooses the learning rate
   * @param schedule learning rates
   * @param top1 share of held-out tokens ranked first, by the loss's own probability
   * @param top5 share of held-out tokens among the first five
   * @param top1ByOutput share of held-out tokens with the largest output
   * @param stepSeconds median time of an update
   * @param headSeconds median time of the loss with its gradients in it
   * @param marks looks at the run on its way, the last at its end
   */
  public record Outcome(
      String variant,
      long seed,
      String schedule,
      double top1,
      double top5,
      double top1ByOutput,
      double stepSeconds,
      double headSeconds,
      List<Mark> marks) {

    /** Returns the seconds of updates until this top-1 was seen; NaN where it never was. */
    public double secondsTo(double goal) {
      return marks.stream()
          .filter(m -> m.top1() >= goal)
          .mapToDouble(Mark::seconds)
          .findFirst()
          .orElse(Double.NaN);
    }
  }

  /**
   * What all runs of a study share.
   *
   * @param corpus what was read, in words
   * @param classes of the head
   * @param trainTokens tokens that were trained on
   * @param rankedTokens held-out tokens that a model ranks
   * @param choices runs of seed 0, in the order of variants, then schedules
   * @param outcomes in the order of variants, then seeds
   */
  public record Result(
      String corpus,
      int classes,
      int trainTokens,
      int rankedTokens,
      List<Outcome> choices,
      List<Outcome> outcomes) {}

  private final Plan plan;
  private final StudyText text;
  private final StudyRuns<Outcome> finished;
  private final Consumer<String> note;

  private SphericalStudy(Plan plan, Path runs, Consumer<String> note) {
    this.plan = plan;
    this.note = note;
    text = plan.models().read();
    JsonObject settings = plan.models().json(text.corpus().sha256());
    settings.addProperty("study", "spherical");
    finished =
        StudyRuns.open(
            runs, settings, Outcome.class, o -> o.variant() != null && o.marks() != null, note);
  }

  /**
   * Makes the runs that are still to be made.
   *
   * @param plan what to train
   * @param runs file of finished runs, one line each, which grows; those in it are not made again;
   *     null for none
   * @param note receives a line after each run
   * @throws dev.headroom.cli.CommandException with exit code 1 where a loss is not finite, 3 where
   *     the corpus or the file cannot be used
   */
  public static Result run(Plan plan, Path runs, Consumer<String> note) {
    ProcessMemory.returnLargeBlocks();
    return new SphericalStudy(plan, runs, note).run();
  }

  private Result run() {
    List<Outcome> choices = new ArrayList<>();
    String[] chosen = new String[plan.variants().size()];
    for (int v = 0; v < chosen.length; v++) {
      List<Outcome> tried = tried(plan.variants().get(v));
      choices.addAll(tried);
      chosen[v] = tried.isEmpty() ? plan.schedules().get(0) : best(tried).schedule();
    }
    // seed by seed, so that losses take turns: what else the machine does then falls on all of them
    List<Outcome> outcomes = new ArrayList<>();
    for (long seed = 1; seed <= plan.models().seeds(); seed++) {
      for (int v = 0; v < chosen.length; v++) {
        outcomes.add(outcome(plan.variants().get(v), chosen[v], seed));
      }
    }
    outcomes.sort(Comparator.comparingInt(o -> plan.variants().indexOf(o.variant())));
    TrainSettings settings = plan.settings(chosen[0], 1);
    return new Result(
        text.corpus().source(),
        text.classes(),
        new Batches(text.corpus(), settings).trainTokens(),
        (int) settings.tokensPerStep() * EVAL_BATCHES / 2,
        choices,
        outcomes);
  }

  /** Tries the schedules of a loss, where there is a choice. */
  private List<Outcome> tried(String variant) {
    List<Outcome> tried = new ArrayList<>();
    if (plan.schedules().size() > 1) {
      plan.schedules().forEach(schedule -> tried.add(outcome(variant, schedule, 0)));
    }
    return tried;
  }

  /** Returns the run with the best top-1, of several the first. */
  public static Outcome best(List<Outcome> tried) {
    Outcome best = tried.get(0);
    for (Outcome one : tried) {
      best = one.top1() > best.top1() ? one : best;
    }
    return best;
  }

  private Outcome outcome(String variant, String schedule, long seed) {
    String rates = plan.settings(schedule, seed).schedule();
    Outcome known =
        finished.find(
            o -> o.variant().equals(variant) && o.schedule().equals(rates) && o.seed() == seed);
    if (known != null) {
      return known;
    }
    Outcome made = train(SphericalVariant.parse(variant), plan.settings(schedule, seed));
    finished.add(made);
    note.accept(line(made));
    return made;
  }

  private static String line(Outcome o) {
    return String.format(
        Locale.ROOT,
        "%s, seed %d, %s: top-1 %.2f %%, top-5 %.2f %%, step %.1f ms, head %.2f ms",
        o.variant(),
        o.seed(),
        o.schedule(),
        100 * o.top1(),
        100 * o.top5(),
        1000 * o.stepSeconds(),
        1000 * o.headSeconds());
  }

  private Outcome train(SphericalVariant variant, TrainSettings settings) {
    Batches batches = new Batches(text.corpus(), settings);
    boolean chooses = settings.seed() == 0;
    int steps = plan.models().steps();
    int between = chooses ? steps : Math.max(LEAST_BETWEEN_MARKS, steps / MARKS);
    double[] stepSeconds = new double[steps];
    double[] headSeconds = new double[steps];
    List<Mark> marks = new ArrayList<>();
    try (StudyModel model = new StudyModel(variant.name(), settings, text, variant.function())) {
      Network network = model.network();
      Ranking ranking = null;
      double before = 0;
      for (int step = 1; step <= steps; step++) {
        double now = model.step(step, false).seconds();
        stepSeconds[step - 1] = now - before;
        headSeconds[step - 1] = network.lossSeconds();
        before = now;
        if (step == steps || step % between == 0) {
          ranking = Ranking.of(network, batches, variant.score(), chooses ? 0 : 1);
          marks.add(new Mark(now, ranking.top1()));
        }
      }
      double step = NumberScore.median(stepSeconds);
      double head = NumberScore.median(headSeconds);
      return outcomeOf(variant.name(), settings, ranking, step, head, marks);
    }
  }

  private static Outcome outcomeOf(
      String variant,
      TrainSettings settings,
      Ranking ranking,
      double stepSeconds,
      double headSeconds,
      List<Mark> marks) {
    return new Outcome(
        variant,
        settings.seed(),
        settings.schedule(),
        ranking.top1(),
        ranking.top5(),
        ranking.top1ByOutput(),
        stepSeconds,
        headSeconds,
        marks);
  }
}
