package dev.headroom.cli.verdict;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads a metrics report as GitLab does: what follows a {@code #} is dropped, wherever it stands;
 * the rest is split into words as a shell does; the first word is the name, the second the value.
 */
final class GitlabMetrics {
  private GitlabMetrics() {}

  static Map<String, String> parse(String text) {
    Map<String, String> metrics = new LinkedHashMap<>();
    for (String line : text.split("\n")) {
      List<String> words = words(line.replaceAll("#.*$", ""));
      if (words.size() >= 2) {
        metrics.put(words.get(0), words.get(1));
      }
    }
    return metrics;
  }

  private static List<String> words(String line) {
    List<String> words = new ArrayList<>();
    StringBuilder word = null;
    char quote = 0;
    for (int i = 0; i < line.length(); i++) {
      char c = line.charAt(i);
      if (quote == 0 && Character.isWhitespace(c)) {
        if (word != null) {
          words.add(word.toString());
        }
        word = null;
        continue;
      }
      word = word == null ? new StringBuilder() : word;
      if (c == quote) {
        quote = 0;
      } else if (quote == 0 && (c == '"' || c == '\'')) {
        quote = c;
      } else if (c == '\\'
          && i + 1 < line.length()
          && (quote == 0 || quote == '"' && "$`\"\\".indexOf(line.charAt(i + 1)) >= 0)) {
        word.append(line.charAt(++i));
      } else {
        word.append(c);
      }
    }
    if (quote != 0) {
      throw new IllegalArgumentException("unmatched quote: " + line);
    }
    if (word != null) {
      words.add(word.toString());
    }
    return words;
  }
}
