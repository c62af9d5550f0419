package dev.headroom.head;

import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import java.util.List;
import java.util.concurrent.Callable;
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
}
