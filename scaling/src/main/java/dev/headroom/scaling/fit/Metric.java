package dev.headroom.scaling.fit;

/** Turns gradients into directions of descent, learning from the steps of a search. */
interface Metric {

  /** Forgets all steps; held parameters will not be moved. */
  void restart(double[] theta, boolean[] held);

  /** Writes the quasi-Newton direction and returns the slope along it. */
  double descend(double[] gradient, double[] direction);

  /** Learns from a step s and its change of gradient y; skips one that is flat. */
  void update(double[] s, double[] y);
}
