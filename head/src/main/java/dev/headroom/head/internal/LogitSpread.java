package dev.headroom.head.internal;

/**
 * Sums up the standard deviation of a row's logits over present classes, in float64, group by group
 * about each group's largest logit.
 *
 * <p>Source of the joining of groups: Chan, Golub and LeVeque, Updating Formulae and a Pairwise
 * Algorithm for Computing Sample Variances (1979), equation 2.1.
 */
final class LogitSpread implements LogitTiles.Row {
  private double classes;
  private double mean;
  private double squares;

  @Override
  public void group(float[] z, int count, long begin) {
    float origin = Float.NEGATIVE_INFINITY;
    for (int j = 0; j < count; j++) {
      origin = Math.max(origin, z[j]);
    }
    double sum = 0;
    double sumSquares = 0;
    int present = 0;
    for (int j = 0; j < count; j++) {
      if (z[j] > Float.NEGATIVE_INFINITY) {
        double offset = (double) z[j] - origin;
        sum += offset;
        sumSquares += offset * offset;
        present++;
      }
    }
    if (present > 0) {
      join(present, origin + sum / present, sumSquares - sum * sum / present);
    }
  }

  private void join(double otherClasses, double otherMean, double otherSquares) {
    double all = classes + otherClasses;
    double apart = otherMean - mean;
    squares += otherSquares + apart * apart * classes * otherClasses / all;
    mean += apart * otherClasses / all;
    classes = all;
  }

  /** Returns the deviation from the mean, of all present classes (not of a sample of them). */
  double deviation() {
    return Math.sqrt(Math.max(0, squares) / classes);
  }
}
