package dev.headroom.head.losses;

import dev.headroom.head.NumberTokens;
import dev.headroom.head.RowBatch;
import java.util.Arrays;

/**
 * Adds to the cross-entropy the relative error of whole numbers that are written in several tokens:
 * digits, or chunks of them.
 *
 * <p>A number is a run of rows that follow each other in a sequence, have number tokens for targets
 * and count; a token whose mark says that a number starts begins another. With the tokens i of a
 * number, {@code n_i} digits each, {@code f_i = 10^(digits to the right of i)}, {@code q} the
 * softmax among number tokens of as many digits as the target, {@code yhat_i = sum_j q_ij v_j}:
 *
 * <pre>
 *   Yhat = sum_i f_i yhat_i      Y = sum_i f_i y_i      l = |Yhat - Y| / (1 + max(Yhat, Y))
 *   dl/dz_ij = l' f_i q_ij (v_j - yhat_i)
 *   l' = (1 + Y) / (1 + Yhat)^2 above Y, -1 / (1 + Y) below it, 0 at it
 * </pre>
 *
 * <p>times the weight. A number's loss lies in [0, 1) and is spread evenly over its rows, so a mean
 * divides the sum over numbers by the number tokens. An error in a leading digit weighs as much as
 * it matters, where the losses of single tokens weigh all digits alike.
 *
 * <p>Rows depend on each other, so gradients cost one matrix product more. Source: the holistic
 * term of Fei et al. 2025, Advancing Sequential Numerical Prediction in Autoregressive Models. The
 * targets before a token are the right ones (teacher forcing), so this is not the error of a number
 * read from samples; and as an expectation it has other minima than the right number: use it beside
 * the cross-entropy, with a small weight.
 */
public final class WholeNumberLoss extends NumberLoss {
  private final int[] digits;
  private final double weight;

  /**
   * Takes number tokens that are strings of digits.
   *
   * @param tokens of kind DIGITS or NUMBERS
   * @param weight lambda, 0 or positive
   */
  public WholeNumberLoss(NumberTokens tokens, double weight) {
    super(tokens);
    if (!(weight >= 0 && weight < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException("weight: " + weight + " (expected: 0 or positive)");
    }
    this.weight = weight;
    digits = Arrays.stream(ids).mapToInt(tokens::digits).toArray();
    for (int k = 0; k < values.length; k++) {
      if (values[k] != Math.rint(values[k]) || values[k] < 0 || digits[k] == 0) {
        throw new IllegalArgumentException(
            "value of number token "
                + ids[k]
                + ": "
                + values[k]
                + " (expected: a string of digits; take NumberTokens of kind NUMBERS)");
      }
    }
  }

  @Override
  public boolean eachRowAlone() {
    return false;
  }

  @Override
  public void form(RowBatch rows) {
    int begin = 0;
    while (begin < rows.size()) {
      int end = begin + 1;
      while (end < rows.size() && continues(rows, end)) {
        end++;
      }
      if (rows.scale(begin) != 0) {
        formNumber(rows, begin, end);
      }
      begin = end;
    }
  }

  private boolean continues(RowBatch rows, int i) {
    return rows.row(i) == rows.row(i - 1) + 1
        && rows.sequence(i) == rows.sequence(i - 1)
        && !tokens.startsNumber(rows.target(i))
        && rows.scale(i) != 0
        && rows.scale(i - 1) != 0;
  }

  private void formNumber(RowBatch rows, int begin, int end) {
    double[][] q = new double[end - begin][];
    double[] expected = new double[q.length];
    double[] place = new double[q.length];
    double wanted = 0;
    double found = 0;
    double unit = 1;
    double scales = 0;
    // all times 10^-(digits of the number), so that long ones stay in range
    for (int i = begin; i < end; i++) {
      int own = tokens.digits(rows.target(i));
      unit *= Math.pow(10, -own);
      place[i - begin] = unit;
      q[i - begin] = ofDigits(rows, i, own);
      for (int k = 0; k < values.length; k++) {
        expected[i - begin] += q[i - begin][k] * values[k];
      }
      wanted += unit * tokens.value(rows.target(i));
      found += unit * expected[i - begin];
      scales += rows.scale(i);
    }
    double largest = unit + Math.max(found, wanted);
    double loss = largest == 0 ? 0 : Math.abs(found - wanted) / largest;
    double above = (unit + wanted) / (unit + found) / (unit + found);
    double slope = found == wanted ? 0 : found > wanted ? above : -1 / (unit + wanted);
    double mean = scales / q.length;
    for (int i = begin; i < end; i++) {
      rows.set(i, weight * loss / q.length * (mean / rows.scale(i)), 0);
      // derivatives are multiplied by the row's own scale; a number has the mean of its rows'
      double outer = weight * slope * place[i - begin] * mean / rows.scale(i);
      for (int k = 0; k < values.length; k++) {
        double inner = q[i - begin][k] * (values[k] - expected[i - begin]);
        rows.setListed(i, k, inner == 0 ? 0 : outer * inner);
      }
    }
  }

  /** The softmax among tokens of so many digits; 0 for others. */
  private double[] ofDigits(RowBatch rows, int i, int count) {
    double[] q = new double[values.length];
    for (int k = 0; k < q.length; k++) {
      q[k] = digits[k] == count ? rows.listed(i, k) : Double.NEGATIVE_INFINITY;
    }
    softmax(q);
    return q;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof WholeNumberLoss that
        && tokens.equals(that.tokens)
        && weight == that.weight;
  }

  @Override
  public int hashCode() {
    return 31 * tokens.hashCode() + Double.hashCode(weight);
  }

  @Override
  public String toString() {
    return "whole numbers x " + weight + " (" + tokens + ")";
  }
}
