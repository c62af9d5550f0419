package dev.headroom.head.internal;

import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.headroom.head.Backend;

/** Finds how little scratch memory a call takes. */
final class Workspace {

  private Workspace() {}

  /** The same problem with the least workspace, and so the most chunks. */
  static HeadProblem tight(HeadKernels kernels, HeadProblem problem) {
    return problem.withOptions(problem.options().withWorkspaceBytes(least(kernels, problem)));
  }

  /**
   * The least workspace, as the refusal of a call without any names it; the portable rung takes
   * whatever it gets.
   */
  static long least(HeadKernels kernels, HeadProblem problem) {
    if (kernels.backend() == Backend.PORTABLE || kernels.backend() == Backend.REFERENCE) {
      return 1;
    }
    HeadProblem starved = problem.withOptions(problem.options().withWorkspaceBytes(1));
    String message =
        assertThrows(
                IllegalArgumentException.class,
                () -> kernels.forwardBackward(starved, Wanted.all(starved)))
            .getMessage();
    return Long.parseLong(message.replaceAll(".*at least (\\d+) .*", "$1"));
  }
}
