package dev.headroom.scaling.log;

import java.util.List;
import java.util.Set;

/**
 * Reads the dictionaries that Hugging Face's Trainer and those built on it print: {@code {'loss':
 * 2.3, 'grad_norm': 1.1, 'learning_rate': 5e-05, 'epoch': 0.01}}, values quoted or not.
 *
 * <p>The step is the dictionary's own where it has one. Else it is that of the progress bar: the
 * one drawn again right behind the dictionary, which is exact, or the one before it. Where the bars
 * do not go on from one dictionary to the next (no bars, or a buffered output) the step is the
 * number of the log line, and that is said. The closing summary, whose {@code train_loss} is the
 * mean over the run, is no row.
 */
final class PythonDicts implements LineParser {
  private final Bar bar = new Bar();
  private boolean open;
  private boolean training;
  private boolean own;
  private long last;
  private long interval = 1;
  private long before = -1;
  private boolean counting;
  private long guessed;
  private boolean settled;

  @Override
  public Found parse(TextLines line, Fields row) {
    if (open) {
      if (line.from == line.to) {
        return Found.PART;
      }
      boolean redraw = line.redrawn && bar.read(line) && bar.at >= before;
      close(row, redraw ? bar.at : before);
      return Found.ROW_BEFORE;
    }
    int brace = line.find("{'", line.from);
    if (line.from < line.to && bar.read(line)) {
      before = bar.at;
    }
    if (brace < 0 || isCode(line, brace)) {
      return Found.NOTHING;
    }
    if (!read(line, row, brace)) {
      boolean torn = line.at(brace, "{'loss'") && line.find('}', brace, line.to) < 0;
      return torn ? Found.TORN : Found.NOTHING;
    }
    open = true;
    return Found.PART;
  }

  /** Says whether a dictionary is assigned, passed or returned. */
  private static boolean isCode(TextLines line, int brace) {
    int stop = line.trimEnd(line.from, brace);
    return stop > line.from
        && ("=(,[".indexOf(line.text[stop - 1]) >= 0 || line.at(stop - 6, "return"));
  }

  private boolean read(TextLines line, Fields row, int brace) {
    row.start(line.number);
    row.texts = true;
    own = false;
    training = false;
    boolean logged = false;
    int i = brace + 1;
    while (i < line.to && line.text[i] == '\'') {
      int keyEnd = line.find('\'', i + 1, line.to);
      int colon = keyEnd + 1;
      if (keyEnd < 0 || colon >= line.to || line.text[colon] != ':') {
        return false;
      }
      int value = line.skipSpaces(colon + 1);
      int end = valueEnd(line, value);
      if (line.at(i, "'train_runtime'")) {
        return false;
      }
      training |= line.at(i, "'loss'");
      logged |= line.at(i, "'epoch'") || line.at(i, "'learning_rate'") || line.at(i, "'grad_norm'");
      field(line, row, i + 1, keyEnd, value, end);
      i = line.skipSpaces(end + 1);
    }
    boolean closed = line.find('}', i - 2, line.to) >= 0;
    return closed && (logged || own) && (training || row.loss || line.at(brace, "{'eval_"));
  }

  private void field(TextLines line, Fields row, int key, int keyEnd, int value, int end) {
    int a = value;
    int b = end;
    if (b > a + 1 && line.text[a] == '\'' && line.text[b - 1] == '\'') {
      a++;
      b--;
    }
    boolean step = line.at(key, "step'") || line.at(key, "global_step'");
    if (step || line.at(key, "global_step/max_steps'")) {
      int stop = line.skipDigits(a);
      long of =
          stop < b && line.text[stop] == '/' ? line.whole(stop + 1, line.skipDigits(stop + 1)) : -1;
      if (stop > a) {
        row.step(line.whole(a, stop));
        row.total(of);
        own = true;
      }
      return;
    }
    row.put(line, key, keyEnd, a, b);
  }

  /** Returns the end of a value, which may be quoted or a list, a tuple, a dictionary. */
  private static int valueEnd(TextLines line, int from) {
    int depth = 0;
    boolean quoted = false;
    for (int i = from; i < line.to; i++) {
      char c = line.text[i];
      quoted ^= c == '\'';
      if (quoted) {
        continue;
      }
      if (depth == 0 && (c == ',' || c == '}')) {
        return i;
      }
      depth += "[({".indexOf(c) >= 0 ? 1 : "])}".indexOf(c) >= 0 ? -1 : 0;
    }
    return line.to;
  }

  private void close(Fields row, long shown) {
    open = false;
    row.total(bar.total);
    if (own) {
      return;
    }
    if (!training) {
      row.step(counting || shown < last ? last : shown);
      return;
    }
    boolean goesOn = shown > last && !counting;
    if (goesOn && last > 0) {
      interval = shown - last;
    }
    if (!goesOn) {
      guessed++;
      counting |= !settled;
    }
    last = goesOn ? shown : last + (counting ? 1 : interval);
    row.step(last);
  }

  /** Numbers the first rows by their order where the bars could not tell all of their steps. */
  @Override
  public void settle(List<String[]> rows, Cells cells) {
    settled = true;
    int step = cells.find(Fields.STEP);
    int loss = cells.find("loss");
    if (!counting || step < 0) {
      return;
    }
    last = 0;
    for (String[] row : rows) {
      last += loss >= 0 && loss < row.length && row[loss] != null ? 1 : 0;
      row[step] = Long.toString(last);
    }
    guessed = last;
  }

  @Override
  public boolean finish(Fields row) {
    if (!open) {
      return false;
    }
    close(row, before);
    return true;
  }

  @Override
  public String validation(Set<String> names) {
    return "eval_loss";
  }

  @Override
  public void tell(Faults faults) {
    if (counting) {
      faults.note("the log carries no step: it is the number of the logged line, from 1");
    } else if (guessed > 0) {
      faults.note("the progress bar does not give the step of " + guessed + " rows: counted on");
    }
  }

  /** The bar of the whole run, {@code 5%|# | 50/1000 [...}. */
  private static final class Bar {
    long at = -1;
    long total = -1;

    /** Reads a bar that begins with its percentage and says whether it is the run's. */
    boolean read(TextLines line) {
      int a = line.skipSpaces(line.from);
      a = line.at(a, "Train:") ? line.skipSpaces(a + 6) : a;
      int percent = line.skipDigits(a);
      if (percent == a || !line.at(percent, "%|")) {
        return false;
      }
      int behind = line.find('|', percent + 2, line.to);
      int n = behind < 0 ? line.to : line.skipSpaces(behind + 1);
      int slash = line.skipDigits(n);
      int stop = line.skipDigits(slash + 1);
      if (slash == n || !line.at(slash, "/") || stop == slash + 1) {
        return false;
      }
      long of = line.whole(slash + 1, stop);
      if (total > 0 && of < total) {
        return false; // an evaluation's bar inside the run's
      }
      total = of;
      at = line.whole(n, slash);
      return true;
    }
  }
}
