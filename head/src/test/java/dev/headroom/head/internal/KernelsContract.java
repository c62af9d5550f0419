package dev.headroom.head.internal;

import ai.djl.ndarray.NDManager;
import dev.headroom.head.HeadOptions;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** What the contract tests share: the rungs, a manager for each test, and many options at once. */
abstract class KernelsContract {
  static final long SEED = 20261124;

  NDManager manager;

  static List<Rung> rungs() {
    return Rung.all();
  }

  @BeforeEach
  final void open() {
    manager = NDManager.newBaseManager();
  }

  @AfterEach
  final void close() {
    manager.close();
  }

  static HeadOptions everything(HeadOptions options) {
    int v = (int) options.classes();
    return options
        .withClassWeights(Problems.classWeights(v, SEED))
        .withLabelSmoothing(0.1)
        .withLogitScale(1.3)
        .withSoftCap(6)
        .withZLoss(1e-2)
        .withEntropy(true)
        .withTopK(Math.min(3, v));
  }
}
