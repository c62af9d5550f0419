package dev.headroom.scaling.forecast;

import java.util.List;

/**
 * What a forecast stands on.
 *
 * @param line the curve that it follows
 * @param past root mean square of the log errors of the same forecast made earlier, NaN where the
 *     run is too short for one
 * @param basis which runs the curve comes from
 * @param method the same in words
 */
record Ground(Line line, double past, Basis basis, String method) {

  /** Chooses the runs of the same schedule where there are any, else the fitted shape. */
  static Ground of(Curve prefix, Family family, List<Curve> twins, double ahead) {
    if (!twins.isEmpty()) {
      TwinChoice choice = TwinChoice.of(prefix, twins, ahead);
      return new Ground(choice.line(), choice.past(), Basis.TWINS, choice.method());
    }
    int close = family.close(prefix);
    Basis basis = family.size() == 0 ? Basis.ALONE : close > 0 ? Basis.FAMILY : Basis.OTHERS;
    double past = Residuals.past(prefix, family::line, ahead);
    return new Ground(family.line(prefix), past, basis, method(family, close));
  }

  private static String method(Family family, int close) {
    if (family.size() == 0) {
      return "power law of the area under the rate and annealing, fitted to the run's own beginning";
    }
    String siblings = family.size() == 1 ? "1 sibling run" : family.size() + " sibling runs";
    return "shape fitted to the beginning and "
        + siblings
        + " ("
        + (close == family.size() ? "" : close + " ")
        + "of the same configuration), and an offset";
  }
}
