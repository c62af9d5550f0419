package dev.headroom.head.bench;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import dev.headroom.head.Backend;
import dev.headroom.head.Engine;
import dev.headroom.head.GradientFilter;
import dev.headroom.head.HeadOptions;
import dev.headroom.head.internal.Backends;
import dev.headroom.head.internal.HeadKernels;
import dev.headroom.head.internal.HeadProblem;
import dev.headroom.head.internal.HeadResult;
import dev.headroom.head.internal.Shapes;
import dev.headroom.head.internal.Wanted;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Shows what the gradient filter buys and costs on given activations: time against the faster
 * unfiltered engine in the same run, the mass that is dropped, and the cosines of both gradients
 * with the unfiltered ones. Median of five rounds after two, taking turns.
 */
public final class FilterBench {
  private static final int WARM_UP = 2;
  private static final int ROUNDS = 5;

  private final HeadProblem problem;
  private final HeadKernels kernels = Backends.of(Backend.NATIVE_CPU);
  private float[] exactClassifier;
  private final List<Subject> subjects = new ArrayList<>();

  private FilterBench(HeadProblem problem) {
    this.problem = problem;
  }

  /** One setting under measurement. */
  private static final class Subject {
    final String name;
    final HeadOptions options;
    final double[] seconds = new double[ROUNDS];
    float[] dE;
    double cosineClassifier;
    float[] dropped;

    Subject(String name, HeadOptions options) {
      this.name = name;
      this.options = options;
    }
  }

  /**
   * What a setting brings.
   *
   * @param setting the unfiltered engine, or the filter
   * @param seconds median over the rounds
   * @param speedup over the faster unfiltered engine
   * @param droppedMass mean over the rows
   * @param cosineHidden cosine of dE with the unfiltered one, over all entries
   * @param cosineClassifier cosine of dC with the unfiltered one
   */
  public record Row(
      String setting,
      double seconds,
      double speedup,
      double droppedMass,
      double cosineHidden,
      double cosineClassifier) {}

  /**
   * Takes the activations of a head.
   *
   * @param hidden [N,D] float32
   * @param weight [V,D] float32
   * @param targets [N] class ids
   * @param options of the head, without a filter
   */
  public static FilterBench of(
      NDArray hidden, NDArray weight, NDArray targets, HeadOptions options) {
    return new FilterBench(
        Shapes.problem(new NDList(targets), new NDList(hidden, weight), options));
  }

  /** Returns the mean loss of the rows, which says how far the head is trained. */
  public double meanLoss() {
    double sum = 0;
    for (float nll : kernels.forward(problem).nll()) {
      sum += nll;
    }
    return sum / problem.kept();
  }

  /** Measures both engines and a set of filters. */
  public List<Row> run() {
    HeadOptions options = problem.options();
    subjects.add(new Subject("unfiltered, kept", options.withEngine(Engine.KEPT)));
    subjects.add(new Subject("unfiltered, recomputed", options.withEngine(Engine.RECOMPUTED)));
    for (int power = 8; power <= 20; power += 2) {
      add("tau 2^-" + power, options, GradientFilter.below(Math.pow(2, -power)));
    }
    for (double mass : new double[] {0.1, 0.03, 0.01, 0.003}) {
      add("mass " + mass, options, GradientFilter.upTo(mass));
    }
    add("mass 0.01, full c", options, GradientFilter.upTo(0.01).withFullClassifier());
    for (int round = -WARM_UP; round < ROUNDS; round++) {
      for (Subject subject : subjects) {
        step(subject, round);
      }
    }
    return report();
  }

  private void add(String name, HeadOptions options, GradientFilter filter) {
    subjects.add(new Subject(name, options.withFilter(filter)));
  }

  private void step(Subject subject, int round) {
    HeadProblem asked = problem.withOptions(subject.options);
    Wanted wanted = new Wanted(true, true, false, null, null);
    long start = System.nanoTime();
    HeadResult result = kernels.forwardBackward(asked, wanted);
    double seconds = (System.nanoTime() - start) / 1e9;
    try (NDArray dE = result.dE();
        NDArray dC = result.dC()) {
      if (round >= 0) {
        subject.seconds[round] = seconds;
      } else {
        subject.dE = dE.toFloatArray();
        subject.dropped = result.dropped();
        float[] classifier = dC.toFloatArray();
        exactClassifier = exactClassifier == null ? classifier : exactClassifier;
        subject.cosineClassifier = cosine(exactClassifier, classifier);
      }
    }
  }

  private List<Row> report() {
    Subject exact = subjects.get(0);
    double fastest = Math.min(median(subjects.get(0).seconds), median(subjects.get(1).seconds));
    List<Row> rows = new ArrayList<>();
    for (Subject subject : subjects) {
      double seconds = median(subject.seconds);
      rows.add(
          new Row(
              subject.name,
              seconds,
              fastest / seconds,
              mean(subject.dropped),
              cosine(exact.dE, subject.dE),
              subject.cosineClassifier));
    }
    return rows;
  }

  private static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted[sorted.length / 2];
  }

  private static double mean(float[] values) {
    double sum = 0;
    for (int i = 0; values != null && i < values.length; i++) {
      sum += values[i] / values.length;
    }
    return sum;
  }

  private static double cosine(float[] a, float[] b) {
    double ab = 0;
    double aa = 0;
    double bb = 0;
    for (int i = 0; i < a.length; i++) {
      ab += (double) a[i] * b[i];
      aa += (double) a[i] * a[i];
      bb += (double) b[i] * b[i];
    }
    return ab / Math.sqrt(aa * bb);
  }
}
