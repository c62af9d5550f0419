package dev.headroom.head;

import dev.headroom.head.internal.HeadProblem;
import dev.headroom.head.internal.HeadResult;

/**
 * Rows of which a {@link RowLoss} forms values and derivatives: those that take part, in their
 * order. A loss of rows that do not depend on each other sees a chunk of them at a time, any other
 * sees all.
 */
public final class RowBatch {
  private final HeadProblem problem;
  private final HeadResult.Rows statistics;
  private final int[] rows;
  private final long length;
  private final Sink sink;

  /** Takes what a loss forms; derivatives are not scaled yet. */
  interface Sink {
    void row(int row, double value, double dNll, double dLse, double dEntropy);

    void listed(int row, int at, double d);

    void rest(int row, int place, double d);

    double scale(int row);
  }

  RowBatch(HeadProblem problem, HeadResult.Rows statistics, int[] rows, long length, Sink sink) {
    this.problem = problem;
    this.statistics = statistics;
    this.rows = rows;
    this.length = length;
    this.sink = sink;
  }

  /** Returns how many rows there are. */
  public int size() {
    return rows.length;
  }

  /** Returns which row of the hidden states [N,D] this is. */
  public int row(int i) {
    return rows[i];
  }

  /**
   * Returns which sequence a row is of: its number over the length of a sequence, where the hidden
   * states are [..., T, D]; 0 where they are [N,D].
   */
  public int sequence(int i) {
    return (int) (rows[i] / length);
  }

  /** Returns the class of a row's target. */
  public long target(int i) {
    return problem.targets()[rows[i]];
  }

  /**
   * Returns {@code L - z_t}, in nats: never below 0, and NaN stays NaN. {@link Backend#NATIVE_CPU}
   * keeps all digits of float32 where p_t is near 1.
   */
  public double nll(int i) {
    // (L - z_t, rounded, may fall just below 0)
    return Math.max(0.0, statistics.nll()[rows[i]]);
  }

  /** Returns L, the log-sum-exp of a row's logits. */
  public double lse(int i) {
    return statistics.lse()[rows[i]];
  }

  /** Returns the entropy H, in nats, where the loss asked for it. */
  public double entropy(int i) {
    return statistics.entropy()[rows[i]];
  }

  /** Returns how many classes each row lists. */
  public int listed() {
    return problem.listed().each();
  }

  /**
   * Returns the logit z of the k-th class that a row lists; -infinity where that class is absent or
   * there is none.
   */
  public double listed(int i, int k) {
    return problem.listed().logit(statistics, rows[i], k);
  }

  /** Returns the k-th class that a row lists, negative where there is none. */
  public long listedClass(int i, int k) {
    return problem.listed().id(statistics, rows[i], k);
  }

  /**
   * Returns R, the log-sum-exp over the classes that a row does not list, where the loss asked for
   * it; -infinity where it lists all that are present. Where rows list their own classes, {@link
   * Backend#NATIVE_CPU} keeps all digits of float32 whatever mass those hold; beside the largest
   * logits, exp(R - L) has the absolute error of a probability.
   */
  public double rest(int i) {
    return statistics.rest()[place(i)];
  }

  private int place(int i) {
    return (int) problem.listed().places()[rows[i]];
  }

  /**
   * Returns the scale of a row, which its value and derivatives are multiplied by: a loss whose
   * derivatives reach other rows divides by it.
   */
  public double scale(int i) {
    return sink.scale(rows[i]);
  }

  /** Sets the loss of a row and its derivative with respect to nll. */
  public void set(int i, double value, double dNll) {
    set(i, value, dNll, 0, 0);
  }

  /** Sets the loss of a row and its derivatives. */
  public void set(int i, double value, double dNll, double dLse, double dEntropy) {
    sink.row(rows[i], value, dNll, dLse, dEntropy);
  }

  /** Sets the derivative with respect to the k-th listed logit of a row; nothing where none is. */
  public void setListed(int i, int k, double derivative) {
    sink.listed(rows[i], place(i) * listed() + k, derivative);
  }

  /** Sets the derivative with respect to R, the log-sum-exp over classes that are not listed. */
  public void setRest(int i, double derivative) {
    sink.rest(rows[i], place(i), derivative);
  }
}
