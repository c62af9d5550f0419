package dev.headroom.head.bench;

/**
 * How a shape is measured.
 *
 * @param workspaceBytes the scratch memory of Headroom's heads
 * @param rounds rounds that count; up to two that do not come before them
 * @param threads of every head
 * @param python the Python whose PyTorch takes part, or null for none
 */
public record BenchSettings(long workspaceBytes, int rounds, int threads, String python) {

  /** Checks every component. */
  public BenchSettings {
    require(workspaceBytes >= 1, "workspaceBytes", workspaceBytes);
    require(rounds >= 1, "rounds", rounds);
    require(threads >= 1, "threads", threads);
  }

  private static void require(boolean good, String name, long actual) {
    if (!good) {
      throw new IllegalArgumentException(name + ": " + actual + " (expected: at least 1)");
    }
  }

  /** Returns five rounds, all processors, no Python. */
  public static BenchSettings of(long workspaceBytes) {
    int processors = Runtime.getRuntime().availableProcessors();
    return new BenchSettings(workspaceBytes, 5, processors, null);
  }

  /** Returns the rounds that do not count. */
  public int warmUp() {
    return Math.min(2, rounds);
  }
}
