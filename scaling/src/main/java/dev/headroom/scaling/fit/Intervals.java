package dev.headroom.scaling.fit;

/** Says where the intervals of parameters come from. */
public enum Intervals {
  /** Bootstrap by run or by pairs where resamples are asked for, else the covariance. */
  AUTO,
  /** First order, from the curvature at the optimum. Cheap; symmetric by construction. */
  COVARIANCE,
  /** Bootstrap that draws points. */
  PAIRS,
  /** Bootstrap that draws whole runs: for points of one run that share an error. */
  RUNS,
  /** Bootstrap that adds drawn residuals to the law: the law and equal errors are trusted. */
  RESIDUAL,
  /**
   * Bootstrap that flips signs of residuals (of a whole run at once): errors may differ in size.
   */
  WILD,
  /** Where the objective, all other parameters refitted, rises by what noise explains. */
  PROFILE;

  /** Says whether the law is refitted to resamples. */
  public boolean isBootstrap() {
    return this == PAIRS || this == RUNS || this == RESIDUAL || this == WILD;
  }
}
