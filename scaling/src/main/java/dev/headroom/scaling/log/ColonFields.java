package dev.headroom.scaling.log;

import java.util.Set;

/**
 * Reads lines of {@code name: value} with nothing but spaces between, as torchtitan ({@code step:
 * 10 loss: 8.1 grad_norm: 1.2 memory: 12.3GiB(20%)}), modded-nanogpt ({@code step:10/1750
 * train_loss:3.2 train_time:99ms}) and DeepSpeed's pipeline engine ({@code steps: 10 loss: 3.2 iter
 * time (s): 0.5}) print them.
 *
 * <p>A line without a loss is passed over. The loss of a {@code validate step: 10} line is column
 * {@code val_loss}.
 */
final class ColonFields implements LineParser {
  private final StepMark mark = new StepMark();

  @Override
  public Found parse(TextLines line, Fields row) {
    if (!mark.find(line, line.from) || !mark.colon || line.find('|', mark.end, line.to) >= 0) {
      return Found.NOTHING;
    }
    if (line.find(':', mark.end, line.to) < 0) {
      return mark.isTorn(line) ? Found.TORN : Found.NOTHING;
    }
    row.total(mark.total);
    row.start(line.number);
    row.step(mark.step);
    int word = line.trimEnd(line.from, mark.start) - "validate".length();
    if (line.at(word, "validate")) {
      validation(line, row);
    } else {
      pairs(line, row);
    }
    if (row.loss) {
      return Found.ROW;
    }
    return line.at(line.trimEnd(mark.end, line.to) - 5, "loss:") ? Found.TORN : Found.NOTHING;
  }

  private void validation(TextLines line, Fields row) {
    int loss = line.find("loss:", mark.end);
    if (loss >= 0) {
      row.put("val_loss", line, loss + 5, valueEnd(line, line.skipSpaces(loss + 5)));
    }
  }

  private void pairs(TextLines line, Fields row) {
    int i = mark.end;
    while (true) {
      int colon = line.find(':', i, line.to);
      if (colon < 0) {
        return;
      }
      int value = line.skipSpaces(colon + 1);
      int end = valueEnd(line, value);
      row.put(line, keyStart(line, i, colon), colon, value, end);
      i = Math.max(end, colon + 1);
    }
  }

  /** Passes over what was left of the value before, as in {@code 7.0e-06 / 1.0e-05}. */
  private static int keyStart(TextLines line, int from, int to) {
    int i = line.skipSpaces(from);
    while (i < to && !line.isLetter(i)) {
      while (i < to && !line.isSpace(i)) {
        i++;
      }
      i = line.skipSpaces(i);
    }
    return i;
  }

  private static int valueEnd(TextLines line, int from) {
    int i = from;
    while (i < line.to && !line.isSpace(i)) {
      i++;
    }
    return i > from && line.text[i - 1] == ',' ? i - 1 : i;
  }

  @Override
  public String validation(Set<String> names) {
    return "val_loss";
  }
}
