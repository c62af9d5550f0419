package dev.headroom.scaling.log;

/**
 * Reads DeepSpeed's report of a step, {@code [Rank 0] step=10, skipped=0, lr=[3e-05], mom=[...]},
 * which carries the learning rate and no loss; a log of any other family takes over from it.
 */
final class DeepSpeedLines implements LineParser {
  private final StepMark mark = new StepMark();
  private long rows;

  @Override
  public Found parse(TextLines line, Fields row) {
    if (!mark.find(line, line.from) || !line.at(mark.end, ", skipped=")) {
      return Found.NOTHING;
    }
    int skipped = mark.end + ", skipped=".length();
    int stop = line.skipDigits(skipped);
    row.start(line.number);
    row.step(mark.step);
    row.put("skipped", line, skipped, stop);
    int rate = line.find("lr=[", stop);
    if (rate > 0) {
      int from = rate + 4;
      int to = from;
      while (to < line.to && line.text[to] != ',' && line.text[to] != ']') {
        to++;
      }
      row.put("lr", line, from, to);
    }
    rows++;
    return Found.ROW;
  }

  @Override
  public boolean isWeak() {
    return true;
  }

  @Override
  public void tell(Faults faults) {
    if (rows > 0) {
      faults.note("DeepSpeed's own lines carry the learning rate and no loss");
    }
  }
}
