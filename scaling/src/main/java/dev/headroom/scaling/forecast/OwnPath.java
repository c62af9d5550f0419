package dev.headroom.scaling.forecast;

import dev.headroom.scaling.schedule.Descent;
import java.util.Arrays;

/** Holds how far a run's own schedule lowers the rate by the time it has covered an area. */
record OwnPath(double[] area, double[] fall) {
  private static final int MOST = 4096;

  static OwnPath of(Descent descent) {
    int n = descent.steps();
    int points = Math.min(MOST, n);
    double[] area = new double[points];
    double[] fall = new double[points];
    for (int i = 0; i < points; i++) {
      int at = (int) ((long) (n - 1) * i / Math.max(1, points - 1));
      area[i] = descent.area()[at];
      fall[i] = descent.fall()[at];
    }
    return new OwnPath(area, fall);
  }

  /** Returns the fall at an area, linear between points and held outside. */
  double fallAt(double wanted) {
    int k = Arrays.binarySearch(area, wanted);
    int right = k >= 0 ? k : -k - 1;
    if (k >= 0 || right == 0 || right == area.length) {
      return fall[Math.min(right, area.length - 1)];
    }
    double f = (wanted - area[right - 1]) / (area[right] - area[right - 1]);
    return fall[right - 1] + f * (fall[right] - fall[right - 1]);
  }
}
