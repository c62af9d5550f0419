package dev.headroom.scaling.fit;

import dev.headroom.scaling.law.Law;
import dev.headroom.scaling.law.Parameter;
import dev.headroom.scaling.law.Variable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/**
 * Lays the parameters that a search moves out over a law, once or once for each data set.
 *
 * <p>A parameter of the law is searched, equal to another one (tied, or shared between sets) or
 * fixed. Searched parameters are called free here and numbered in the order of the law, set after
 * set.
 */
final class Model {

  final Law law;
  final int sets;

  /** The free parameters, with the bounds and starts that the user's constraints leave. */
  final List<Parameter> parameters;

  /** The prior of each free parameter, or null. */
  final Prior[] priors;

  /** Whether the free parameters are those of the law. */
  final boolean plain;

  private final int[][] slot;
  private final double[] fixed;
  private final Constraints constraints;
  private final int pinned;

  private Model(
      Law law,
      Constraints constraints,
      List<Parameter> free,
      int[][] slot,
      Prior[] priors,
      int pinned) {
    this.law = law;
    this.pinned = pinned;
    this.constraints = constraints;
    this.sets = slot.length;
    this.parameters = List.copyOf(free);
    this.slot = slot;
    this.priors = priors;
    int size = law.parameters().size();
    this.fixed = new double[size];
    boolean identity = sets == 1;
    for (int p = 0; p < size; p++) {
      String root = constraints.root(law.parameters().get(p).name());
      fixed[p] = constraints.fixed().getOrDefault(root, Double.NaN);
      identity &= slot[0][p] == p;
    }
    this.plain = identity;
  }

  /** Creates the model of one data set. */
  static Model of(Law law, Constraints constraints) {
    return joint(law, constraints, List.of(""), Set.of());
  }

  /**
   * Creates the model of several data sets.
   *
   * @param shared names of the parameters that all sets have in common
   * @throws IllegalArgumentException for constraints or names that do not suit the law, and where
   *     no parameter is left to search
   */
  static Model joint(Law law, Constraints constraints, List<String> names, Set<String> shared) {
    constraints.check(law);
    shared.forEach(name -> Constraints.parameter(law, name));
    List<Parameter> all = law.parameters();
    int[][] slot = new int[names.size()][all.size()];
    List<Parameter> free = new ArrayList<>();
    List<Prior> priors = new ArrayList<>();
    for (int set = 0; set < slot.length; set++) {
      Arrays.fill(slot[set], -1);
      for (int p = 0; p < all.size(); p++) {
        String name = all.get(p).name();
        boolean own = constraints.root(name).equals(name) && !constraints.fixed().containsKey(name);
        if (own && set > 0 && shared.contains(name)) {
          slot[set][p] = slot[0][p];
        } else if (own) {
          boolean label = slot.length > 1 && !shared.contains(name);
          slot[set][p] = free.size();
          free.add(FreeParameter.of(all, p, constraints, label ? "[" + names.get(set) + "]" : ""));
          priors.add(constraints.priors().get(name));
        }
      }
      tie(all, constraints, slot[set]);
    }
    if (free.isEmpty()) {
      throw new IllegalArgumentException("fixed: all parameters (expected: one left to fit)");
    }
    return new Model(law, constraints, free, slot, priors.toArray(new Prior[0]), -1);
  }

  private static void tie(List<Parameter> all, Constraints constraints, int[] slot) {
    for (int p = 0; p < slot.length; p++) {
      String root = constraints.root(all.get(p).name());
      for (int q = 0; q < slot.length; q++) {
        slot[p] = slot[p] < 0 && all.get(q).name().equals(root) ? slot[q] : slot[p];
      }
    }
  }

  /** Returns this model with one free parameter in the units as given, so that it can be held. */
  Model pinning(int free) {
    return new Model(law, constraints, parameters, slot, priors, free);
  }

  /** Returns the number of free parameters. */
  int size() {
    return parameters.size();
  }

  /** Returns the free parameter behind a parameter of the law; -1 where it is fixed. */
  int slot(int set, int parameter) {
    return slot[set][parameter];
  }

  /** Writes the parameters of the law for one set. */
  void expand(double[] free, int set, double[] out) {
    for (int p = 0; p < out.length; p++) {
      int from = slot[set][p];
      out[p] = from < 0 ? fixed[p] : free[from];
    }
  }

  /** Sets the free parameters that a set determines, from the parameters of the law. */
  void collapse(double[] whole, int set, double[] free) {
    for (int p = whole.length - 1; p >= 0; p--) {
      if (slot[set][p] >= 0) {
        free[slot[set][p]] = whole[p];
      }
    }
  }

  /** Sets the free parameters that all sets share, from the parameters of the law. */
  void collapseShared(double[] whole, double[] free) {
    for (int p = whole.length - 1; p >= 0; p--) {
      boolean shared = sets > 1 && slot[0][p] >= 0 && slot[0][p] == slot[1][p];
      if (shared) {
        free[slot[0][p]] = whole[p];
      }
    }
  }

  /** Says whether any free parameter has a prior. */
  boolean hasPriors() {
    for (Prior prior : priors) {
      if (prior != null) {
        return true;
      }
    }
    return false;
  }

  /** Writes the derivatives by the free parameters, from those by the law's. */
  void gather(double[] slope, int set, double[] out) {
    Arrays.fill(out, 0);
    for (int p = 0; p < slope.length; p++) {
      if (slot[set][p] >= 0) {
        out[slot[set][p]] += slope[p];
      }
    }
  }

  /**
   * Says which units must stay as they are, because a constraint names a parameter that depends on
   * them: one entry a variable, the last for the losses.
   */
  boolean[] keptUnits() {
    List<Variable> variables = law.variables();
    boolean[] kept = new boolean[variables.size() + 1];
    double[] probe = probe();
    for (int v = 0; v < variables.size(); v++) {
      double[] factors = new double[variables.size()];
      Arrays.fill(factors, 1);
      factors[v] = 3;
      double[] moved = law.rescaled(probe.clone(), factors);
      for (int p = 0; p < probe.length; p++) {
        kept[v] |= isConstrained(p) && Math.abs(moved[p] - probe[p]) > 1e-9 * Math.abs(probe[p]);
      }
    }
    for (int p = 0; p < probe.length; p++) {
      kept[variables.size()] |= isConstrained(p) && law.parameters().get(p).isLinear();
    }
    return kept;
  }

  private double[] probe() {
    double[] probe = new double[law.parameters().size()];
    for (int p = 0; p < probe.length; p++) {
      List<Double> starts = law.parameters().get(p).starts();
      double start = starts.isEmpty() ? 1.37 : starts.get(starts.size() / 2);
      probe[p] = start == 0 ? .41 : start;
    }
    return probe;
  }

  private boolean isConstrained(int parameter) {
    String name = law.parameters().get(parameter).name();
    for (int[] of : slot) {
      if (pinned >= 0 && of[parameter] == pinned) {
        return true;
      }
    }
    return constraints.fixed().containsKey(name)
        || constraints.tied().containsKey(name)
        || constraints.tied().containsValue(name)
        || constraints.bounds().containsKey(name)
        || constraints.priors().containsKey(name);
  }
}
