package dev.headroom.scaling.fit;

/** Says what became of a fit. */
public enum Status {
  /** An optimum was reached and the data determine every parameter. */
  CONVERGED,
  /** The search ended before it reached an optimum; the parameters are the best seen. */
  NOT_CONVERGED,
  /** An optimum was reached, but other parameters fit these data just as well. */
  NOT_IDENTIFIABLE
}
