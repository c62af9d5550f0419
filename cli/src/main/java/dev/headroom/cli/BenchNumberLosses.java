package dev.headroom.cli;

import dev.headroom.cli.train.NumberStudy;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Option;

/** The options of the study of number losses. */
final class BenchNumberLosses {
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
      names = "--corpus",
      paramLabel = "FILE|DIR",
      description = "Text with numbers, as for train (default: the packaged corpus).")
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
      description = "Learning rates, as for train (default: the same).")
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
      description = "Numbers that each model predicts, at most (default: 300).")
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

  NumberStudy.Plan plan() {
    return new NumberStudy.Plan(
        corpus,
        fields,
        losses,
        seeds,
        steps,
        schedule,
        width,
        layers,
        context,
        batch,
        numbers,
        allClasses,
        threads);
  }
}
