package dev.headroom.scaling.log;

/** Reads lines of a step and a loss with a space between, as torchtitan keeps golden losses. */
final class StepLossPairs implements LineParser {
  @Override
  public Found parse(TextLines line, Fields row) {
    int a = line.skipSpaces(line.from);
    int end = line.skipDigits(a);
    int value = line.skipSpaces(end);
    int stop = line.trimEnd(value, line.to);
    if (end == a || value == end || stop <= value || line.find(' ', value, stop) > 0) {
      return Found.NOTHING;
    }
    row.start(line.number);
    row.step(line.whole(a, end));
    row.put("loss", line, value, stop);
    return row.count > 0 && !row.hasUnit() ? Found.ROW : Found.NOTHING;
  }
}
