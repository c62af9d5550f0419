package dev.headroom.scaling.reference;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.headroom.scaling.fit.Estimate;
import dev.headroom.scaling.fit.FitOptions;
import dev.headroom.scaling.fit.Objective;
import dev.headroom.scaling.fit.Observations;
import dev.headroom.scaling.law.Law;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Prints numbers reached beside numbers wanted, and collects points, for the tests here. */
final class Reference {

  private Reference() {}

  /** Prints what was reached against what was wanted. */
  static void reached(String what, double reached, double wanted) {
    System.out.printf(Locale.ROOT, "%-52s reached %.8g, wanted %.8g%n", what, reached, wanted);
  }

  static double number(Map<String, String> row, String column) {
    return Double.parseDouble(row.get(column));
  }

  static FitOptions by(Objective objective) {
    return FitOptions.defaults().withObjective(objective);
  }

  /** Returns Huber's sum over the logarithms at given parameters, with delta .001. */
  static double huber(Law law, Observations data, double[] theta) {
    double sum = 0;
    for (int i = 0; i < data.size(); i++) {
      double r = Math.abs(Math.log(law.value(data.x()[i], theta) / data.loss()[i]));
      sum += r <= 1e-3 ? .5 * r * r : 1e-3 * (r - .5e-3);
    }
    return sum;
  }

  /** Asserts and prints the ends of an interval. */
  static void interval(double low, double high, double tolerance, Estimate found) {
    reached("low end of " + found.name(), found.low(), low);
    reached("high end of " + found.name(), found.high(), high);
    assertEquals(low, found.low(), tolerance, found.toString());
    assertEquals(high, found.high(), tolerance, found.toString());
  }

  /** Asserts a number to a tolerance and prints it. */
  static void near(String what, double wanted, double reached, double tolerance) {
    reached(what, reached, wanted);
    assertEquals(wanted, reached, tolerance, what);
  }

  /** Collects points row by row. */
  static final class Points {
    private final List<double[]> x = new ArrayList<>();
    private final List<Double> y = new ArrayList<>();

    void add(double y, double... x) {
      this.x.add(x);
      this.y.add(y);
    }

    Observations get() {
      return new Observations(x.toArray(new double[0][]), y.stream().mapToDouble(v -> v).toArray());
    }
  }
}
