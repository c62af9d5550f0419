package dev.headroom.head.internal;

import dev.headroom.head.internal.NumberVocabulary.Token;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Reads a tiktoken table: the bytes of a token in base64, a space and its rank, one a line. */
public final class TiktokenTable {
  private final VocabularyFile file;
  private final List<Token> tokens = new ArrayList<>();
  private final Map<Token, Integer> texts = new HashMap<>();

  private TiktokenTable(VocabularyFile file) {
    this.file = file;
  }

  /**
   * Reads a table.
   *
   * @throws IOException where it cannot be read
   * @throws IllegalArgumentException where a line is no token, or repeats a rank or a number
   */
  public static NumberVocabulary read(Path path) throws IOException {
    TiktokenTable table = new TiktokenTable(new VocabularyFile(path));
    try (BufferedReader in =
        new BufferedReader(
            new InputStreamReader(table.file.open(), StandardCharsets.ISO_8859_1), 1 << 16)) {
      long number = 0;
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        number++;
        if (!line.isBlank()) {
          table.line(number, line);
        }
      }
    }
    return new NumberVocabulary(table.file.name(), table.file.size(), table.tokens);
  }

  private void line(long number, String line) {
    int space = line.indexOf(' ');
    if (space <= 0) {
      throw file.fault("line " + number, line, "a token in base64, a space and its rank");
    }
    byte[] bytes;
    try {
      bytes = Base64.getDecoder().decode(line.substring(0, space));
    } catch (IllegalArgumentException e) {
      throw file.fault("line " + number, line.substring(0, space), "a token in base64");
    }
    Token token =
        Token.ofBytes(file.ownId(() -> "line " + number, line.substring(space + 1)), bytes);
    if (token != null) {
      Integer first = texts.put(new Token(0, token.text(), token.starts()), token.id());
      if (first != null) {
        throw file.fault(
            "line " + number, "the token of rank " + first + " again", "each token once");
      }
      tokens.add(token);
    }
  }
}
