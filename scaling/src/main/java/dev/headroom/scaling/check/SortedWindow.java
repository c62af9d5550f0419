package dev.headroom.scaling.check;

import java.util.Arrays;

/**
 * Keeps the latest values of a series sorted: the median in O(1), the median absolute deviation in
 * O(log w), and a new value in O(log w) and one move of at most w doubles.
 */
final class SortedWindow {
  private final double[] ring;
  private final double[] sorted;
  private int held;
  private int next;

  SortedWindow(int size) {
    ring = new double[size];
    sorted = new double[size];
  }

  int held() {
    return held;
  }

  void push(double value) {
    if (held == ring.length) {
      int gone = Arrays.binarySearch(sorted, 0, held, ring[next]);
      System.arraycopy(sorted, gone + 1, sorted, gone, held - gone - 1);
      held--;
    }
    ring[next] = value;
    next = next + 1 == ring.length ? 0 : next + 1;
    int at = Arrays.binarySearch(sorted, 0, held, value);
    at = at < 0 ? -at - 1 : at;
    System.arraycopy(sorted, at, sorted, at + 1, held - at);
    sorted[at] = value;
    held++;
  }

  /** Returns the values from the oldest to the latest. */
  double[] values() {
    double[] out = new double[held];
    for (int i = 0; i < held; i++) {
      out[i] = ring[Math.floorMod(next - held + i, ring.length)];
    }
    return out;
  }

  /** Forgets everything and takes these values. */
  void reset(double[] values) {
    held = 0;
    next = 0;
    for (double value : values) {
      push(value);
    }
  }

  double median() {
    return (sorted[(held - 1) / 2] + sorted[held / 2]) / 2;
  }

  /** Returns the median distance from a centre. */
  double deviation(double centre) {
    int below = Arrays.binarySearch(sorted, 0, held, centre);
    below = below < 0 ? -below - 1 : below;
    return (distance(centre, below, (held - 1) / 2) + distance(centre, below, held / 2)) / 2;
  }

  /** Returns the k-th smallest distance: a choice out of two sorted lists, below and above. */
  private double distance(double centre, int below, int k) {
    int low = Math.max(0, k + 1 - (held - below));
    int high = Math.min(k + 1, below);
    while (low < high) {
      int take = (low + high) >>> 1;
      if (centre - sorted[below - 1 - take] < sorted[below + k - take] - centre) {
        low = take + 1;
      } else {
        high = take;
      }
    }
    double left = low == 0 ? 0 : centre - sorted[below - low];
    return low == k + 1 ? left : Math.max(left, sorted[below + k - low] - centre);
  }
}
