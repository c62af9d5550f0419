package dev.headroom.scaling.log;

import java.util.Set;

/**
 * Reads lines of fields parted by commas behind a step, as nanoGPT, lit-gpt and MLX print them:
 * {@code iter 10: loss 3.21, time 55.3ms, mfu 12.3%}, {@code step 250: train loss 2.1, val loss
 * 2.3}, {@code iter 100 step 25: loss 3.2, ...}.
 */
final class CommaFields implements LineParser {
  private final StepMark mark = new StepMark();

  @Override
  public Found parse(TextLines line, Fields row) {
    if (!mark.find(line, line.from)) {
      return Found.NOTHING;
    }
    int i = line.skipSpaces(mark.end);
    if (line.at(i, "step ") && line.isDigit(i + 5)) {
      i = line.skipDigits(i + 5);
    }
    if (i >= line.to || (line.text[i] != ':' && line.text[i] != ',')) {
      return Found.NOTHING;
    }
    row.start(line.number);
    row.step(mark.step);
    FieldText.readAll(line, row, i + 1, line.to);
    if (!row.loss) {
      return Found.NOTHING;
    }
    row.total(mark.total);
    return Found.ROW;
  }

  @Override
  public String validation(Set<String> names) {
    return "val loss";
  }
}
