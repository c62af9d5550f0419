package dev.headroom.head.internal;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import dev.headroom.head.internal.NumberVocabulary.Token;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

/**
 * How the tokens of a {@code tokenizer.json} write the space before a word, its inside and its end.
 *
 * @param byteLevel whether tokens are written in GPT-2's alphabet of bytes, where U+0120 is a space
 *     and ASCII digits and points are themselves
 * @param space mark of a space before the token; empty where there is none
 * @param inside prefix of tokens that continue a word; empty where there is none
 * @param end suffix of tokens that end a word; empty where there is none
 */
record TokenMarks(boolean byteLevel, String space, String inside, String end) {
  private static final String BYTE_SPACE = "\u0120";
  private static final String LOWER_BLOCK = "\u2581";

  /** Finds the marks of a normalizer, a pre-tokenizer and a decoder, sequences of them too. */
  static TokenMarks of(List<JsonElement> components, String inside, String end) {
    boolean byteLevel = false;
    String space = "";
    Deque<JsonElement> open = new ArrayDeque<>(components);
    while (!open.isEmpty()) {
      JsonElement element = open.poll();
      if (element.isJsonArray()) {
        element.getAsJsonArray().forEach(open::add);
      } else if (element.isJsonObject()) {
        JsonObject object = element.getAsJsonObject();
        byteLevel |= text(object, "type").equals("ByteLevel");
        space = space.isEmpty() ? spaceOf(object) : space;
        object.asMap().values().forEach(open::add);
      }
    }
    return new TokenMarks(byteLevel, byteLevel ? BYTE_SPACE : space, inside, end);
  }

  private static String spaceOf(JsonObject object) {
    switch (text(object, "type")) {
      case "Metaspace":
        String mark = text(object, "replacement");
        return mark.isEmpty() ? LOWER_BLOCK : mark;
      case "Replace":
        JsonElement pattern = object.get("pattern");
        String from =
            pattern != null && pattern.isJsonObject()
                ? text(pattern.getAsJsonObject(), "String")
                : "";
        String to = text(object, "content");
        // a normalizer writes the mark, a decoder takes it away
        return from.equals(" ") ? to : to.equals(" ") ? from : "";
      default:
        return "";
    }
  }

  private static String text(JsonObject object, String field) {
    JsonElement value = object.get(field);
    return value != null && value.isJsonPrimitive() ? value.getAsString() : "";
  }

  /** Returns a token of the model without its marks. */
  Token token(int id, String text) {
    String rest = text;
    boolean starts = false;
    if (!space.isEmpty() && rest.startsWith(space)) {
      rest = rest.substring(space.length());
      starts = true;
    } else if (!inside.isEmpty()) {
      starts = !rest.startsWith(inside);
      rest = starts ? rest : rest.substring(inside.length());
    }
    if (!end.isEmpty() && rest.endsWith(end)) {
      rest = rest.substring(0, rest.length() - end.length());
    }
    return new Token(id, rest, starts);
  }

  /** Returns an added token, whose text is plain even where the model's are written in bytes. */
  Token added(int id, String text) {
    if (text.startsWith(" ")) {
      return new Token(id, text.substring(1), true);
    }
    boolean marked = !byteLevel && !space.isEmpty() && text.startsWith(space);
    return new Token(id, marked ? text.substring(space.length()) : text, marked);
  }
}
