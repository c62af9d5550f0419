package dev.headroom.scaling.log;

import java.util.Set;

/**
 * Reads llm.c's {@code main.log}: {@code s:250 trl:3.9 lr:0.0003 norm:0.8}, {@code s:250 tel:3.8},
 * {@code s:250 eval:0.26}; {@code trl} is column {@code train_loss}, {@code tel} is {@code
 * val_loss}, {@code eval} is {@code hellaswag}.
 */
final class LlmcLines implements LineParser {
  @Override
  public Found parse(TextLines line, Fields row) {
    int a = line.skipSpaces(line.from);
    int end = line.skipDigits(a + 2);
    if (!line.at(a, "s:") || end == a + 2 || !line.isSpace(end)) {
      return Found.NOTHING;
    }
    row.start(line.number);
    row.step(line.whole(a + 2, end));
    int i = line.skipSpaces(end);
    while (i < line.to) {
      int stop = line.find(' ', i, line.to);
      stop = stop < 0 ? line.to : stop;
      int colon = line.find(':', i, stop);
      if (colon < 0) {
        return Found.NOTHING;
      }
      pair(line, row, i, colon, stop);
      i = line.skipSpaces(stop);
    }
    return row.count > 0 ? Found.ROW : Found.NOTHING;
  }

  private static void pair(TextLines line, Fields row, int key, int colon, int stop) {
    if (line.at(key, "trl:")) {
      row.put("train_loss", line, colon + 1, stop);
    } else if (line.at(key, "tel:")) {
      row.put("val_loss", line, colon + 1, stop);
    } else if (line.at(key, "eval:")) {
      row.put("hellaswag", line, colon + 1, stop);
    } else {
      row.put(line, key, colon, colon + 1, stop);
    }
  }

  @Override
  public String validation(Set<String> names) {
    return "val_loss";
  }
}
