package dev.headroom.head.internal;

import com.google.gson.JsonElement;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import com.google.gson.stream.MalformedJsonException;
import dev.headroom.head.internal.NumberVocabulary.Token;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads the vocabulary of a Hugging Face {@code tokenizer.json} in one pass; keeps only tokens with
 * a digit in them, since the marks may stand after the vocabulary.
 */
public final class TokenizerJson {
  private static final Pattern PLACE = Pattern.compile("line \\d+ column \\d+");

  private record Added(String text, boolean special) {}

  private final VocabularyFile file;
  private final JsonReader json;
  private final Set<String> fields = new HashSet<>();
  private final List<JsonElement> components = new ArrayList<>();
  private final Map<Integer, Added> added = new LinkedHashMap<>();
  private final Map<String, Integer> pieces = new HashMap<>();
  private String type = "";
  private String inside;
  private String end = "";
  private boolean byteFallback;

  private TokenizerJson(VocabularyFile file, Reader reader) {
    this.file = file;
    json = new JsonReader(reader);
    json.setStrictness(Strictness.STRICT);
  }

  /**
   * Reads a file.
   *
   * @throws IOException where it cannot be read
   * @throws IllegalArgumentException where it is no tokenizer, naming the field
   */
  public static NumberVocabulary read(Path path) throws IOException {
    VocabularyFile file = new VocabularyFile(path);
    try (Reader reader =
        new InputStreamReader(
            new BufferedInputStream(file.open(), 1 << 16), StandardCharsets.UTF_8.newDecoder())) {
      return new TokenizerJson(file, reader).tokenizer();
    }
  }

  private NumberVocabulary tokenizer() throws IOException {
    try {
      root();
    } catch (CharacterCodingException e) {
      throw file.fault(path(), "not UTF-8", "a tokenizer.json in UTF-8");
    } catch (EOFException e) {
      throw file.fault(path(), "the file ends here", "a whole tokenizer.json; fetch it again");
    } catch (MalformedJsonException | JsonParseException | IllegalStateException e) {
      Matcher place = PLACE.matcher(String.valueOf(e.getMessage()));
      String where = place.find() ? ", " + place.group() : "";
      throw file.fault(path(), "malformed" + where, "JSON, at most 255 levels deep");
    }
    if (!fields.contains("model.vocab")) {
      throw file.fault("model.vocab", "missing", "a tokenizer.json of Hugging Face tokenizers");
    }
    return new NumberVocabulary(file.name(), file.size(), tokens());
  }

  private String path() {
    String path = json.getPath();
    return path.length() > 2 ? path.substring(2) : "";
  }

  private void root() throws IOException {
    begin(JsonToken.BEGIN_OBJECT, "a tokenizer.json of Hugging Face tokenizers");
    while (json.hasNext()) {
      switch (json.nextName()) {
        case "model" -> model();
        case "added_tokens" -> addedTokens();
        case "normalizer", "pre_tokenizer", "decoder" ->
            components.add(JsonParser.parseReader(json));
        default -> json.skipValue();
      }
    }
    json.endObject();
    expect(JsonToken.END_DOCUMENT, "one object");
  }

  private void once(String field) {
    if (!fields.add(field)) {
      throw file.fault(field, "twice", "once");
    }
  }

  /** Enters an object or an array. */
  private void begin(JsonToken token, String rule) throws IOException {
    expect(token, rule);
    if (token == JsonToken.BEGIN_OBJECT) {
      json.beginObject();
    } else {
      json.beginArray();
    }
  }

  private void expect(JsonToken token, String rule) throws IOException {
    JsonToken actual = json.peek();
    if (actual != token) {
      throw file.fault(path(), kind(actual), rule);
    }
  }

  private static String kind(JsonToken token) {
    return switch (token) {
      case BEGIN_OBJECT -> "an object";
      case BEGIN_ARRAY -> "an array";
      case STRING -> "a text";
      case NUMBER -> "a number";
      case BOOLEAN -> "true or false";
      case NULL -> "null";
      default -> "nothing";
    };
  }

  private String text() throws IOException {
    expect(JsonToken.STRING, "a text");
    return json.nextString();
  }

  private String textOrNull() throws IOException {
    if (json.peek() == JsonToken.NULL) {
      json.nextNull();
      return "";
    }
    return text();
  }

  private boolean flag() throws IOException {
    expect(JsonToken.BOOLEAN, "true or false");
    return json.nextBoolean();
  }

  private String number() throws IOException {
    expect(JsonToken.NUMBER, "the id of a token");
    return json.nextString();
  }

  private void addedTokens() throws IOException {
    once("added_tokens");
    begin(JsonToken.BEGIN_ARRAY, "an array of tokens");
    while (json.hasNext()) {
      String where = path();
      begin(JsonToken.BEGIN_OBJECT, "a token with id and content");
      addedToken(where);
      json.endObject();
    }
    json.endArray();
  }

  private void addedToken(String where) throws IOException {
    int id = -1;
    String text = null;
    boolean special = false;
    while (json.hasNext()) {
      switch (json.nextName()) {
        case "id" -> id = file.knownId(this::path, number());
        case "content" -> text = text();
        case "special" -> special = flag();
        default -> json.skipValue();
      }
    }
    if (id < 0 || text == null) {
      throw file.fault(where, id < 0 ? "no id" : "no content", "a token with id and content");
    }
    Added token = new Added(text, special);
    Added other = added.putIfAbsent(id, token);
    if (other != null && !other.equals(token)) {
      throw file.fault(where + ".id", id + " again", "an id of its own for each token");
    }
  }

  private void model() throws IOException {
    once("model");
    begin(JsonToken.BEGIN_OBJECT, "an object with the vocabulary");
    while (json.hasNext()) {
      switch (json.nextName()) {
        case "type" -> type = text();
        case "continuing_subword_prefix" -> inside = textOrNull();
        case "end_of_word_suffix" -> end = textOrNull();
        case "byte_fallback" -> byteFallback = flag();
        case "vocab" -> vocabulary();
        default -> json.skipValue();
      }
    }
    json.endObject();
  }

  private void vocabulary() throws IOException {
    once("model.vocab");
    if (json.peek() == JsonToken.BEGIN_ARRAY) {
      scoredPieces();
      return;
    }
    begin(JsonToken.BEGIN_OBJECT, "ids by token, or an array of tokens with scores");
    while (json.hasNext()) {
      String text = json.nextName();
      expect(JsonToken.NUMBER, "the id of a token");
      piece(text, json.nextString());
    }
    json.endObject();
  }

  /** Reads what Unigram models have: the place of a token is its id. */
  private void scoredPieces() throws IOException {
    json.beginArray();
    for (int id = 0; json.hasNext(); id++) {
      begin(JsonToken.BEGIN_ARRAY, "a token and its score");
      piece(text(), Integer.toString(id));
      expect(JsonToken.NUMBER, "the score of a token");
      json.skipValue();
      if (json.hasNext()) {
        throw file.fault(path(), kind(json.peek()), "a token and its score, no more");
      }
      json.endArray();
    }
    json.endArray();
  }

  private void piece(String text, String number) {
    int id = file.ownId(this::path, number);
    if (NumberText.hasDigit(text)) {
      Integer first = pieces.put(text, id);
      if (first != null) {
        throw file.fault(
            path(), "ids " + first + " and " + id + " for " + text, "one id for each token");
      }
    }
  }

  private List<Token> tokens() {
    String prefix = inside == null ? type.equals("WordPiece") ? "##" : "" : inside;
    TokenMarks marks = TokenMarks.of(components, prefix, end);
    List<Token> tokens = new ArrayList<>();
    // an added token takes the place of the model's at its id
    pieces.values().removeAll(added.keySet());
    pieces.forEach((text, id) -> tokens.add(marks.token(id, text)));
    Set<String> plain = new HashSet<>(pieces.keySet());
    added.forEach(
        (id, token) -> {
          if (!token.special) {
            tokens.add(marks.added(id, token.text));
            plain.add(token.text);
          }
        });
    if (byteFallback) {
      byteDigits(plain, tokens);
    }
    return tokens;
  }

  /** Adds the byte tokens of digits that have no token of their own. */
  private void byteDigits(Set<String> plain, List<Token> tokens) {
    for (char digit = '0'; digit <= '9'; digit++) {
      Integer id = pieces.get("<0x3" + digit + ">");
      String text = String.valueOf(digit);
      if (id != null && !plain.contains(text)) {
        tokens.add(new Token(id, text, false));
      }
    }
  }
}
