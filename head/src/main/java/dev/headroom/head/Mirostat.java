package dev.headroom.head;

/**
 * Steers how surprising drawn classes are (Mirostat 2): the state that a caller keeps, one bound mu
 * for each sequence.
 *
 * <p>With {@code p = softmax(z / temperature)} over classes that are not left out, a class is kept
 * where its surprise {@code -log p_v} is at most mu, the most probable one always; one is drawn
 * with its share of what is kept; then {@code mu -= eta (surprise - tau)} with the surprise of the
 * drawn class. At first {@code mu = 2 tau}. Everything is in nats: published targets in bits are
 * multiplied by ln 2 = 0.693, and eta stays as it is.
 *
 * <p>The surprise is that of p before classes are left out by mu, so that its mean is a
 * cross-entropy of the model; some implementations take that of the shares drawn from, which is
 * lower.
 *
 * <p>Not safe for several threads. Do not use it for a few tokens: mu takes about 1 / eta draws to
 * settle. Source: Basu et al., Mirostat: A Neural Text Decoding Algorithm that Directly Controls
 * Perplexity (2021).
 */
public final class Mirostat {
  private final double targetNats;
  private final double rate;
  private final double[] boundsNats;

  /**
   * Creates the state of fresh sequences.
   *
   * @param sequences how many there are: rows of each call
   * @param targetNats tau, the mean surprise to keep to
   * @param rate eta, how fast a bound follows; 0.1 is usual
   */
  public Mirostat(int sequences, double targetNats, double rate) {
    this(fresh(sequences, targetNats), targetNats, rate);
  }

  /**
   * Takes up the state of sequences that go on.
   *
   * @param boundsNats mu of each sequence, as {@link #boundsNats()} gave them; copied
   */
  public Mirostat(double[] boundsNats, double targetNats, double rate) {
    require(positive(targetNats), "targetNats", targetNats, "a positive number");
    require(positive(rate), "rate", rate, "a positive number; 0.1 is usual");
    for (int i = 0; i < boundsNats.length; i++) {
      boolean good = Math.abs(boundsNats[i]) < Double.POSITIVE_INFINITY;
      require(good, "boundsNats[" + i + "]", boundsNats[i], "a finite number");
    }
    this.targetNats = targetNats;
    this.rate = rate;
    this.boundsNats = boundsNats.clone();
  }

  private static double[] fresh(int sequences, double targetNats) {
    require(sequences >= 0, "sequences", sequences, "0 or more");
    require(positive(targetNats), "targetNats", targetNats, "a positive number");
    double[] bounds = new double[sequences];
    java.util.Arrays.fill(bounds, 2 * targetNats);
    return bounds;
  }

  private static boolean positive(double x) {
    return x > 0 && x < Double.POSITIVE_INFINITY;
  }

  private static void require(boolean good, String name, Object actual, String rule) {
    if (!good) {
      throw new IllegalArgumentException(name + ": " + actual + " (expected: " + rule + ")");
    }
  }

  /** Returns how many sequences there are. */
  public int sequences() {
    return boundsNats.length;
  }

  /** Returns mu of each sequence, to be kept in a checkpoint. */
  public double[] boundsNats() {
    return boundsNats.clone();
  }

  /** Moves a sequence's bound after a draw; {@link VocabularyHead#sample} does so by itself. */
  public void observe(int sequence, double surpriseNats) {
    boundsNats[sequence] -= rate * (surpriseNats - targetNats);
  }
}
