package dev.headroom.head;

import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import dev.headroom.head.internal.Backends;
import dev.headroom.head.internal.HeadKernels;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Two threads that evaluate at once get the bits that each gets alone. */
class ThreadsTest {
  private static final int ROUNDS = 60;

  private static Callable<Float> evaluation(HeadLoss loss, HeadFixture f, long[] ids) {
    return () -> {
      try (NDManager scope = f.manager.newSubManager()) {
        NDArray hidden = f.hidden.duplicate();
        hidden.attach(scope);
        NDList labels = new NDList(scope.create(ids));
        return loss.evaluate(labels, new NDList(hidden, f.weight, f.bias)).getFloat();
      }
    };
  }

  private static void agree(Callable<Float> one, Callable<Float> other) throws Exception {
    float[] alone = {one.call(), other.call()};
    List<List<Float>> together = TwoThreads.run(ROUNDS, one, other);
    for (int thread = 0; thread < 2; thread++) {
      for (float value : together.get(thread)) {
        assertEquals(alone[thread], value, "thread " + thread);
      }
    }
  }

  @Test
  void oneLossServesTwoThreads() throws Exception {
    try (HeadFixture f = new HeadFixture(40, 16, 900)) {
      HeadLoss loss = new HeadLoss(f.options());
      agree(evaluation(loss, f, f.ids), evaluation(loss, f, new long[f.rows]));
    }
  }

  @Test
  void twoLossesOfOneHeadServeTwoThreads() throws Exception {
    try (HeadFixture f = new HeadFixture(40, 16, 900)) {
      VocabularyHead head = new VocabularyHead(f.options());
      HeadLoss one = new HeadLoss(head);
      HeadLoss other = new HeadLoss(head);
      agree(evaluation(one, f, f.ids), evaluation(other, f, new long[f.rows]));
    }
  }

  @Test
  void twoHeadsServeTwoThreads() throws Exception {
    try (HeadFixture f = new HeadFixture(40, 16, 900);
        HeadFixture g = new HeadFixture(7, 33, 2000)) {
      agree(
          evaluation(new HeadLoss(f.options()), f, f.ids),
          evaluation(new HeadLoss(g.options()), g, g.ids));
    }
  }

  /** The race of a loss's last results is too short to be met by chance: it is counted instead. */
  @Test
  void evaluationsOfOneLossTakeTurns() throws Exception {
    HeadKernels right = Backends.of(Backend.REFERENCE);
    AtomicInteger inside = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();
    HeadKernels counted =
        (HeadKernels)
            Proxy.newProxyInstance(
                getClass().getClassLoader(),
                new Class<?>[] {HeadKernels.class},
                (proxy, method, arguments) -> {
                  most.accumulateAndGet(inside.incrementAndGet(), Math::max);
                  Thread.sleep(5);
                  inside.decrementAndGet();
                  return method.invoke(right, arguments);
                });
    try (HeadFixture f = new HeadFixture(3, 4, 20)) {
      HeadLoss loss = new HeadLoss("counted", f.options(), counted);
      agree(evaluation(loss, f, f.ids), evaluation(loss, f, new long[f.rows]));
    }
    assertEquals(1, most.get(), "threads inside one loss");
  }
}
