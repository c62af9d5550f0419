package dev.headroom.scaling.fit;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Puts the points of several data sets behind one another; no run belongs to two sets. */
final class Pooled {

  private Pooled() {}

  /** Returns all points, groups numbered anew. */
  static Observations of(List<Observations> sets) {
    if (sets.size() == 1) {
      return sets.get(0);
    }
    int points = sets.stream().mapToInt(Observations::size).sum();
    double[][] x = new double[points][];
    double[] loss = new double[points];
    double[] weight = new double[points];
    int[] group = new int[points];
    int at = 0;
    int groups = 0;
    for (Observations data : sets) {
      Map<Integer, Integer> number = new HashMap<>();
      for (int i = 0; i < data.size(); i++) {
        x[at] = data.x()[i];
        loss[at] = data.loss()[i];
        weight[at] = data.weight()[i];
        Integer known = number.putIfAbsent(data.group()[i], groups + number.size());
        group[at++] = known == null ? groups + number.size() - 1 : known;
      }
      groups += number.size();
    }
    return new Observations(x, loss, group, weight);
  }

  /** Returns the set of each point. */
  static int[] sets(List<Observations> sets) {
    int[] set = new int[sets.stream().mapToInt(Observations::size).sum()];
    int at = 0;
    for (int k = 0; k < sets.size(); k++) {
      for (int i = 0; i < sets.get(k).size(); i++) {
        set[at++] = k;
      }
    }
    return set;
  }
}
