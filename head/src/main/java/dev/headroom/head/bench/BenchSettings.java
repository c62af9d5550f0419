package dev.headroom.head.bench;

import java.util.List;

/**
 * How a shape is measured.
 *
 * @param workspaceBytes the scratch memory of Headroom's heads
 * @param rounds rounds that count; up to two that do not come before them
 * @param threads of every head
 * @param python the Python whose PyTorch takes part, or null for none
 * @param losses names of {@link BenchLosses} that are measured beside the fused head, in place of
 *     the other heads; none for the heads
 */
public record BenchSettings(
    long workspaceBytes, int rounds, int threads, String python, List<String> losses) {

  /** Measures the heads. */
  public BenchSettings(long workspaceBytes, int rounds, int threads, String python) {
    this(workspaceBytes, rounds, threads, python, List.of());
  }

  /** Checks every component. */
  public BenchSettings {
    require(workspaceBytes >= 1, "workspaceBytes", workspaceBytes);
    require(rounds >= 1, "rounds", rounds);
    require(threads >= 1, "threads", threads);
    losses = List.copyOf(losses);
    for (String loss : losses) {
      if (!BenchLosses.names().contains(loss)) {
        throw new IllegalArgumentException(
            "loss: " + loss + " (expected: one of " + BenchLosses.names() + ")");
      }
    }
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
