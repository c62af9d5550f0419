package dev.headroom.head;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.headroom.head.NumberTokens.Kind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Malformed and hostile files: each fault names the file, the field and the rule. */
class NumberTokensFaultTest {
  private static final String OWN = " (expected: an id of its own for each token)";
  private static final String RANGE = " (expected: a whole number from 0 to 16777215)";

  @TempDir Path folder;

  /** Returns what is said about a tokenizer, after the file's name. */
  private String fault(String json) throws IOException {
    Path file = folder.resolve("tokenizer.json");
    Files.writeString(file, json);
    return message(file, () -> NumberTokens.ofTokenizerJson(file, Kind.NUMBERS));
  }

  private String tableFault(String table) throws IOException {
    Path file = folder.resolve("a.tiktoken");
    Files.writeString(file, table);
    return message(file, () -> NumberTokens.ofTiktoken(file, Kind.NUMBERS));
  }

  private static String message(Path file, org.junit.jupiter.api.function.Executable reading) {
    String message = assertThrows(IllegalArgumentException.class, reading).getMessage();
    assertTrue(message.startsWith(file.toString()), message);
    assertTrue(message.contains(" (expected: "), message);
    assertTrue(message.length() < file.toString().length() + 400, message);
    return message.substring(file.toString().length());
  }

  private String vocabFault(String vocab) throws IOException {
    return fault("{\"model\": {\"type\": \"BPE\", \"vocab\": " + vocab + "}}");
  }

  @ParameterizedTest
  @CsvSource({
    "-3",
    "1.5",
    "99999999",
    "16777216",
    "1e400",
    "1E3",
    "123456789012345678901234567890"
  })
  void refusesAnIdOutOfRange(String id) throws IOException {
    assertEquals(" model.vocab.12: " + id + RANGE, vocabFault("{\"0\": 0, \"12\": " + id + "}"));
    assertEquals(
        " added_tokens[0].id: " + id + RANGE,
        fault("{\"added_tokens\": [{\"id\": " + id + ", \"content\": \"a\"}]}"));
    assertEquals(" line 1: " + id + RANGE, tableFault("MTI= " + id + "\n"));
  }

  @Test
  void acceptsTheHighestId() throws IOException {
    Path file = folder.resolve("tokenizer.json");
    Files.writeString(file, "{\"model\": {\"vocab\": {\"12\": 16777215}}}");
    assertEquals(
        1 << 24,
        NumberTokens.ofTokenizerJson(file, Kind.NUMBERS).vocabularySize(),
        "a gap is fine");
  }

  @Test
  void acceptsTheSameAddedTokenTwice() throws IOException {
    Path file = folder.resolve("tokenizer.json");
    String token = "{\"id\": 7, \"content\": \"12\"}";
    Files.writeString(
        file,
        "{\"added_tokens\": [" + token + "," + token + "], \"model\": {\"vocab\": {\"1\": 7}}}");
    NumberTokens tokens = NumberTokens.ofTokenizerJson(file, Kind.NUMBERS);
    assertEquals("1 number tokens of 8, values 12 to 12", tokens.toString());
  }

  @Test
  void refusesWhatIsThereTwice() throws IOException {
    assertEquals(" model.vocab.b: 5 again" + OWN, vocabFault("{\"a\": 5, \"b\": 5}"));
    assertEquals(
        " model.vocab.12: ids 0 and 1 for 12 (expected: one id for each token)",
        vocabFault("{\"12\": 0, \"12\": 1}"));
    assertEquals(
        " model.vocab: twice (expected: once)",
        fault("{\"model\": {\"vocab\": {\"1\": 0}, \"vocab\": {}}}"));
    assertEquals(" model: twice (expected: once)", fault("{\"model\": {}, \"model\": {}}"));
    String token = "{\"id\": 7, \"content\": \"%s\", \"special\": false}";
    assertEquals(
        " added_tokens[1].id: 7 again" + OWN,
        fault("{\"added_tokens\": [" + token.formatted("a") + "," + token.formatted("b") + "]}"));
    assertEquals(" line 2: 7 again" + OWN, tableFault("MTI= 7\nMTM= 7\n"));
    assertEquals(
        " line 3: the token of rank 7 again (expected: each token once)",
        tableFault("MTI= 7\nYQ== 8\nMTI= 9\n"));
  }

  @Test
  void refusesFieldsOfTheWrongType() throws IOException {
    String object = " (expected: ids by token, or an array of tokens with scores)";
    assertEquals(" model.vocab: null" + object, vocabFault("null"));
    assertEquals(" model.vocab: a text" + object, vocabFault("\"1\""));
    assertEquals(
        " model.vocab.12: a text (expected: the id of a token)", vocabFault("{\"12\": \"5\"}"));
    assertEquals(
        " model.vocab[0]: a text (expected: a token and its score)", vocabFault("[\"12\"]"));
    assertEquals(
        " model.vocab[1][1]: nothing (expected: the score of a token)",
        vocabFault("[[\"1\", -1], [\"2\"]]"));
    assertEquals(
        " model.vocab[0][2]: a number (expected: a token and its score, no more)",
        vocabFault("[[\"1\", -1, 2]]"));
    assertEquals(
        " model: an array (expected: an object with the vocabulary)", fault("{\"model\": []}"));
    assertEquals(
        " model.byte_fallback: null (expected: true or false)",
        fault("{\"model\": {\"byte_fallback\": null}}"));
    assertEquals(
        " added_tokens[0]: no content (expected: a token with id and content)",
        fault("{\"added_tokens\": [{\"id\": 1}]}"));
    assertEquals(
        " added_tokens[0]: no id (expected: a token with id and content)",
        fault("{\"added_tokens\": [{\"content\": \"1\"}]}"));
  }

  @Test
  void refusesWhatIsNoTokenizer() throws IOException {
    String tokenizer = " (expected: a tokenizer.json of Hugging Face tokenizers)";
    assertEquals(" model.vocab: missing" + tokenizer, fault("{}"));
    assertEquals(" model.vocab: missing" + tokenizer, fault("{\"vocab\": [], \"config\": 1}"));
    assertEquals(": an array" + tokenizer, fault("[]"));
    assertEquals(
        ": the file ends here (expected: a whole tokenizer.json; fetch it again)", fault(""));
    assertEquals(
        " model.vocab.12: the file ends here (expected: a whole tokenizer.json; fetch it again)",
        fault("{\"model\": {\"vocab\": {\"12\":"));
    String json = " (expected: JSON, at most 255 levels deep)";
    assertEquals(": malformed, line 1 column 1" + json, fault("version https://example.org"));
    assertEquals(
        " model.vocab.1: malformed, line 2 column 21" + json,
        fault("{\"model\":\n {\"vocab\": {\"1\": 0,}}}"));
    String whole = "{\"model\": {\"vocab\": {\"1\": 0}}}";
    assertEquals(": malformed, line 1 column 32" + json, fault(whole + "x"));
    assertEquals(": malformed, line 1 column 32" + json, fault(whole + whole));
    Path file = folder.resolve("latin.json");
    Files.write(file, new byte[] {'{', '"', (byte) 0xe9, '"', ':', '1', '}'});
    assertEquals(
        ": not UTF-8 (expected: a tokenizer.json in UTF-8)",
        message(file, () -> NumberTokens.ofTokenizerJson(file, Kind.NUMBERS)));
  }

  @Test
  void survivesDeepNesting() throws IOException {
    String deep = "[".repeat(200_000);
    for (String field : new String[] {"normalizer", "decoder", "other"}) {
      String fault = fault("{\"" + field + "\": " + deep);
      assertTrue(fault.contains(": malformed, line 1 column "), fault);
    }
    String deepest = "[".repeat(250) + "]".repeat(250);
    Path file = folder.resolve("tokenizer.json");
    Files.writeString(file, "{\"decoder\": " + deepest + ", \"model\": {\"vocab\": {\"1\": 0}}}");
    assertEquals(1, NumberTokens.ofTokenizerJson(file, Kind.DIGITS).size());
  }

  @Test
  void shortensLongTextsInMessages() throws IOException {
    String fault = vocabFault("{\"" + "a1\\n".repeat(10_000) + "\": -1}");
    assertTrue(fault.startsWith(" model.vocab.a1"), fault);
  }

  @Test
  void refusesWhatIsNoTable() throws IOException {
    String rule = " (expected: a token in base64, a space and its rank)";
    assertEquals(" line 2: MTI=" + rule, tableFault("MTI= 0\nMTI=\n"));
    assertEquals(" line 1: {\"model\":1}" + rule, tableFault("{\"model\":1}"));
    assertEquals(" line 1:  5" + rule, tableFault(" 5"));
    assertEquals(" line 1: !! (expected: a token in base64)", tableFault("!! 5"));
    assertEquals(" line 1: 5 6" + RANGE, tableFault("MTI= 5 6"));
    assertTrue(tableFault("").startsWith(": no number token among 0"));
  }

  @Test
  void refusesFoldersAndMissingFiles() throws IOException {
    assertEquals(
        ": not a file (expected: the file itself, not its folder)",
        message(folder, () -> NumberTokens.ofTokenizerJson(folder, Kind.NUMBERS)));
    Path none = folder.resolve("none.json");
    assertThrows(NoSuchFileException.class, () -> NumberTokens.ofTokenizerJson(none, Kind.NUMBERS));
    assertThrows(NoSuchFileException.class, () -> NumberTokens.ofTiktoken(none, Kind.NUMBERS));
  }

  @Test
  void refusesAFileThatNoVocabularyIsAsLongAs() throws IOException {
    Path file = folder.resolve("long.tiktoken");
    try (var sparse = new java.io.RandomAccessFile(file.toFile(), "rw")) {
      sparse.setLength((1L << 28) + 1);
    }
    assertEquals(
        ": 268435457 bytes (expected: a vocabulary of at most 268435456 bytes)",
        message(file, () -> NumberTokens.ofTiktoken(file, Kind.NUMBERS)));
  }

  @Test
  void saysWhatToDoWithoutNumberTokens() throws IOException {
    assertEquals(
        ": no number token among 8 (expected: at least one; of kind NUMBERS; give the values"
            + " yourself: NumberTokens.of(Map))",
        vocabFault("{\"a\": 7}"));
  }
}
