package dev.headroom.head.internal;

import static org.junit.jupiter.api.Assertions.assertThrows;

import ai.djl.ndarray.NDManager;
import dev.headroom.head.HeadOptions;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.opentest4j.AssertionFailedError;

/**
 * Shows that the contract can fail: kernels with one output wrong, one kind of output at a time.
 */
class BrokenKernelsTest {

  private static Map<String, Consumer<HeadResult>> damages() {
    Map<String, Consumer<HeadResult>> damages = new TreeMap<>();
    damages.put("nothing", result -> {});
    damages.put("nll", result -> result.nll()[3] += 1e-4f);
    damages.put("lse", result -> result.lse()[3] += 1e-4f);
    damages.put("smooth", result -> result.rows().smooth()[3] += 1e-4f);
    damages.put("soft", result -> result.rows().soft()[3] = 0);
    damages.put("entropy", result -> result.rows().entropy()[3] *= 1.001f);
    damages.put("topLogits", result -> result.rows().topLogits()[5] -= 1e-3f);
    damages.put("dE", result -> result.dE().get(0).muli(-1));
    damages.put("dC", result -> result.dC().get(7).muli(0.99f));
    damages.put("dB", result -> result.dB().addi(1e-4f));
    return damages;
  }

  @Test
  void aWrongOutputOfAnyKindBreaksTheContract() {
    try (NDManager manager = NDManager.newBaseManager()) {
      HeadOptions options =
          HeadOptions.of(50, 7)
              .withBias(true)
              .withLabelSmoothing(0.1)
              .withSoftTargets(3)
              .withEntropy(true)
              .withTopK(2);
      HeadProblem problem = Problems.random(manager, 9, options, 20261121, 0);
      damages()
          .forEach(
              (output, damage) -> {
                HeadKernels kernels = new BrokenKernels(damage);
                if (output.equals("nothing")) {
                  Rung.REFERENCE.compare(kernels, problem);
                } else {
                  assertThrows(
                      AssertionFailedError.class,
                      () -> Rung.REFERENCE.compare(kernels, problem),
                      output);
                }
              });
    }
  }
}
