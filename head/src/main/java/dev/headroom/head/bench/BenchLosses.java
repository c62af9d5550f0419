package dev.headroom.head.bench;

import dev.headroom.head.HeadOptions;
import dev.headroom.head.NumberTokens;
import dev.headroom.head.Reweighting;
import dev.headroom.head.RowLoss;
import dev.headroom.head.losses.AugmentAndReduce;
import dev.headroom.head.losses.DecoupledSoftmax;
import dev.headroom.head.losses.DynamicFineTuning;
import dev.headroom.head.losses.EditInvariant;
import dev.headroom.head.losses.EntropyRegularizer;
import dev.headroom.head.losses.FocalLoss;
import dev.headroom.head.losses.GeneralizedCrossEntropy;
import dev.headroom.head.losses.MarginLoss;
import dev.headroom.head.losses.NumberTokenLoss;
import dev.headroom.head.losses.NumberTokenLoss.Distance;
import dev.headroom.head.losses.OneVsEach;
import dev.headroom.head.losses.PairwiseSoftmax;
import dev.headroom.head.losses.PairwiseSoftmax.Surrogate;
import dev.headroom.head.losses.PassAtN;
import dev.headroom.head.losses.SymmetricCrossEntropy;
import dev.headroom.head.losses.TruncatedTopK;
import dev.headroom.head.losses.WholeNumberLoss;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.UnaryOperator;
import java.util.stream.LongStream;

/**
 * The losses that a benchmark can measure, by their names: what is done to the options of the head,
 * or those of {@link BenchPairs}.
 *
 * <p>Number tokens are the targets of a tenth of the rows, filled up with the first ids to 1110 of
 * them, as many as o200k has; their values are 0 to 999, again and again.
 */
public final class BenchLosses {
  /** The Z-loss of a spherical head, which takes the place of the head. */
  static final String SPHERICAL = "spherical";

  private static final int NUMBERS = 1110;

  private BenchLosses() {}

  /** Returns the names, in the order of the table. */
  public static List<String> names() {
    List<String> names = new ArrayList<>(all(new long[] {0}, 4).keySet());
    names.addAll(BenchPairs.NAMES);
    return List.copyOf(names);
  }

  /** Returns what each loss of one head does to its options. */
  static Map<String, UnaryOperator<HeadOptions>> all(long[] targets, long classes) {
    NumberTokens tokens = numbers(targets, classes);
    NumberTokenLoss wasserstein = NumberTokenLoss.wasserstein(tokens);
    Map<String, UnaryOperator<HeadOptions>> all = new LinkedHashMap<>();
    all.put("z-loss", o -> o.withZLoss(1e-4));
    all.put("label-smoothing", o -> o.withLabelSmoothing(0.1));
    all.put("soft-cap", o -> o.withSoftCap(30));
    all.put("stable-max", o -> o.withStableMax(true));
    all.put("moments", o -> o.withMoments(true));
    all.put("focal-reweighting", o -> o.withReweighting(Reweighting.focal(2)));
    put(all, "wasserstein", wasserstein.withWeight(0.3));
    put(all, "wasserstein-mass", wasserstein.byNumberMass().withWeight(0.3));
    put(all, "squashed", NumberTokenLoss.squashed(tokens, 5).withWeight(0.3));
    put(all, "squared", NumberTokenLoss.dotProduct(tokens, Distance.SQUARED).withWeight(1e-5));
    put(all, "gaussian", NumberTokenLoss.gaussian(tokens, 1).withWeight(0.3));
    put(all, "whole", new WholeNumberLoss(tokens, 0.3));
    put(all, "generalized", new GeneralizedCrossEntropy(0.7));
    put(all, "focal", new FocalLoss(2));
    put(all, "margin", new MarginLoss(1));
    put(all, "fine-tuning", new DynamicFineTuning());
    put(all, "symmetric", new SymmetricCrossEntropy(1, 1, -4));
    put(all, "entropy", new EntropyRegularizer(0.01));
    put(all, "pass-at-8", new PassAtN(8, false));
    long[] sample = sample(classes);
    put(all, "one-vs-each", new OneVsEach(sample, classes));
    put(all, "augment-and-reduce", new AugmentAndReduce(sample, classes));
    put(all, "decoupled", new DecoupledSoftmax(row -> positives(targets[row], classes)));
    put(all, "top-5", new TruncatedTopK((int) Math.min(5, classes)));
    put(all, "pairwise", PairwiseSoftmax.shared(Surrogate.TANH, 0.1, sample));
    put(all, "edit-invariant", new EditInvariant(2, 3, 4));
    all.put(SPHERICAL, UnaryOperator.identity());
    return all;
  }

  private static void put(Map<String, UnaryOperator<HeadOptions>> all, String name, RowLoss loss) {
    all.put(name, o -> o.withRowLosses(loss));
  }

  /** Returns about a thousand classes, all of them where there are fewer. */
  private static long[] sample(long classes) {
    long every = Math.max(1, classes / 1000);
    return LongStream.range(0, classes).filter(v -> v % every == 0).toArray();
  }

  /** Returns a row's target and three classes more, as far as there are so many. */
  private static long[] positives(long target, long classes) {
    return LongStream.range(0, 4).map(j -> (target + 7 * j) % classes).distinct().toArray();
  }

  private static NumberTokens numbers(long[] targets, long classes) {
    TreeSet<Long> ids = new TreeSet<>();
    for (int i = 0; i < targets.length; i += 10) {
      ids.add(targets[i]);
    }
    for (long id = 0; ids.size() < Math.min(NUMBERS, classes); id++) {
      ids.add(id);
    }
    Map<Integer, Double> values = new LinkedHashMap<>();
    for (long id : ids) {
      values.put((int) id, values.size() % 1000.0);
    }
    return NumberTokens.of(values);
  }
}
