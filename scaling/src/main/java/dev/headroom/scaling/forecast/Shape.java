package dev.headroom.scaling.forecast;

import dev.headroom.scaling.fit.NonNegative;
import java.util.List;

/**
 * Holds the shape of a run's curve: {@code L0 + A (S/ref)^-al - kappa level fall}, with S the area
 * under the rate and fall how far it has been lowered.
 *
 * <p>{@link #fit} shares al and kappa among all curves and L0 and A within a family (runs of one
 * configuration). Points weigh by the square of S up to the end of the prefix, so that the
 * transient of the beginning, which no such law describes, weighs little. Two weak priors stand in
 * for what the curves do not determine: kappa, the share of the loss that a decay to zero wins,
 * {@value #KAPPA} with standard deviation {@value #KAPPA_SPREAD}, and log al. Their values are
 * those of public runs of 25M to 1B parameters ({@code selftest forecasts} says which).
 *
 * @param floor L0
 * @param height A
 * @param exponent al
 * @param reference area at which A is the distance from L0
 * @param kappa share of the level that is won by lowering the rate to zero
 * @param level typical loss late in the run
 * @param kappaSpread standard deviation of kappa left by curves and prior
 */
record Shape(
    double floor,
    double height,
    double exponent,
    double reference,
    double kappa,
    double level,
    double kappaSpread)
    implements Line {
  static final double KAPPA = 0.0525;
  static final double KAPPA_SPREAD = 0.012;
  private static final double EXPONENT = 0.6;
  private static final double EXPONENT_SPREAD = 0.4;

  /** Relative misfit of the law, and how many independent misfits a curve shows. */
  private static final double MISFIT = 0.0015;

  private static final double INDEPENDENT = 15;

  /** A curve, the family it belongs to, and how much it counts. */
  record Member(Curve curve, int family, double weight) {}

  @Override
  public double at(double area, double fall) {
    return floor + height * Math.pow(area / reference, -exponent) - kappa * level * fall;
  }

  /**
   * Fits the shape of one family.
   *
   * @param now area at which the prefix ends
   * @param wanted family whose shape is returned
   */
  static Shape fit(List<Member> members, double now, int wanted) {
    return new Sums(members, now).best(wanted);
  }

  /** The fit for one exponent. */
  private record Solution(double exponent, double[][] gram, double[] c, double cost) {}

  /** Weighted sums of one fit, for every exponent tried. */
  private static final class Sums {
    private final List<Member> members;
    private final double now;
    private final int families;
    private final double[] level;
    private double reference;
    private double total;
    private double misfit;

    Sums(List<Member> members, double now) {
      this.members = members;
      this.now = now;
      int last = 0;
      for (Member m : members) {
        last = Math.max(last, m.family());
        reference = Math.max(reference, m.curve().now());
      }
      families = last + 1;
      level = new double[families];
      double[] reach = new double[families];
      double noise = 0;
      for (Member m : members) {
        Curve c = m.curve();
        noise += c.pointNoise() / members.size();
        if (c.now() > reach[m.family()]) {
          reach[m.family()] = c.now();
          level[m.family()] = c.level();
        }
        for (int i = 0; i < c.size(); i++) {
          total += square(weight(m, i));
        }
      }
      misfit = Math.hypot(MISFIT, noise * Math.sqrt(INDEPENDENT / Math.max(INDEPENDENT, total)));
    }

    private double weight(Member m, int i) {
      double rel = Math.min(m.curve().area()[i] / now, 1);
      double noise = m.curve().pointNoise();
      return m.weight() * (rel * rel + 1e-3) / Math.sqrt(1 + square(noise / (4 * MISFIT)));
    }

    Shape best(int wanted) {
      double best = Double.POSITIVE_INFINITY;
      Solution found = null;
      for (int e = 2; e <= 24; e++) {
        Solution solution = solve(0.05 * e);
        if (solution.cost < best) {
          best = solution.cost;
          found = solution;
        }
      }
      return found == null ? null : shape(found, wanted);
    }

    /** Best coefficients for one exponent, with the prior's pull on kappa, the last of them. */
    private Solution solve(double exponent) {
      int size = 2 * families + 1;
      double[][] gram = new double[size][size];
      double[] rhs = new double[size];
      fill(exponent, gram, rhs);
      double pull = unit() / square(KAPPA_SPREAD);
      gram[size - 1][size - 1] += pull;
      rhs[size - 1] += pull * KAPPA;
      double[] c = new double[size];
      new NonNegative(size).solve(gram, rhs, new boolean[size], c);
      double cost = total + pull * KAPPA * KAPPA + cost(gram, rhs, c);
      cost += unit() * square(Math.log(exponent / EXPONENT) / EXPONENT_SPREAD);
      return new Solution(exponent, gram, c, cost);
    }

    /** What one independent misfit costs. */
    private double unit() {
      return total / INDEPENDENT * misfit * misfit;
    }

    private Shape shape(Solution s, int wanted) {
      return new Shape(
          s.c[2 * wanted],
          s.c[2 * wanted + 1],
          s.exponent,
          reference,
          s.c[s.c.length - 1],
          level[wanted],
          Math.sqrt(unit() / free(s.gram)));
    }

    /** Returns what is left of the last column's square beside the other columns. */
    private static double free(double[][] gram) {
      int n = gram.length;
      double[][] a = new double[n][];
      for (int i = 0; i < n; i++) {
        a[i] = gram[i].clone();
      }
      for (int k = 0; k < n - 1; k++) {
        if (a[k][k] > 1e-12 * gram[k][k]) {
          for (int i = k + 1; i < n; i++) {
            double f = a[i][k] / a[k][k];
            for (int j = k + 1; j < n; j++) {
              a[i][j] -= f * a[k][j];
            }
          }
        }
      }
      return Math.max(a[n - 1][n - 1], 1e-300);
    }

    private static double cost(double[][] gram, double[] rhs, double[] c) {
      double sum = 0;
      for (int i = 0; i < c.length; i++) {
        sum -= 2 * rhs[i] * c[i];
        for (int j = 0; j < c.length; j++) {
          sum += c[i] * gram[i][j] * c[j];
        }
      }
      return sum;
    }

    private void fill(double exponent, double[][] gram, double[] rhs) {
      int k = gram.length - 1;
      for (Member m : members) {
        Curve c = m.curve();
        int a = 2 * m.family();
        int b = a + 1;
        for (int i = 0; i < c.size(); i++) {
          double w = weight(m, i) / c.loss()[i];
          double power = w * Math.pow(c.area()[i] / reference, -exponent);
          double drop = -w * level[m.family()] * c.fall()[i];
          double y = w * c.loss()[i];
          gram[a][a] += w * w;
          gram[a][b] += w * power;
          gram[a][k] += w * drop;
          gram[b][b] += power * power;
          gram[b][k] += power * drop;
          gram[k][k] += drop * drop;
          rhs[a] += w * y;
          rhs[b] += power * y;
          rhs[k] += drop * y;
        }
      }
      mirror(gram);
    }

    private static void mirror(double[][] gram) {
      for (int i = 0; i < gram.length; i++) {
        for (int j = 0; j < i; j++) {
          gram[i][j] = gram[j][i];
        }
      }
    }

    private static double square(double x) {
      return x * x;
    }
  }
}
