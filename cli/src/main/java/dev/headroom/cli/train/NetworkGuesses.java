package dev.headroom.cli.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.ndarray.types.SparseFormat;
import ai.djl.nn.core.Embedding;
import dev.headroom.head.NumberTokens;
import dev.headroom.head.TopK;
import dev.headroom.head.VocabularyHead;
import java.util.Arrays;

/**
 * Asks a network for the most likely token after windows of T tokens.
 *
 * <p>Only the last position's hidden states reach the head: B x K logits for number tokens, tiles
 * of logits for all classes.
 */
final class NetworkGuesses implements NumberReading.Guesses {
  private final Network network;
  private final VocabularyHead head;
  private final long[] ids;

  NetworkGuesses(Network network, VocabularyHead head, NumberTokens numbers) {
    this.network = network;
    this.head = head;
    ids = Arrays.stream(numbers.ids()).asLongStream().toArray();
  }

  @Override
  public long[] numbers(long[][] windows) {
    try (NDManager manager = network.stepManager()) {
      // a table look-up, since indexing the parameter would leave its result with the model
      NDArray rows =
          Embedding.embedding(manager.create(ids), head.weight().getArray(), SparseFormat.DENSE)
              .head();
      NDArray logits = last(manager, windows).matMul(rows.transpose());
      long[] best = logits.argMax(1).toLongArray();
      return Arrays.stream(best).map(k -> ids[(int) k]).toArray();
    }
  }

  @Override
  public long[] classes(long[][] windows) {
    try (NDManager manager = network.stepManager();
        TopK best = head.topK(last(manager, windows), 1)) {
      return best.ids().toLongArray();
    }
  }

  /** Returns the hidden states [B,D] behind the last token of each window. */
  private NDArray last(NDManager manager, long[][] windows) {
    long[] flat = Arrays.stream(windows).flatMapToLong(Arrays::stream).toArray();
    NDArray inputs = manager.create(flat, new Shape(windows.length, windows[0].length));
    NDList out = network.predict(inputs);
    NDArray hidden = out.head();
    hidden.attach(manager);
    return hidden.get(":, -1");
  }
}
