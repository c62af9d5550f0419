package dev.headroom.scaling.forecast;

import java.util.ArrayList;
import java.util.List;

/**
 * Holds the finished runs beside a prefix, and says which of them are of its configuration.
 *
 * <p>Two runs are of one family when their peak rates agree within 5 % and their losses, at equal
 * area, within 2 % on average over the last seven tenths of what both cover. Runs of other families
 * lend exponent and annealing, not their level, and count half.
 */
final class Family {
  private static final double SAME_PEAK = 0.05;
  private static final double SAME_LEVEL = 0.02;
  private static final double OTHERS_COUNT = 0.5;

  private final List<Curve> siblings;

  Family(List<Curve> siblings) {
    this.siblings = List.copyOf(siblings);
  }

  int size() {
    return siblings.size();
  }

  List<Curve> siblings() {
    return siblings;
  }

  /**
   * Fits the curve of the prefix: with siblings of its own family one shape, with others only the
   * mean of the shape they share and of the one the prefix has alone.
   */
  Line line(Curve prefix) {
    Shape together = shape(prefix);
    if (siblings.isEmpty() || close(prefix) > 0) {
      return together;
    }
    Shape alone = new Family(List.of()).shape(prefix);
    return (area, fall) -> (together.at(area, fall) + alone.at(area, fall)) / 2;
  }

  /** Fits the shape of the prefix together with its siblings. */
  Shape shape(Curve prefix) {
    List<Curve> all = new ArrayList<>(siblings);
    all.add(prefix);
    int[] family = families(all);
    int own = family[all.size() - 1];
    List<Shape.Member> members = new ArrayList<>();
    for (int i = 0; i < family.length; i++) {
      members.add(new Shape.Member(all.get(i), family[i], family[i] == own ? 1 : OTHERS_COUNT));
    }
    return Shape.fit(members, prefix.now(), own);
  }

  /** Says how many siblings are of the prefix's own family. */
  int close(Curve prefix) {
    List<Curve> all = new ArrayList<>(siblings);
    all.add(prefix);
    int[] family = families(all);
    int count = -1;
    for (int f : family) {
      count += f == family[family.length - 1] ? 1 : 0;
    }
    return count;
  }

  /** Returns the most that any curve's rate was lowered, prefix included. */
  double fall(Curve prefix) {
    double most = range(prefix);
    for (Curve curve : siblings) {
      most = Math.max(most, range(curve));
    }
    return most;
  }

  private static double range(Curve curve) {
    double low = curve.fall()[0];
    double high = low;
    for (double f : curve.fall()) {
      low = Math.min(low, f);
      high = Math.max(high, f);
    }
    return high - low;
  }

  /** Returns the largest area of the siblings. */
  double reach() {
    double reach = 0;
    for (Curve curve : siblings) {
      reach = Math.max(reach, curve.now());
    }
    return reach;
  }

  private static int[] families(List<Curve> curves) {
    List<Curve> first = new ArrayList<>();
    int[] family = new int[curves.size()];
    for (int i = 0; i < family.length; i++) {
      int f = 0;
      while (f < first.size() && !alike(curves.get(i), first.get(f))) {
        f++;
      }
      if (f == first.size()) {
        first.add(curves.get(i));
      }
      family[i] = f;
    }
    return family;
  }

  private static boolean alike(Curve a, Curve b) {
    if (Math.abs(Math.log(a.peak() / b.peak())) > SAME_PEAK) {
      return false;
    }
    double low = Math.max(a.area()[0], b.area()[0]);
    double high = Math.min(a.now(), b.now());
    double sum = 0;
    int n = 0;
    for (int i = 0; i < a.size(); i++) {
      if (a.area()[i] >= low + 0.3 * (high - low) && a.area()[i] <= high) {
        sum += Math.log(a.loss()[i] / b.lossAt(a.area()[i]));
        n++;
      }
    }
    return n >= 3 && Math.abs(sum / n) < SAME_LEVEL;
  }
}
