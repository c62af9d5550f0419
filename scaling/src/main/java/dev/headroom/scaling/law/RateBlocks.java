package dev.headroom.scaling.law;

import java.io.Serializable;
import java.util.Arrays;

/**
 * Sums what each change of the learning rate has brought by a step, over blocks of steps.
 *
 * <p>A block of {@code 2^level} steps stands for its changes by their sum, at their mean rate and
 * mean area, where it lies at least {@value #NEAR} times its length before the step, its changes
 * have one sign and its rates differ by less than {@value #SPREAD}; else it is split, down to
 * single steps. The error of a term is second order in these ratios: about 1e-6 of the sum (test:
 * MultiPowerLawTest, against the plain sum). Memory: 4 numbers a block, about 8 a step.
 */
final class RateBlocks implements Serializable {

  private static final long serialVersionUID = 1;
  private static final double NEAR = 48;
  private static final double SPREAD = .03;

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
      change[level] = new double[blocks];
      logRate[level] = new double[blocks];
      area[level] = new double[blocks];
      smooth[level] = new boolean[blocks];
      for (int block = 0; block < blocks; block++) {
        describe(level, block);
      }
    }
  }

  /** Index 0 has no change: the rate before the first step is not known. */
  private void describe(int level, int block) {
    int first = Math.max(1, block << level);
    int end = Math.min(rates.length, (block + 1) << level);
    double sum = 0;
    double size = 0;
    double rate = 0;
    double before = 0;
    double least = Double.POSITIVE_INFINITY;
    double most = 0;
    for (int i = first; i < end; i++) {
      double step = rates[i] - rates[i - 1];
      sum += step;
      size += Math.abs(step);
      rate += Math.abs(step) * rates[i];
      before += Math.abs(step) * areas[i];
      if (step != 0) {
        least = Math.min(least, rates[i]);
        most = Math.max(most, rates[i]);
      }
    }
    change[level][block] = sum;
    boolean oneSign = Math.abs(sum) >= size * (1 - 1e-9);
    smooth[level][block] = level == 0 || size == 0 || (oneSign && most <= least * (1 + SPREAD));
    logRate[level][block] = size == 0 ? 0 : Math.log(rate / size);
    area[level][block] = size == 0 ? 0 : before / size;
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
    if (first >= step || block >= change[level].length) {
      return;
    }
    int end = Math.min(step, (block + 1) << level);
    boolean whole = end == (block + 1) << level || end == rates.length;
    boolean far = level == 0 || step - end >= NEAR * (1 << level);
    boolean empty = change[level][block] == 0;
    if (smooth[level][block] && whole && (far || empty)) {
      if (!empty) {
        term(level, block, step, shape, out);
      }
      return;
    }
    add(level - 1, 2 * block, step, shape, out);
    add(level - 1, 2 * block + 1, step, shape, out);
  }

  private void term(int level, int block, int step, double[] shape, double[] out) {
    double delta = change[level][block];
    double since = areas[step] - area[level][block];
    if (!(since > 0)) {
      return;
    }
    double log = logRate[level][block];
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
