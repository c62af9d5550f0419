package dev.headroom.scaling.log;

/** What Jazzer calls; the first argument names the target. */
public final class Fuzz {
  private static FuzzTarget target;

  private Fuzz() {}

  /** Chooses the target. */
  public static void fuzzerInitialize(String[] args) {
    target = FuzzTargets.named(args[0]);
  }

  /** Feeds one input. */
  public static void fuzzerTestOneInput(byte[] data) {
    target.feedInstrumented(data);
  }
}
