package dev.headroom.scaling.log;

import java.util.Set;

/**
 * Reads lines of fields between upright bars, as Megatron-LM, Megatron-DeepSpeed, GPT-NeoX, NeMo 2,
 * Nanotron, llm.c and nanochat print them: {@code iteration 100/ 5000 | lm loss: 3.1E+00 | ... |}.
 *
 * <p>What stands before the bar line (ranks, times) is passed over. A validation line names no
 * total; its fields keep their names ({@code lm loss value}), those of a test set or of one of
 * several sets get its name in front. llm.c prints {@code val loss} without a step: it belongs to
 * the step printed last. Lines that tell of an overflow of the gradients are counted.
 */
final class BarFields implements LineParser {
  private final StepMark mark = new StepMark();
  private final StepMark later = new StepMark();
  private long lastStep;
  private long overflows;
  private long skippedSteps;

  @Override
  public Found parse(TextLines line, Fields row) {
    int bar = line.find('|', line.from, line.to);
    if (bar < 0) {
      return withoutBar(line, row);
    }
    if (!mark.find(line, line.from)) {
      return Found.NOTHING;
    }
    bar = line.find('|', mark.end, line.to);
    if (bar < 0) {
      return mark.isTorn(line) ? Found.TORN : Found.NOTHING;
    }
    if (mark.total < 0 && later.find(line, mark.end) && later.start < bar && later.total > 0) {
      mark.find(line, later.start); // two lines run into one
    }
    return read(line, row, bar);
  }

  private Found read(TextLines line, Fields row, int bar) {
    row.start(line.number);
    row.evaluationsOnce = true;
    row.step(mark.step);
    int field = before(line, row);
    boolean validation = says(line, field, mark.start, "valid");
    boolean test = says(line, field, mark.start, "test ");
    row.prefix = test ? "test " : set(line, mark.end, bar);
    FieldText.readAll(line, row, bar + 1, line.to);
    row.prefix = "";
    if (!(row.loss || ((mark.total > 0 || validation) && row.count > 0))) {
      return mark.total > 0 && !test ? Found.TORN : Found.NOTHING;
    }
    lastStep = mark.step;
    row.total(mark.total);
    long global = row.globalStep();
    if (global >= 0) {
      row.step(global);
    }
    return Found.ROW;
  }

  /** Reads fields that stand before the one with the step and returns where that one begins. */
  private int before(TextLines line, Fields row) {
    int field = line.from;
    for (int i = line.from; i < mark.start; i++) {
      if (line.text[i] == '|') {
        int colon = i;
        while (colon > field && line.text[colon] != ':') {
          colon--;
        }
        int key = colon;
        while (key > field && !line.isSpace(key - 1)) {
          key--;
        }
        if (colon > field) {
          row.put(line, field == line.from ? key : field, colon, colon + 1, i);
        }
        field = i + 1;
      }
    }
    return field;
  }

  private static boolean says(TextLines line, int from, int to, String word) {
    int at = line.find(word.substring(1), from + 1, to);
    return at > 0 && (line.text[at - 1] | 0x20) == word.charAt(0);
  }

  /** Returns the name of the set that a validation line is about, for the names of its fields. */
  private static String set(TextLines line, int from, int to) {
    int open = line.find('[', from, to);
    int close = open < 0 ? -1 : line.find(']', open, to);
    if (close > open + 1) {
      return line.string(open + 1, close) + " ";
    }
    return line.find("test set", from, to) > 0 ? "test " : "";
  }

  private Found withoutBar(TextLines line, Fields row) {
    int a = line.skipSpaces(line.from);
    if (line.at(a, "val loss ") && line.isDigit(a + 9)) {
      row.start(line.number);
      row.step(lastStep);
      FieldText.readAll(line, row, a, line.to);
      return row.loss ? Found.ROW : Found.NOTHING;
    }
    int at = line.find("verflow", line.from);
    if (at > 0) {
      overflows += line.find("Grad overflow on iteration", line.from) >= 0 ? 1 : 0;
      skippedSteps += line.find("Skipping step", at) >= 0 ? 1 : 0;
    }
    return mark.find(line, line.from) && mark.isTorn(line) ? Found.TORN : Found.NOTHING;
  }

  @Override
  public String validation(Set<String> names) {
    if (names.contains("lm loss") || names.contains("lm_loss")) {
      return names.contains("lm loss") ? "lm loss value" : "lm_loss value";
    }
    return names.contains("tok/s") ? "val loss" : "val_loss";
  }

  @Override
  public void tell(Faults faults) {
    long steps = Math.max(overflows, skippedSteps);
    if (steps > 0) {
      faults.note(
          (steps == 1 ? "1 step was" : steps + " steps were")
              + " skipped because the gradients overflowed");
    }
  }
}
