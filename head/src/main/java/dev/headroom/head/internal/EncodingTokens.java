package dev.headroom.head.internal;

import com.knuddels.jtokkit.api.Encoding;
import com.knuddels.jtokkit.api.IntArrayList;
import dev.headroom.head.internal.NumberVocabulary.Token;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/** Reads the vocabulary of a JTokkit encoding by decoding one id after the other. */
public final class EncodingTokens {
  /** Unknown ids in a row that end the vocabulary; those of JTokkit's have gaps of at most 17. */
  private static final int GAP = 4096;

  private EncodingTokens() {}

  /** Reads an encoding. */
  public static NumberVocabulary read(Encoding encoding) {
    Objects.requireNonNull(encoding, "encoding");
    List<Token> tokens = new ArrayList<>();
    IntArrayList one = new IntArrayList(1);
    one.add(0);
    int size = 0;
    for (int id = 0; id < size + GAP && id < VocabularyFile.LIMIT; id++) {
      one.set(0, id);
      byte[] bytes = decoded(encoding, one);
      if (bytes != null) {
        size = id + 1;
        Token token = Token.ofBytes(id, bytes);
        if (token != null) {
          tokens.add(token);
        }
      }
    }
    return new NumberVocabulary(encoding.getName(), size, tokens);
  }

  private static byte[] decoded(Encoding encoding, IntArrayList one) {
    try {
      return encoding.decodeBytes(one);
    } catch (NullPointerException | IllegalArgumentException e) {
      // how JTokkit says that an id is not in use
      return null;
    }
  }
}
