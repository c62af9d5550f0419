package dev.headroom.cli.train;

import dev.headroom.cli.CommandException;
import dev.headroom.cli.ExitCode;
import dev.headroom.head.NumberTokens;
import dev.headroom.head.training.LossLog;
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
   * @param corpus null for the packaged one
   * @param fields of its JSONL records
   * @param variants names of losses, or only "all"; the cross-entropy is always among them
   * @param seeds how many, from 1 on
   * @param steps updates of a run
   * @param schedule learning rates as text, or null for those of {@code headroom train}
   * @param width of the model
   * @param layers of the model
   * @param context T, tokens of a window
   * @param batch windows of a step
   * @param numbers places that are predicted, at most
   * @param allClasses whether the head has all classes of o200k, or those of the corpus and all
   *     number tokens
   * @param threads of the engine and of the head
   */
  public record Plan(
      Path corpus,
      List<String> fields,
      List<String> variants,
      int seeds,
      int steps,
      String schedule,
      int width,
      int layers,
      int context,
      int batch,
      int numbers,
      boolean allClasses,
      int threads) {

    /** Checks the sizes, brings the names in their one form. */
    public Plan {
      fields = List.copyOf(fields);
      Set<String> names = new LinkedHashSet<>(List.of(NumberVariant.BASE));
      for (String name : variants) {
        if (name.equals("all")) {
          names.addAll(NumberVariant.ALL);
        } else {
          names.add(NumberVariant.parse(name).name());
        }
      }
      variants = List.copyOf(names);
      require("--seeds", seeds, 1000);
      require("--steps", steps, 1_000_000);
      require("--numbers", numbers, 1_000_000);
    }

    /** Returns the learning rates as whole text. */
    public String rates() {
      return settings(NumberVariant.BASE, 1).schedule();
    }

    private static void require(String name, long value, long most) {
      if (value < 1 || value > most) {
        throw new IllegalArgumentException(name + ": " + value + " (expected: 1 to " + most + ")");
      }
    }

    TrainSettings settings(String variant, long seed) {
      NumberVariant parsed = NumberVariant.parse(variant);
      TrainOptions options = new TrainOptions();
      options.width = width;
      options.layers = layers;
      options.context = context;
      options.batch = batch;
      options.threads = threads;
      options.seed = seed;
      options.schedule = schedule;
      options.zLoss = parsed.zLoss();
      options.numberLoss = parsed.numberLoss();
      options.evalEvery = Integer.MAX_VALUE;
      options.evalBatches = EVAL_BATCHES;
      return options.settings(steps);
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
  private final TokenCorpus corpus;
  private final NumberTokens numbers;
  private final int classes;
  private final Batches batches;
  private final NumberPlaces all;
  private final NumberPlaces places;

  private NumberStudy(Plan plan) {
    this.plan = plan;
    TokenCorpus read = CorpusReader.read(plan.corpus(), plan.fields());
    StudyText text = plan.allClasses() ? StudyText.whole(read) : StudyText.compact(read);
    corpus = text.corpus();
    numbers = text.numbers();
    classes = text.classes();
    batches = new Batches(corpus, plan.settings(NumberVariant.BASE, 1));
    int[] tokens = corpus.tokens();
    all = NumberPlaces.of(tokens, batches.trainTokens(), tokens.length, plan.context(), numbers);
    places = all.atMost(plan.numbers());
    if (places.size() == 0) {
      throw new CommandException(
          ExitCode.INPUT,
          "corpus: "
              + corpus.source()
              + " has no number with "
              + plan.context()
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
    NumberRuns finished = NumberRuns.open(runs, plan, study.corpus.sha256(), note);
    // seed by seed, so that a study that is cut short has whole pairs
    for (long seed = 1; seed <= plan.seeds(); seed++) {
      for (String variant : plan.variants()) {
        if (finished.find(variant, seed) == null) {
          Outcome outcome = study.train(variant, seed);
          finished.add(outcome);
          note.accept(line(outcome));
        }
      }
    }
    return study.result(finished);
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
    Batches own = new Batches(corpus, settings);
    try (Network network = new Network(settings, classes, numbers)) {
      TrainingLoop loop = new TrainingLoop(settings, own, network);
      LossLog.Entry last = null;
      for (long step = 1; step <= plan.steps(); step++) {
        last = loop.step(step, step == plan.steps(), 0);
        if (!Float.isFinite(last.loss()) || !Double.isFinite(last.gradNorm())) {
          throw new CommandException(
              ExitCode.CHECK_FAILED,
              variant
                  + ", seed "
                  + seed
                  + ", step "
                  + step
                  + ": loss "
                  + last.loss()
                  + " (expected: a finite one; leave the variant out or lower its weight)");
        }
      }
      NumberReading reading =
          new NumberReading(network.guesses(numbers), numbers, plan.context(), READ_AT_ONCE);
      double[] read = reading.read(corpus.tokens(), places.starts());
      NumberScore score = NumberScore.of(read, places.values());
      double seconds = (System.nanoTime() - start) / 1e9;
      return new Outcome(variant, seed, last.valLoss(), score, seconds);
    }
  }

  private Result result(NumberRuns finished) {
    List<Outcome> outcomes = new ArrayList<>();
    for (String variant : plan.variants()) {
      for (long seed = 1; seed <= plan.seeds(); seed++) {
        outcomes.add(finished.find(variant, seed));
      }
    }
    NumberPlaces train = NumberPlaces.of(corpus.tokens(), 0, batches.trainTokens(), 0, numbers);
    double constant = mostFrequent(train.values());
    double[] always = new double[places.size()];
    Arrays.fill(always, constant);
    return new Result(
        corpus.source(),
        classes,
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
