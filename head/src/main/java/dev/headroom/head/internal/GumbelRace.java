package dev.headroom.head.internal;

/**
 * Draws a class of one row in one pass over its logits: {@code argmax_v z_v + g_v} over the classes
 * at or above a floor, with independent Gumbel numbers g, has the probabilities {@code softmax(z)}
 * over these classes.
 *
 * <p>The Gumbel numbers of a group of m classes are {@code -log t} of the points t of a Poisson
 * process of rate m, each of a class at random; they come in descending order, so that a group is
 * left as soon as its largest logit cannot win any more: no exponential is formed, and a number is
 * drawn for few of the classes.
 *
 * <p>Source: Maddison, Tarlow and Minka, A* Sampling (2014), sections 2 and 4.
 */
final class GumbelRace implements LogitTiles.Row {
  private final RowDraws draws;
  private final double floor;
  private double best = Double.NEGATIVE_INFINITY;
  private long winner = -1;
  private float logit;
  private boolean finite = true;

  /**
   * @param draws of the row
   * @param floor least logit of a class that may be drawn
   */
  GumbelRace(RowDraws draws, double floor) {
    this.draws = draws;
    this.floor = floor;
  }

  @Override
  public void group(float[] z, int count, long begin) {
    float max = Float.NEGATIVE_INFINITY;
    for (int j = 0; j < count; j++) {
      // written so that NaN enters as well
      if (!(z[j] <= max)) {
        max = z[j];
        finite &= max < Float.POSITIVE_INFINITY;
      }
    }
    if (max == Float.NEGATIVE_INFINITY || max < floor || !finite) {
      return;
    }
    RowDraws group = draws.group(begin / LogitTiles.GROUP);
    double t = 0;
    while (true) {
      t -= Math.log(group.next()) / count;
      double gumbel = -Math.log(t);
      if (max + gumbel <= best) {
        return;
      }
      int j = (int) (group.next() * count);
      if (z[j] >= floor && z[j] + gumbel > best) {
        best = z[j] + gumbel;
        winner = begin + j;
        logit = z[j];
      }
    }
  }

  /** Returns whether no logit was NaN or +infinity. */
  boolean finite() {
    return finite;
  }

  /** Returns the logit of the class drawn. */
  float logit() {
    return logit;
  }

  /** Returns the class drawn, or -1 where all are masked. */
  long winner() {
    return winner;
  }
}
