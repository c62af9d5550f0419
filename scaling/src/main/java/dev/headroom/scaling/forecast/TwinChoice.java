package dev.headroom.scaling.forecast;

import java.util.List;

/**
 * Chooses between the curve of the twins as it is and stretched by one factor.
 *
 * @param line the curve chosen
 * @param past root mean square of the log errors of the same forecast made earlier, NaN where the
 *     run is too short
 * @param method the choice in words
 */
record TwinChoice(Line line, double past, String method) {
  /** Stretching must be this much better on the run's past to be preferred. */
  private static final double CLEARLY = 0.5;

  static TwinChoice of(Curve prefix, List<Curve> twins, double ratio) {
    String runs = twins.size() == 1 ? "1 sibling run" : twins.size() + " sibling runs";
    String method = "the curve of " + runs + " with the same rates, and an offset";
    double plain = Residuals.past(prefix, p -> Twins.line(p, twins, false), ratio);
    double stretched = Residuals.past(prefix, p -> Twins.line(p, twins, true), ratio);
    boolean stretch = stretched < CLEARLY * plain;
    return new TwinChoice(
        Twins.line(prefix, twins, stretch),
        stretch ? stretched : plain,
        stretch ? method + ", stretched" : method);
  }
}
