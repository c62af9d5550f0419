package dev.headroom.head.bench;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.initializer.NormalInitializer;
import ai.djl.training.loss.Loss;
import dev.headroom.head.Distillation;
import dev.headroom.head.DistillationLoss;
import dev.headroom.head.Divergence;
import dev.headroom.head.EarthMoverLoss;
import dev.headroom.head.HeadOptions;
import dev.headroom.head.NormalizedDistillationLoss;
import dev.headroom.head.PriorLoss;
import dev.headroom.head.VocabularyHead;
import java.util.Arrays;
import java.util.List;

/**
 * The losses of a benchmark that compare the head with another one: a teacher of the same width and
 * classes, drawn as the student is and held beside the inputs, that is given the student's hidden
 * states; the classifier itself; a Zipf distribution of the classes.
 */
final class BenchPairs {
  /** Names of the losses, in the order of the table. */
  static final List<String> NAMES =
      List.of(
          "forward-kl",
          "reverse-kl",
          "jensen-shannon",
          "normalized-distillation",
          "earth-mover",
          "prior");

  private static final int SEED = 20261123;

  private final HeadOptions options;
  private final VocabularyHead student;
  private final VocabularyHead teacher;

  /** Draws a teacher, which lives as long as the inputs. */
  BenchPairs(BenchInputs inputs, HeadOptions options) {
    this.options = options;
    student = new VocabularyHead(options);
    HeadShape shape = inputs.shape();
    teacher = new VocabularyHead(HeadOptions.of(shape.v(), shape.d()));
    float deviation = (float) (1 / Math.sqrt(shape.d()));
    teacher.weight().setInitializer(new NormalInitializer(deviation));
    inputs.hidden().getManager().getEngine().setRandomSeed(SEED);
    Shape rows = new Shape(shape.n(), shape.d());
    teacher.initialize(inputs.hidden().getManager(), DataType.FLOAT32, rows);
  }

  /** Returns the head with a loss of {@link #NAMES}. */
  DjlHead head(String name, HeadShape shape) {
    return switch (name) {
      case "forward-kl" -> distilled(name, shape, Distillation.forwardKl());
      case "reverse-kl" -> distilled(name, shape, Distillation.reverseKl());
      case "jensen-shannon" -> distilled(name, shape, Distillation.jensenShannon(0.5));
      case "normalized-distillation" -> normalized(name, shape);
      case "earth-mover" -> {
        EarthMoverLoss loss = new EarthMoverLoss(student, 0);
        yield DjlHead.pair(
            name, shape, options, new Pair(loss, loss::finishBackward, loss::releaseMemory, false));
      }
      case "prior" -> prior(name, shape);
      default -> throw new IllegalArgumentException("loss: " + name + " (expected: " + NAMES + ")");
    };
  }

  private DjlHead distilled(String name, HeadShape shape, Distillation how) {
    DistillationLoss loss = new DistillationLoss(student, teacher, how);
    return DjlHead.pair(
        name, shape, options, new Pair(loss, loss::finishBackward, loss::releaseMemory, true));
  }

  private DjlHead normalized(String name, HeadShape shape) {
    NormalizedDistillationLoss loss = new NormalizedDistillationLoss(student, teacher, 1, 1.5, 1);
    return DjlHead.pair(
        name, shape, options, new Pair(loss, loss::finishBackward, loss::releaseMemory, true));
  }

  private DjlHead prior(String name, HeadShape shape) {
    double[] counts = new double[shape.v()];
    Arrays.setAll(counts, v -> 1.0 / (v + 1));
    PriorLoss loss = new PriorLoss(student, counts, Divergence.FORWARD_KL, 0.1);
    return DjlHead.pair(
        name, shape, options, new Pair(loss, loss::finishBackward, loss::releaseMemory, false));
  }

  /**
   * A loss of two heads.
   *
   * @param loss what is measured
   * @param finish follows the backward pass
   * @param release gives its workspace back
   * @param teacher whether it wants the teacher's hidden states
   */
  record Pair(Loss loss, Runnable finish, Runnable release, boolean teacher) {

    /** Returns what it is given beside the predictions. */
    NDList labels(BenchInputs inputs, NDArray hidden) {
      NDList labels = new NDList(inputs.targets());
      if (teacher) {
        labels.add(hidden);
      }
      return labels;
    }
  }
}
