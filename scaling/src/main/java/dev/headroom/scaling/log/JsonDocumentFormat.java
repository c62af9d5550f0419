package dev.headroom.scaling.log;

/**
 * One JSON document: Hugging Face's {@code trainer_state.json}, Megatron-LM's golden values, an
 * array of objects, or columns as arrays.
 */
final class JsonDocumentFormat implements LogFormat {
  private final String name;

  JsonDocumentFormat() {
    this("JSON document");
  }

  private JsonDocumentFormat(String name) {
    this.name = name;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public boolean recognises(LogInput input) {
    String text = input.headText().stripLeading();
    if (text.startsWith("[")) {
      return text.substring(1).stripLeading().startsWith("{");
    }
    return text.startsWith("{") && (isOpenAtLineEnd(text) || hasArrays(text));
  }

  @Override
  public LogFormat refine(LogInput input) {
    String text = input.headText();
    if (text.contains("\"log_history\"")) {
      return new JsonDocumentFormat("Hugging Face trainer_state.json");
    }
    return isGolden(text) ? new JsonDocumentFormat("Megatron-LM golden values") : this;
  }

  @Override
  public RowSource open(LogInput input, Cells cells, Faults faults) {
    return new LookAhead(new JsonDocumentSource(input.text(), faults), cells);
  }

  private static boolean isGolden(String text) {
    return text.contains("\"step_interval\"") && text.contains("\"values\"");
  }

  private static boolean hasArrays(String text) {
    return text.contains("\"log_history\"")
        || isGolden(text)
        || text.substring(0, Math.min(text.length(), 4096))
            .matches("(?s)\\{\\s*\"[^\"]*\"\\s*:\\s*\\[.*");
  }

  /** Says whether the object goes on behind its first line, as none of JSONL does. */
  private static boolean isOpenAtLineEnd(String text) {
    int depth = 0;
    boolean quoted = false;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '\n') {
        return depth > 0 && goesOn(text, i);
      }
      if (quoted) {
        i += c == '\\' ? 1 : 0;
        quoted = c != '"';
      } else {
        quoted = c == '"';
        depth += c == '{' || c == '[' ? 1 : c == '}' || c == ']' ? -1 : 0;
      }
    }
    return depth > 0 && text.length() > LONG_LINE;
  }

  private static final int LONG_LINE = 1 << 15;

  /** A line of JSONL that is cut is followed by the next object. */
  private static boolean goesOn(String text, int lineEnd) {
    String rest = text.substring(lineEnd).stripLeading();
    return rest.startsWith("\"") || rest.startsWith("{") || rest.startsWith("[");
  }
}
