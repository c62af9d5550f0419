package dev.headroom.head.internal;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import ai.djl.ndarray.NDManager;
import dev.headroom.head.HeadOptions;
import dev.headroom.head.TwoThreads;
import java.util.List;
import java.util.concurrent.Callable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Two threads that form gradients with the same kernels get the bits that each gets alone. */
class ThreadsContractTest extends KernelsContract {
  private static final int ROUNDS = 15;

  /** Loss and all gradients of a problem of its own. */
  private Callable<float[][]> gradients(HeadKernels kernels, HeadProblem problem) {
    return () -> {
      // results belong to the manager of the hidden states
      try (NDManager scope = manager.newSubManager()) {
        HeadProblem own = problem.withHidden(problem.e().duplicate(), problem.b());
        own.e().attach(scope);
        HeadResult result = kernels.forwardBackward(own, Wanted.all(own));
        return new float[][] {
          result.nll(),
          result.dE().toFloatArray(),
          result.dC().toFloatArray(),
          result.dB().toFloatArray()
        };
      }
    };
  }

  @ParameterizedTest
  @MethodSource("rungs")
  void givesTheSameBitsBesideAnotherThread(Rung rung) throws Exception {
    HeadKernels kernels = rung.kernels();
    HeadOptions options = rung.apply(everything(HeadOptions.of(1300, 24))).withBias(true);
    HeadOptions other = rung.apply(HeadOptions.of(700, 40)).withBias(true);
    Callable<float[][]> one = gradients(kernels, Problems.random(manager, 90, options, SEED, 5));
    Callable<float[][]> two = gradients(kernels, Problems.random(manager, 300, other, SEED, 0));
    List<float[][]> alone = List.of(one.call(), two.call());
    List<List<float[][]>> together = TwoThreads.run(ROUNDS, one, two);
    for (int thread = 0; thread < 2; thread++) {
      for (float[][] result : together.get(thread)) {
        for (int output = 0; output < result.length; output++) {
          assertArrayEquals(
              alone.get(thread)[output], result[output], "thread " + thread + ", " + output);
        }
      }
    }
  }
}
