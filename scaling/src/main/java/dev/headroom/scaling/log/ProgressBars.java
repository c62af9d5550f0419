package dev.headroom.scaling.log;

import java.util.Set;

/**
 * Reads the progress bars of NeMo and Lightning: {@code Epoch 0: 12%|##| 12/100 [00:10<01:20,
 * 1.2it/s, reduced_train_loss=10.9, global_step=11.0, val_loss=9.8]}.
 *
 * <p>The step is {@code global_step}, which Lightning rounds to three digits from 100,000 on: then
 * the bar's own counter carries it on. Without it the step is the batch, counted over the epochs. A
 * bar drawn again with the same step and loss is no new row; an evaluation that stays in the bar
 * counts once.
 */
final class ProgressBars implements LineParser {
  private long lastStep = -1;
  private String lastLoss;
  private long lastBatch;
  private long batch;
  private long batches;
  private long counted;

  @Override
  public Found parse(TextLines line, Fields row) {
    int open = bracket(line);
    if (open < 0 || !counter(line, open)) {
      return Found.NOTHING;
    }
    row.start(line.number);
    row.evaluationsOnce = true;
    pairs(line, row, timesEnd(line, open));
    if (!row.loss) {
      return Found.NOTHING;
    }
    long step = step(line, row, open);
    row.step(step);
    String loss = row.trainLoss();
    boolean again = step == lastStep && loss != null && loss.equals(lastLoss);
    lastStep = step;
    lastLoss = loss;
    lastBatch = batch;
    return again && !row.keepEvaluations() ? Found.NOTHING : Found.ROW;
  }

  /** Returns where the bracket with the times opens ({@code [00:10<01:20}), or -1. */
  private static int bracket(TextLines line) {
    for (int i = line.from + 2; i < line.to; i++) {
      if (line.text[i] == '[' && timesEnd(line, i) > 0) {
        return i;
      }
    }
    return -1;
  }

  /** Returns where the times behind a bracket end with a comma, or -1. */
  private static int timesEnd(TextLines line, int open) {
    boolean colon = false;
    int i = open + 1;
    while (i < line.to && (line.isDigit(i) || ":<?".indexOf(line.text[i]) >= 0)) {
      colon |= line.text[i] == ':';
      i++;
    }
    return colon && i < line.to && line.text[i] == ',' ? i : -1;
  }

  /** Reads the counter in front of the bracket and says whether there is one. */
  private boolean counter(TextLines line, int open) {
    int stop = line.trimEnd(line.from, open);
    if (stop > line.from + 2 && line.at(stop - 2, "it")) {
      stop -= 2;
    }
    int a = digitsBack(line, stop);
    if (a == stop) {
      return false;
    }
    batches = -1;
    batch = line.whole(a, stop);
    if (a > line.from && line.text[a - 1] == '/') {
      batches = batch;
      batch = line.whole(digitsBack(line, a - 1), a - 1);
    }
    return batch >= 0;
  }

  private static int digitsBack(TextLines line, int stop) {
    int i = stop;
    while (i > line.from && line.isDigit(i - 1)) {
      i--;
    }
    return i;
  }

  private static void pairs(TextLines line, Fields row, int from) {
    int close = line.find(']', from, line.to);
    int stop = close < 0 ? line.to : close;
    int a = from;
    for (int i = from; i <= stop; i++) {
      if (i == stop || (line.text[i] == ',' && i + 1 < stop && line.text[i + 1] == ' ')) {
        int equals = line.find('=', a, i);
        if (equals > 0 && !line.at(a + 2, "v_num")) {
          row.put(line, a + 1, equals, equals + 1, i);
        }
        a = i;
      }
    }
  }

  private long step(TextLines line, Fields row, int open) {
    long shown = row.globalStep();
    if (shown < 0) {
      counted++;
      int epoch = line.find("Epoch ", line.from);
      int digits = epoch + 6;
      long at = epoch < 0 || epoch > open ? 0 : line.whole(digits, line.skipDigits(digits));
      return batches > 0 && at > 0 ? at * batches + batch : batch;
    }
    if (shown < 100_000 || lastStep < 0) {
      return shown;
    }
    long on = lastStep + (batch >= lastBatch ? batch - lastBatch : batch);
    return Math.abs(on - shown) <= 0.006 * shown ? on : shown;
  }

  @Override
  public void tell(Faults faults) {
    if (counted > 0) {
      faults.note("the progress bars name no step: it is the batch, counted over the epochs");
    }
  }

  @Override
  public String validation(Set<String> names) {
    return "val_loss";
  }
}
