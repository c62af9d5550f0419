package dev.headroom.scaling.law;

import java.io.Serializable;
import java.util.Arrays;

/**
 * Sums what each change of the learning rate has brought by a step, over blocks of steps.
 *
 * <p>A block of {@code 2^level} steps stands for its changes by two of them, the nodes of Gauss'
 * rule for their sizes: exact where a change pays off as a cubic of its step. It serves where it
 * lies at least {@value #NEAR} times its length before the step, its changes have one sign, its
 * rates differ by less than {@value #SPREAD} and the two nodes repeat the moments of rate and area;
 * else it is split, down to single steps. The error is about 1e-6 of the sum (test:
 * MultiPowerLawTest, against the plain sum). Memory: 6 numbers a block, about 12 a step.
 */
final class RateBlocks implements Serializable {

  private static final long serialVersionUID = 1;
  private static final double NEAR = 2;
  private static final double SPREAD = .4;
  private static final double MOMENTS = 1e-4;

  private final double[] rates;
  private final double[] areas;
  private final double[][] change;
  private final double[][] logRate;
  private final double[][] area;
  private final boolean[][] smooth;

  RateBlocks(double[] rates) {
    this.rates = rates.clone();
    this.areas = new double[rates.length + 1];
    for (int i = 0; i < rates.length; i++) {
      if (!(rates[i] >= 0 && rates[i] <= Double.MAX_VALUE)) {
        throw new IllegalArgumentException(
            "rate " + (i + 1) + ": " + rates[i] + " (expected: a finite number from 0)");
      }
      areas[i + 1] = areas[i] + rates[i];
    }
    int levels = 33 - Integer.numberOfLeadingZeros(Math.max(1, rates.length - 1));
    this.change = new double[levels][];
    this.logRate = new double[levels][];
    this.area = new double[levels][];
    this.smooth = new boolean[levels][];
    for (int level = 0; level < levels; level++) {
      int blocks = ((rates.length - 1) >> level) + 1;
      change[level] = new double[2 * blocks];
      logRate[level] = new double[2 * blocks];
      area[level] = new double[2 * blocks];
      smooth[level] = new boolean[blocks];
      for (int block = 0; block < blocks; block++) {
        smooth[level][block] = describe(level, block);
      }
    }
  }

  /** Writes the nodes of a block and says whether they may stand for it. */
  private boolean describe(int level, int block) {
    // Index 0 has no change: the rate before the first step is not known.
    int first = Math.max(1, block << level);
    int end = Math.min(rates.length, (block + 1) << level);
    double sum = 0;
    double size = 0;
    double mean = 0;
    double least = Double.POSITIVE_INFINITY;
    double most = 0;
    for (int i = first; i < end; i++) {
      double step = rates[i] - rates[i - 1];
      sum += step;
      size += Math.abs(step);
      mean += Math.abs(step) * (i - first);
      least = step == 0 ? least : Math.min(least, rates[i]);
      most = step == 0 ? most : Math.max(most, rates[i]);
    }
    if (size == 0) {
      return true;
    }
    mean = first + mean / size;
    double variance = 0;
    double skew = 0;
    for (int i = first; i < end; i++) {
      double step = Math.abs(rates[i] - rates[i - 1]) / size;
      variance += step * (i - mean) * (i - mean);
      skew += step * (i - mean) * (i - mean) * (i - mean);
    }
    double half = variance > 0 ? skew / variance / 2 : 0;
    double reach = Math.sqrt(variance + half * half);
    double share = reach > 0 ? .5 + half / reach / 2 : 1;
    node(level, 2 * block, mean + half - reach, share * sum);
    node(level, 2 * block + 1, mean + half + reach, (1 - share) * sum);
    boolean even = Math.abs(sum) >= size * (1 - 1e-9) && most <= least * (1 + SPREAD);
    return level == 0 || (even && repeats(level, block, first, end));
  }

  private void node(int level, int node, double at, double changed) {
    int before = Math.max(0, Math.min(rates.length - 1, (int) at));
    int after = Math.min(rates.length - 1, before + 1);
    double part = at - before;
    change[level][node] = changed;
    double rate = rates[before];
    double power = part * (Math.log(rates[after]) - Math.log(rate));
    logRate[level][node] = part > 0 ? Math.log(rate) + power : Math.log(rate);
    area[level][node] = areas[before] + part * rate;
  }

  /** Says whether first and second moments of log rate and area are those of the changes. */
  private boolean repeats(int level, int block, int first, int end) {
    double[] moments = new double[5];
    double sum = change[level][2 * block] + change[level][2 * block + 1];
    double span = areas[end] - areas[first];
    double middle = areas[first];
    double log = logRate[level][2 * block];
    for (int k = 2 * block; k < 2 * block + 2; k++) {
      double share = change[level][k] / sum;
      add(moments, -share, logRate[level][k] - log, (area[level][k] - middle) / span);
    }
    for (int i = first; i < end; i++) {
      double share = (rates[i] - rates[i - 1]) / sum;
      if (share != 0) {
        add(moments, share, Math.log(rates[i]) - log, (areas[i] - middle) / span);
      }
    }
    double worst = 0;
    for (double moment : moments) {
      worst = Math.max(worst, Math.abs(moment));
    }
    return worst <= MOMENTS;
  }

  private static void add(double[] moments, double share, double x, double y) {
    double[] products = {x, y, x * x, x * y, y * y};
    for (int j = 0; j < moments.length; j++) {
      moments[j] += share * products[j];
    }
  }

  int steps() {
    return rates.length;
  }

  /** Returns the sum of the rates of steps 1 to {@code step}. */
  double area(int step) {
    return areas[step];
  }

  /**
   * Writes the sum of {@code (lr_k - lr_(k-1)) [1 - (1 + c lr_k^-g S_k)^-be]} to index 2 and its
   * derivatives by c, be, g to indices 4 to 6.
   */
  void decay(int step, double c, double be, double g, double[] out) {
    out[2] = 0;
    Arrays.fill(out, 4, 7, 0);
    add(change.length - 1, 0, step, new double[] {c, be, g}, out);
  }

  private void add(int level, int block, int step, double[] shape, double[] out) {
    int first = block << level;
    if (first >= step || block >= smooth[level].length) {
      return;
    }
    int end = Math.min(step, (block + 1) << level);
    boolean whole = end == (block + 1) << level || end == rates.length;
    boolean far = level == 0 || step - end >= NEAR * (1 << level);
    boolean empty = change[level][2 * block] == 0;
    if (smooth[level][block] && whole && (far || empty)) {
      if (!empty) {
        term(level, 2 * block, step, shape, out);
      }
      if (change[level][2 * block + 1] != 0) {
        term(level, 2 * block + 1, step, shape, out);
      }
      return;
    }
    add(level - 1, 2 * block, step, shape, out);
    add(level - 1, 2 * block + 1, step, shape, out);
  }

  private void term(int level, int node, int step, double[] shape, double[] out) {
    double delta = change[level][node];
    double since = areas[step] - area[level][node];
    if (!(since > 0)) {
      return;
    }
    double log = logRate[level][node];
    double grown = shape[0] * since * Math.exp(-shape[2] * log);
    double logOne = Math.log1p(grown);
    double left = Math.exp(-shape[1] * logOne);
    if (!(grown < Double.POSITIVE_INFINITY)) {
      out[2] += delta;
      return;
    }
    double slope = delta * shape[1] * left * grown / (1 + grown);
    out[2] += delta * (1 - left);
    out[4] += slope / shape[0];
    out[5] += delta * left * logOne;
    out[6] -= slope * log;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof RateBlocks blocks && Arrays.equals(blocks.rates, rates);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(rates);
  }
}
