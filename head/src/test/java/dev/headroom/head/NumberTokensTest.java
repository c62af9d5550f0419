package dev.headroom.head;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.headroom.head.NumberTokens.Kind;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Small vocabularies of each style, with the exact set that each must give. */
class NumberTokensTest {
  private static final String BYTE_LEVEL =
      """
      "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true},
      "decoder": {"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true},
      """;
  private static final String SPLIT_AND_BYTE_LEVEL =
      """
      "normalizer": {"type": "NFC"},
      "pre_tokenizer": {"type": "Sequence", "pretokenizers": [
        {"type": "Split", "pattern": {"Regex": "\\\\p{N}{1,3}"}, "behavior": "Isolated"},
        {"type": "ByteLevel", "add_prefix_space": false, "use_regex": false}]},
      "decoder": null,
      """;
  private static final String LLAMA_2 =
      """
      "normalizer": {"type": "Sequence", "normalizers": [
        {"type": "Prepend", "prepend": "\u2581"},
        {"type": "Replace", "pattern": {"String": " "}, "content": "\u2581"}]},
      "pre_tokenizer": null,
      "decoder": {"type": "Sequence", "decoders": [
        {"type": "Replace", "pattern": {"String": "\u2581"}, "content": " "},
        {"type": "ByteFallback"}, {"type": "Fuse"}]},
      """;
  private static final String METASPACE =
      """
      "pre_tokenizer": {"type": "Metaspace", "replacement": "\u2581", "add_prefix_space": true},
      "decoder": {"type": "Metaspace", "replacement": "\u2581", "add_prefix_space": true},
      """;

  @TempDir Path folder;

  private NumberTokens read(String fields, Kind kind) throws IOException {
    Path file = folder.resolve("tokenizer.json");
    Files.writeString(file, "{\"version\": \"1.0\", " + fields + "}");
    return NumberTokens.ofTokenizerJson(file, kind);
  }

  /** Each number token as id, value, digits, and a star where it starts a number. */
  static String shown(NumberTokens tokens) {
    return IntStream.of(tokens.ids())
        .mapToObj(
            id ->
                id
                    + "="
                    + (tokens.value(id) + "/").replace(".0/", "/")
                    + tokens.digits(id)
                    + (tokens.startsNumber(id) ? "*" : ""))
        .collect(Collectors.joining(" "));
  }

  @Test
  void readsGpt2() throws IOException {
    String json =
        BYTE_LEVEL
            + """
            "added_tokens": [{"id": 12, "content": "<|endoftext|>", "special": true}],
            "model": {"type": "BPE", "continuing_subword_prefix": "", "end_of_word_suffix": "",
              "byte_fallback": false, "vocab": {"0": 0, "9": 1, "\u01207": 2, "\u0120": 3,
              "12": 4, "\u01202019": 5, "007": 6, "7\u0120": 7, "\u0120\u01207": 8, "1st": 9,
              "\u00b2": 10, "3.14": 11, "<|endoftext|>": 12, "\u25817": 13, "\u010a7": 14},
              "merges": ["1 2", "\u0120 7"]}
            """;
    assertEquals("0=0/1 1=9/1 2=7/1*", shown(read(json, Kind.DIGITS)));
    assertEquals(
        "0=0/1 1=9/1 2=7/1* 4=12/2 5=2019/4* 6=7/3", shown(read(json, Kind.NUMBERS)), "numbers");
    assertEquals(
        "0=0/1 1=9/1 2=7/1* 4=12/2 5=2019/4* 6=7/3 11=3.14/3", shown(read(json, Kind.DECIMALS)));
    assertEquals(
        "6 number tokens of 15, values 0 to 2019", read(json, Kind.NUMBERS).toString(), "text");
  }

  @Test
  void readsLlama3WithReservedTokensBeyondTheModel() throws IOException {
    String json =
        """
        "added_tokens": [{"id": 6, "content": "<|begin_of_text|>", "special": true},
          {"id": 7, "content": "42", "special": true}, {"id": 9, "content": "43", "special": false},
          {"id": 8, "content": " 44", "special": false},
          {"id": 10, "content": "\u012045", "special": false}],
        """
            + SPLIT_AND_BYTE_LEVEL
            + """
            "model": {"type": "BPE", "ignore_merges": true, "byte_fallback": false,
              "vocab": {"!": 0, "7": 1, "10": 2, "000": 3, "\u0120a": 4, "\u0660": 5},
              "merges": [["1", "0"], ["0", "00"]]}
            """;
    NumberTokens tokens = read(json, Kind.NUMBERS);
    assertEquals("1=7/1 2=10/2 3=0/3 8=44/2* 9=43/2", shown(tokens));
    assertEquals(11, tokens.vocabularySize());
  }

  @Test
  void readsQwen2WhoseMarksStandAfterItsVocabulary() throws IOException {
    String json =
        """
        "model": {"merges": [], "vocab": {"5": 0, "\u01205": 1, "\uff15": 2, "15": 3},
          "byte_fallback": false, "type": "BPE"},
        """
            + SPLIT_AND_BYTE_LEVEL
            + "\"added_tokens\": [{\"id\": 4, \"content\": \"<|im_end|>\", \"special\": true}]";
    assertEquals("0=5/1 1=5/1*", shown(read(json, Kind.DIGITS)));
    assertEquals(5, read(json, Kind.DIGITS).vocabularySize());
  }

  @Test
  void readsMistralBeforeAndFromTekkenOn() throws IOException {
    String model =
        "\"model\": {\"type\": \"BPE\", \"byte_fallback\": %s,"
            + " \"vocab\": {\"<unk>\": 0, \"%s\": 1, \"4\": 2, \"%s4\": 3, \"1_0\": 4}}";
    assertEquals(
        "2=4/1 3=4/1*",
        shown(read(LLAMA_2 + model.formatted(true, "<0x34>", "\u2581"), Kind.NUMBERS)));
    assertEquals(
        "2=4/1 3=4/1*",
        shown(read(SPLIT_AND_BYTE_LEVEL + model.formatted(false, "<s>", "\u0120"), Kind.NUMBERS)));
  }

  @Test
  void findsTheMarkInANormalizerOrADecoderAlone() throws IOException {
    String replace =
        "{\"type\": \"Replace\", \"pattern\": {\"%s\": \"%s\"}, \"content\": \"%s\"}, ";
    String model = "\"model\": {\"vocab\": {\"4\": 0, \"\u25814\": 1, \"_4\": 2, \"\u01204\": 3}}";
    String mark = "0=4/1 1=4/1*";
    String normalizer = "\"normalizer\": " + replace;
    String decoder = "\"decoder\": " + replace;
    assertEquals(
        mark, shown(read(normalizer.formatted("String", " ", "\u2581") + model, Kind.NUMBERS)));
    assertEquals(
        mark, shown(read(decoder.formatted("String", "\u2581", " ") + model, Kind.NUMBERS)));
    assertEquals(
        "0=4/1 2=4/1*",
        shown(read(normalizer.formatted("String", " ", "_") + model, Kind.NUMBERS)));
    for (String other :
        List.of(
            normalizer.formatted("String", " ", ""),
            normalizer.formatted("String", "\u2581", "_"),
            normalizer.formatted("Regex", "_", " "),
            "\"normalizer\": {\"type\": \"Replace\"}, ",
            "\"decoder\": {\"type\": 3}, ")) {
      assertEquals("0=4/1", shown(read(other + model, Kind.NUMBERS)), other);
    }
  }

  @Test
  void countsByteTokensOfLlama2OnlyForDigitsWithoutATokenOfTheirOwn() throws IOException {
    String json =
        LLAMA_2
            + """
            "added_tokens": [{"id": 0, "content": "8", "special": false},
              {"id": 9, "content": "9", "special": true}],
            "model": {"type": "BPE", "byte_fallback": %s, "vocab": {"<unk>": 0, "<0x30>": 1,
              "<0x36>": 2, "<0x37>": 3, "<0x38>": 4, "<0x39>": 5, "<0x3A>": 6, "0": 7,
              "\u25816": 8, "9": 9, "\u012012": 10}}
            """;
    assertEquals(
        "0=8/1 2=6/1 3=7/1 5=9/1 7=0/1 8=6/1*", shown(read(json.formatted(true), Kind.NUMBERS)));
    assertEquals("0=8/1 7=0/1 8=6/1*", shown(read(json.formatted(false), Kind.NUMBERS)));
  }

  @Test
  void readsT5() throws IOException {
    String json =
        """
        "added_tokens": [{"id": 0, "content": "<pad>", "special": true},
          {"id": 8, "content": "<extra_id_0>", "special": true},
          {"id": 9, "content": "\u258177", "special": false}],
        """
            + METASPACE
            + """
            "model": {"type": "Unigram", "unk_id": 2, "vocab": [["<pad>", 0.0], ["\u2581", -2.01],
              ["\u25812000", -7.5], ["19", -8], ["00", -9.25], ["2.5", -1e1], ["\u25817", -3],
              ["5%", -4], ["<extra_id_0>", 0]]}
            """;
    assertEquals("2=2000/4* 3=19/2 4=0/2 6=7/1* 9=77/2*", shown(read(json, Kind.NUMBERS)));
    assertEquals("2=2000/4* 3=19/2 4=0/2 5=2.5/2 6=7/1* 9=77/2*", shown(read(json, Kind.DECIMALS)));
    assertEquals(10, read(json, Kind.DIGITS).vocabularySize());
  }

  @Test
  void readsWordPieceOfBert() throws IOException {
    String json =
        """
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": true},
        "model": {"type": "WordPiece", %s "vocab": {"[unused1]": 0, "12": 1, "##12": 2, "##": 3,
          "7": 4, "##0": 5, "#12": 6}}
        """;
    String expected = "1=12/2* 2=12/2 4=7/1* 5=0/1";
    String prefix = "\"continuing_subword_prefix\": \"%s\",";
    assertEquals(expected, shown(read(json.formatted(prefix.formatted("##")), Kind.NUMBERS)));
    assertEquals(expected, shown(read(json.formatted(""), Kind.NUMBERS)));
    assertEquals(
        "1=12/2* 4=7/1* 6=12/2",
        shown(read(json.formatted(prefix.formatted("#")), Kind.NUMBERS)),
        "its own prefix");
  }

  @Test
  void readsSuffixesOfClipAndWordsWithoutMarks() throws IOException {
    String clip =
        BYTE_LEVEL
            + "\"model\": {\"type\": \"BPE\", \"end_of_word_suffix\": \"</w>\","
            + " \"continuing_subword_prefix\": null,"
            + " \"vocab\": {\"7</w>\": 0, \"7\": 1, \"</w>\": 2}}";
    assertEquals("0=7/1 1=7/1", shown(read(clip, Kind.NUMBERS)));
    String words =
        "\"pre_tokenizer\": {\"type\": \"Whitespace\"}, \"model\": {\"type\": \"WordLevel\","
            + " \"unk_token\": \"?\", \"vocab\": {\"12\": 0, \"\u012012\": 1, \"\u258112\": 2}}";
    assertEquals("0=12/2", shown(read(words, Kind.NUMBERS)));
  }

  @Test
  void readsATiktokenTable() throws IOException {
    Path file = folder.resolve("small.tiktoken");
    List<String> texts = List.of("0", " 7", "  7", "42", "3.5", "7 ", "\u0667", "a", "0042");
    StringBuilder table = new StringBuilder();
    for (int rank = 0; rank < texts.size(); rank++) {
      byte[] bytes = texts.get(rank).getBytes(StandardCharsets.UTF_8);
      table.append(Base64.getEncoder().encodeToString(bytes)).append(' ').append(3 * rank);
      table.append(rank % 2 == 0 ? "\n" : "\r\n");
    }
    Files.writeString(file, table + "\n");
    assertEquals("0=0/1 3=7/1* 9=42/2 24=42/4", shown(NumberTokens.ofTiktoken(file, Kind.NUMBERS)));
    assertEquals(
        "0=0/1 3=7/1* 9=42/2 12=3.5/2 24=42/4",
        shown(NumberTokens.ofTiktoken(file, Kind.DECIMALS)));
    assertEquals(25, NumberTokens.ofTiktoken(file, Kind.DIGITS).vocabularySize());
  }

  @Test
  void leavesOutAndCountsWhatADoubleCannotTell() throws IOException {
    String json =
        BYTE_LEVEL
            + "\"model\": {\"type\": \"BPE\", \"vocab\": {\"9007199254740992\": 0,"
            + " \"9007199254740993\": 1, \"%s\": 2, \"0000000009007199254740991\": 3,"
            + " \"0.123456789012345\": 4, \"1.123456789012345\": 5, \"0.10\": 6, \"9999%s\": 7,"
            + " \"99999999999999999999\": 8, \"0.%s1\": 9}}";
    String full = json.formatted("0".repeat(500), "9".repeat(5000), "0".repeat(400));
    NumberTokens numbers = read(full, Kind.NUMBERS);
    assertEquals(
        "0=9.007199254740992E15/16 2=0/500 3=9.007199254740991E15/25",
        shown(numbers),
        "whole numbers");
    assertEquals(3, numbers.leftOut());
    assertEquals(
        "3 number tokens of 10, values 0 to 9007199254740992, 3 left out as too long for a double",
        numbers.toString());
    NumberTokens decimals = read(full, Kind.DECIMALS);
    assertEquals(5, decimals.leftOut());
    assertEquals(0.123456789012345, decimals.value(4));
    assertEquals(0.1, decimals.value(6));
    assertFalse(decimals.contains(5));
  }

  @Test
  void countsNoOtherWayToWriteANumber() throws IOException {
    List<String> others =
        List.of(
            "", ".", ".5", "5.", "1.2.3", "1..2", "1e3", "inf", "nan", "1_000", "1,000", "-7", "+7",
            "0x1F", "1/2", "\uff17", "\u0667", "\u00b2", "\u2460", "1 2", " 7", "7\\n", "1d", "1f");
    String vocab =
        IntStream.range(0, others.size())
            .mapToObj(i -> "\"" + others.get(i) + "\": " + (i + 1))
            .collect(Collectors.joining(", "));
    String json = BYTE_LEVEL + "\"model\": {\"vocab\": {\"6\": 0, " + vocab + "}}";
    assertEquals("0=6/1", shown(read(json, Kind.DECIMALS)));
  }
}
