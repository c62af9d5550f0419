package dev.headroom.cli;

import dev.headroom.cli.train.AlignmentStudy;
import dev.headroom.cli.train.NumberStudy;
import dev.headroom.cli.train.SphericalStudy;
import dev.headroom.cli.train.StudyPlan;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import picocli.CommandLine.Option;

/** The options of the studies, which train small models. */
final class BenchStudies {
  @Option(
      names = "--number-losses",
      paramLabel = "LOSS",
      arity = "0..1",
      fallbackValue = "all",
      split = ",",
      description =
          "Instead: train a small model for each loss and seed, and compare the whole numbers that"
              + " it predicts on held-out text with the right ones. LOSS as for train --number-loss,"
              + " or z-loss:WEIGHT; cross-entropy alone is always among them (default: all, 11"
              + " losses).")
  List<String> losses;

  @Option(
      names = "--spherical",
      paramLabel = "LOSS",
      arity = "0..1",
      fallbackValue = "all",
      split = ",",
      description =
          "Instead: train a small model for each loss of the spherical family and seed, and compare"
              + " how often the next token of held-out text is ranked first or among five, and the"
              + " time, with the fused softmax head. LOSS: taylor, squared, spherical:EPS or z:A:B;"
              + " softmax is always among them (default: all but squared).")
  List<String> spherical;

  @Option(
      names = "--alignment",
      description =
          "Instead: train small models whose learning rate rises until they diverge, and healthy ones"
              + " beside them, and tell when the sign diversity of layers' inputs collapses, when"
              + " another rule fires, and when the loss explodes.")
  boolean alignment;

  @Option(
      names = "--peaks",
      split = ",",
      paramLabel = "RATE",
      description =
          "With --spherical, learning rates of which each loss takes its best (default:"
              + " 0.001,0.003,0.01,0.03).")
  List<Double> peaks = List.of(1e-3, 3e-3, 1e-2, 3e-2);

  @Option(
      names = "--corpus",
      paramLabel = "FILE|DIR",
      description = "Text, as for train (default: the packaged corpus).")
  Path corpus;

  @Option(
      names = "--fields",
      split = ",",
      paramLabel = "NAME",
      description = "Fields of a JSONL record (default: text).")
  List<String> fields = List.of();

  @Option(
      names = "--seeds",
      paramLabel = "S",
      description = "Runs of each loss; 3 at least for an interval of any use (default: 3).")
  int seeds = 3;

  @Option(names = "--steps", paramLabel = "N", description = "Updates of a run (default: 200).")
  int steps = 200;

  @Option(
      names = "--schedule",
      paramLabel = "TEXT",
      description =
          "Learning rates, as for train (default: the same; with --spherical those of --peaks, and"
              + " where it is given no loss chooses).")
  String schedule;

  @Option(names = "--width", paramLabel = "D", description = "Width of the model (default: 64).")
  int width = 64;

  @Option(names = "--layers", paramLabel = "L", description = "Layers (default: 2).")
  int layers = 2;

  @Option(names = "--context", paramLabel = "T", description = "Tokens of a window (default: 128).")
  int context = 128;

  @Option(names = "--batch", paramLabel = "B", description = "Windows of a step (default: 4).")
  int batch = 4;

  @Option(
      names = "--numbers",
      paramLabel = "K",
      description =
          "With --number-losses, numbers that each model predicts, at most (default: 300).")
  int numbers = 300;

  @Option(
      names = "--all-classes",
      description =
          "Give the head all 200,019 classes of o200k. Else it has those that occur in the corpus,"
              + " and all number tokens: the same tokens, in a fraction of the time.")
  boolean allClasses;

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "Threads of a run (default: all processors).")
  int threads = Runtime.getRuntime().availableProcessors();

  @Option(
      names = "--runs",
      paramLabel = "FILE",
      description =
          "JSONL that each finished run is added to at once; runs that it holds are not made again.")
  Path runs;

  /** Makes the study that is asked for; null where none is. */
  BenchStudy study(Consumer<String> note) {
    int asked = (losses == null ? 0 : 1) + (spherical == null ? 0 : 1) + (alignment ? 1 : 0);
    if (asked == 0) {
      return null;
    }
    if (asked > 1) {
      throw new IllegalArgumentException(
          "--number-losses, --spherical, --alignment: "
              + asked
              + " of them (expected: one study at a time)");
    }
    StudyPlan models =
        new StudyPlan(
            corpus,
            fields,
            seeds,
            steps,
            schedule,
            width,
            layers,
            context,
            batch,
            allClasses,
            threads);
    if (alignment) {
      return new BenchAlignmentReport(models, AlignmentStudy.run(models, note));
    }
    if (spherical != null) {
      SphericalStudy.Plan plan = new SphericalStudy.Plan(models, spherical, peaks);
      return new BenchSphericalReport(plan, SphericalStudy.run(plan, runs, note));
    }
    NumberStudy.Plan plan = new NumberStudy.Plan(models, losses, numbers);
    return new BenchNumberReport(plan, NumberStudy.run(plan, runs, note));
  }
}
