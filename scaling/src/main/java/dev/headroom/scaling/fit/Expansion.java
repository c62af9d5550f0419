package dev.headroom.scaling.fit;

import java.util.ArrayList;
import java.util.List;

/** Lays what was found for the free parameters out over the parameters of the law, for one set. */
record Expansion(Model model, int set) {

  List<Estimate> estimates(List<Estimate> free) {
    double[] values = new double[free.size()];
    for (int k = 0; k < values.length; k++) {
      values[k] = free.get(k).value();
    }
    double[] whole = new double[model.law.parameters().size()];
    model.expand(values, set, whole);
    List<Estimate> estimates = new ArrayList<>();
    for (int p = 0; p < whole.length; p++) {
      int slot = model.slot(set, p);
      Estimate from = slot < 0 ? new Estimate("", whole[p], whole[p], whole[p]) : free.get(slot);
      String name = model.law.parameters().get(p).name();
      estimates.add(new Estimate(name, whole[p], from.low(), from.high()));
    }
    return estimates;
  }

  double[][] covariance(double[][] free) {
    if (model.plain || free.length == 0) {
      return free;
    }
    int size = model.law.parameters().size();
    double[][] whole = new double[size][size];
    for (int i = 0; i < size; i++) {
      for (int j = 0; j < size; j++) {
        int a = model.slot(set, i);
        int b = model.slot(set, j);
        whole[i][j] = a < 0 || b < 0 ? 0 : free[a][b];
      }
    }
    return whole;
  }

  double[][] samples(double[][] free) {
    double[][] whole = new double[free.length][model.law.parameters().size()];
    for (int k = 0; k < free.length; k++) {
      model.expand(free[k], set, whole[k]);
    }
    return whole;
  }
}
