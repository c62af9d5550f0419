package dev.headroom.scaling.fit;

import java.io.Serializable;
import java.util.List;

/**
 * Holds one fit over several data sets that share parameters.
 *
 * @param names the names of the sets
 * @param fits one fit a set: its own parameters and the shared ones; status, objective, noise,
 *     diagnostics and warnings are those of the joint fit
 */
public record JointFit(List<String> names, List<Fit> fits) implements Serializable {

  public JointFit {
    names = List.copyOf(names);
    fits = List.copyOf(fits);
    if (names.size() != fits.size() || fits.isEmpty()) {
      throw new IllegalArgumentException(
          "names, fits: " + names.size() + ", " + fits.size() + " (expected: equal, at least 1)");
    }
  }

  /**
   * Returns the fit of one set.
   *
   * @throws IllegalArgumentException for a name that no set has
   */
  public Fit of(String name) {
    int index = names.indexOf(name);
    if (index < 0) {
      throw new IllegalArgumentException("set: " + name + " (expected: one of " + names + ")");
    }
    return fits.get(index);
  }

  /** Returns the status of the joint fit. */
  public Status status() {
    return fits.get(0).status();
  }

  /** Returns the objective, a sum over the points of all sets. */
  public double objectiveValue() {
    return fits.get(0).objectiveValue();
  }
}
