package dev.headroom.cli;

import dev.headroom.scaling.fit.FitOptions;
import picocli.CommandLine.Option;

/** The level of all intervals and the seed of their draws, and fits with them. */
final class IntervalOptions {

  @Option(
      names = "--level",
      paramLabel = "P",
      description = "Level of the intervals (default: 0.95).")
  double level = 0.95;

  @Option(names = "--seed", paramLabel = "S", description = "Seed of all draws (default: 1).")
  long seed = 1;

  /** Returns the usual options of a fit, on all processors. */
  FitOptions fit(int bootstrap) {
    return FitOptions.defaults()
        .withBootstrap(bootstrap)
        .withLevel(level)
        .withSeed(seed)
        .withThreads(Runtime.getRuntime().availableProcessors());
  }
}
