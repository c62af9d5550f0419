package dev.headroom.cli.train;

import com.google.gson.JsonObject;
import dev.headroom.cli.CommandException;
import dev.headroom.cli.ExitCode;
import dev.headroom.head.NumberTokens;
import dev.headroom.listeners.TrainingStep;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;

/**
 * Trains one small model for each loss on numbers and each seed, in this process, and lets it
 * predict whole numbers of held-out text.
 *
 * <p>Models of one seed begin with the same weights and see the same batches, so differences within
 * a seed are those of the losses. Numbers are read as {@link NumberReading} says, at evenly spaced
 * places of the held-out text with a whole window of held-out text before them.
 */
public final class NumberStudy {

  /**
   * Says what is trained.
   *
   * @param models what all are trained on, and their sizes
   * @param variants names of losses, or only "all"; the cross-entropy is always among them
   * @param numbers places that are predicted, at most
   */
  public record Plan(StudyPlan models, List<String> variants, int numbers) {

    /** Checks the number, brings the names in their one form. */
    public Plan {
      Set<String> names = new LinkedHashSet<>(List.of(NumberVariant.BASE));
      for (String name : variants) {
        if (name.equals("all")) {
          names.addAll(NumberVariant.ALL);
        } else {
          names.add(NumberVariant.parse(name).name());
        }
      }
      variants = List.copyOf(names);
      StudyPlan.require("--numbers", numbers, 1_000_000);
    }

    /** Returns the learning rates as whole text. */
    public String rates() {
      return settings(NumberVariant.BASE, 1).schedule();
    }

    TrainSettings settings(String variant, long seed) {
      NumberVariant parsed = NumberVariant.parse(variant);
      TrainOptions options = models.options(seed, EVAL_BATCHES);
      options.zLoss = parsed.zLoss();
      options.numberLoss = parsed.numberLoss();
      return options.settings(models.steps());
    }

    private JsonObject json(String sha256) {
      JsonObject json = models.json(sha256);
      json.addProperty("schedule", rates());
      json.addProperty("numbers", numbers);
      return json;
    }
  }

  /**
   * What came of one run.
   *
   * @param variant name of the loss
   * @param seed of weights and batches
   * @param heldOut mean negative log-likelihood of held-out text, nats a token
   * @param score of the predicted numbers
   * @param seconds that training and predicting took
   */
  public record Outcome(
      String variant, long seed, double heldOut, NumberScore score, double seconds) {}

  /**
   * What all runs of a study share.
   *
   * @param corpus what was read, in words
   * @param classes of the head
   * @param trainTokens tokens that were trained on
   * @param heldTokens tokens that were held out
   * @param places numbers of the held-out text with a window before them
   * @param constant score of always saying the number that is most frequent in the training text
   * @param constantValue that number
   * @param outcomes in the order of variants, then seeds
   */
  public record Result(
      String corpus,
      int classes,
      int trainTokens,
      int heldTokens,
      int places,
      NumberScore constant,
      double constantValue,
      List<Outcome> outcomes) {}

  private static final int EVAL_BATCHES = 16;
  private static final int READ_AT_ONCE = 64;

  private final Plan plan;
  private final StudyText text;
  private final Batches batches;
  private final NumberPlaces all;
  private final NumberPlaces places;

  private NumberStudy(Plan plan) {
    this.plan = plan;
    text = plan.models().read();
    batches = new Batches(text.corpus(), plan.settings(NumberVariant.BASE, 1));
    int[] tokens = text.corpus().tokens();
    all =
        NumberPlaces.of(
            tokens, batches.trainTokens(), tokens.length, plan.models().context(), text.numbers());
    places = all.atMost(plan.numbers());
    if (places.size() == 0) {
      throw new CommandException(
          ExitCode.INPUT,
          "corpus: "
              + text.corpus().source()
              + " has no number with "
              + plan.models().context()
              + " tokens before it among the "
              + batches.heldTokens()
              + " held out (expected: at least one; give a text with numbers)");
    }
  }

  /**
   * Makes the runs that are still to be made.
   *
   * @param plan what to train
   * @param runs file of finished runs, one line each, which grows; those in it are not made again;
   *     null for none
   * @param note receives a line after each run
   * @throws CommandException with exit code 1 where a loss is not finite, 3 where the corpus or the
   *     file cannot be used
   */
  public static Result run(Plan plan, Path runs, Consumer<String> note) {
    ProcessMemory.returnLargeBlocks();
    NumberStudy study = new NumberStudy(plan);
    StudyRuns<Outcome> finished =
        StudyRuns.open(
            runs,
            plan.json(study.text.corpus().sha256()),
            Outcome.class,
            o -> o.variant() != null && o.score() != null,
            note);
    // seed by seed, so that a study that is cut short has whole pairs
    for (long seed = 1; seed <= plan.models().seeds(); seed++) {
      for (String variant : plan.variants()) {
        if (find(finished, variant, seed) == null) {
          Outcome outcome = study.train(variant, seed);
          finished.add(outcome);
          note.accept(line(outcome));
        }
      }
    }
    return study.result(finished);
  }

  private static Outcome find(StudyRuns<Outcome> finished, String variant, long seed) {
    return finished.find(o -> o.variant().equals(variant) && o.seed() == seed);
  }

  private static String line(Outcome o) {
    return String.format(
        Locale.ROOT,
        "%s, seed %d: held-out %.4f, exact %.3f, relative error %.3f, median error %.1f; %.0f s",
        o.variant(),
        o.seed(),
        o.heldOut(),
        o.score().exact(),
        o.score().relativeError(),
        o.score().medianError(),
        o.seconds());
  }

  private Outcome train(String variant, long seed) {
    long start = System.nanoTime();
    TrainSettings settings = plan.settings(variant, seed);
    try (StudyModel model = new StudyModel(variant, settings, text, null)) {
      TrainingStep last = null;
      for (long step = 1; step <= plan.models().steps(); step++) {
        last = model.step(step, step == plan.models().steps());
      }
      NumberTokens numbers = text.numbers();
      NumberReading.Guesses guesses = model.network().guesses(numbers);
      NumberReading reading =
          new NumberReading(guesses, numbers, plan.models().context(), READ_AT_ONCE);
      double[] read = reading.read(text.corpus().tokens(), places.starts());
      NumberScore score = NumberScore.of(read, places.values());
      double seconds = (System.nanoTime() - start) / 1e9;
      return new Outcome(variant, seed, last.valLoss(), score, seconds);
    }
  }

  private Result result(StudyRuns<Outcome> finished) {
    List<Outcome> outcomes = new ArrayList<>();
    for (String variant : plan.variants()) {
      for (long seed = 1; seed <= plan.models().seeds(); seed++) {
        outcomes.add(find(finished, variant, seed));
      }
    }
    NumberPlaces train =
        NumberPlaces.of(text.corpus().tokens(), 0, batches.trainTokens(), 0, text.numbers());
    double constant = mostFrequent(train.values());
    double[] always = new double[places.size()];
    Arrays.fill(always, constant);
    return new Result(
        text.corpus().source(),
        text.classes(),
        batches.trainTokens(),
        batches.heldTokens(),
        all.size(),
        NumberScore.of(always, places.values()),
        constant,
        outcomes);
  }

  private static double mostFrequent(double[] values) {
    TreeMap<Double, Integer> counts = new TreeMap<>();
    for (double value : values) {
      counts.merge(value, 1, Integer::sum);
    }
    return counts.entrySet().stream()
        .max(Map.Entry.comparingByValue())
        .map(Map.Entry::getKey)
        .orElse(0.0);
  }
}
