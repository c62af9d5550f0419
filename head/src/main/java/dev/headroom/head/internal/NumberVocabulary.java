package dev.headroom.head.internal;

import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * What a vocabulary tells about numbers, before anyone says which of them count.
 *
 * @param name the vocabulary in messages: its file, or the name of its encoding
 * @param size one more than the highest id in it, special tokens too
 * @param tokens those that may be numbers, in any order, each id once
 */
public record NumberVocabulary(String name, int size, List<Token> tokens) {

  /** Copies the tokens. */
  public NumberVocabulary {
    tokens = List.copyOf(tokens);
  }

  /**
   * One token.
   *
   * @param id its class
   * @param text its text without marks
   * @param starts whether its marks say that it begins a word
   */
  public record Token(int id, String text, boolean starts) {

    /** Returns the token of raw bytes, or null where it cannot be a number. */
    static Token ofBytes(int id, byte[] bytes) {
      int last = bytes.length - 1;
      if (last < 0 || !NumberText.isDigit((char) bytes[last])) {
        return null;
      }
      int from = bytes[0] == ' ' ? 1 : 0;
      // bytes that are no ASCII become characters that are no ASCII
      String text = new String(bytes, from, bytes.length - from, StandardCharsets.ISO_8859_1);
      return new Token(id, text, from == 1);
    }
  }
}
