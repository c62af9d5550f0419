package dev.headroom.scaling.log;

import java.io.IOException;

/** What Jazzer calls; the first argument names the target. */
public final class Fuzz {
  private static FuzzTarget target;

  private Fuzz() {}

  /** Chooses the target, and loads its classes, which Jazzer instruments at some expense. */
  public static void fuzzerInitialize(String[] args) throws IOException {
    target = FuzzTargets.named(args[0]);
    for (byte[] example : FuzzTargets.inputs(target)) {
      try {
        target.reader().read(example);
      } catch (LogException | IllegalArgumentException e) {
        continue; // some examples are to be refused
      }
    }
  }

  /** Feeds one input. */
  public static void fuzzerTestOneInput(byte[] data) {
    target.feedInstrumented(data);
  }
}
