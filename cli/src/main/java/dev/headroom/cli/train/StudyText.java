package dev.headroom.cli.train;

import dev.headroom.head.NumberTokens;
import java.util.Arrays;

/**
 * A corpus with the classes that a model of it has.
 *
 * @param corpus ids are classes
 * @param numbers the number tokens among the classes
 * @param classes how many there are
 */
record StudyText(TokenCorpus corpus, NumberTokens numbers, int classes) {

  /** Takes all classes of o200k. */
  static StudyText whole(TokenCorpus corpus) {
    return new StudyText(corpus, TokenSink.numbers(), TokenSink.CLASSES);
  }

  /**
   * Takes only the classes that occur in the corpus, held-out part too, and all number tokens, in
   * the order of their ids: the tokens are the same, and a head of a few thousand classes trains in
   * a fraction of the time.
   */
  static StudyText compact(TokenCorpus corpus) {
    NumberTokens numbers = TokenSink.numbers();
    int[] newIds = new int[TokenSink.CLASSES];
    Arrays.fill(newIds, -1);
    for (int id : corpus.tokens()) {
      newIds[id] = 0;
    }
    for (int id : numbers.ids()) {
      newIds[id] = 0;
    }
    int classes = 0;
    for (int id = 0; id < newIds.length; id++) {
      newIds[id] = newIds[id] < 0 ? -1 : classes++;
    }
    int[] tokens = Arrays.stream(corpus.tokens()).map(id -> newIds[id]).toArray();
    return new StudyText(
        new TokenCorpus(
            corpus.source(), tokens, corpus.documents(), corpus.bytes(), corpus.sha256()),
        numbers.renumbered(id -> newIds[id], classes),
        classes);
  }
}
