package dev.headroom.scaling.forecast;

import dev.headroom.scaling.schedule.Schedule;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Proposes the rest of a schedule that the fitted law predicts best, at the same number of steps.
 *
 * @param schedule the proposal; its past is the run's own
 * @param text the proposal in words
 * @param comparison what it gives against the run's schedule
 * @param notes what the law cannot know
 */
public record Proposal(Schedule schedule, String text, Comparison comparison, List<String> notes) {

  /** What may be chosen. */
  public enum Space {
    /** Hold the present rate, then decay: where the decay begins, and its shape. */
    WSD,
    /** A half cosine from the present rate: where it begins and where it ends. */
    COSINE,
    /** Any rates that never rise. */
    MONOTONE
  }

  private static final String[] SHAPES = {"linear", "exponential", "1-sqrt"};

  /** Copies the notes. */
  public Proposal {
    notes = List.copyOf(notes);
  }

  /**
   * Searches a space.
   *
   * @param lowest rate that may not be passed below; 0 or more
   * @throws IllegalArgumentException if the present rate is not above the lowest
   */
  public static Proposal of(Outlook outlook, Space space, double lowest) {
    Schedule now = outlook.request().schedule();
    double rate = now.lr(outlook.last());
    if (!(lowest >= 0) || lowest >= rate) {
      throw new IllegalArgumentException(
          "lowest rate: "
              + lowest
              + " (expected: from 0 to below the present rate of "
              + rate
              + ", or there is nothing to choose)");
    }
    Search search = new Search(outlook, rate, lowest);
    if (space == Space.MONOTONE) {
      FallingRates found = new FallingRates(outlook, rate, lowest);
      search.offer(found, found.words());
    } else {
      search.family(space);
    }
    Comparison comparison = Comparison.of(outlook, now, search.best);
    List<String> notes = notes(outlook, space, comparison);
    return new Proposal(search.best, search.text, comparison, notes);
  }

  private static List<String> notes(Outlook outlook, Space space, Comparison comparison) {
    List<String> notes = new ArrayList<>();
    notes.add(
        "the law knows areas and falls of the rate, not stability, other batch sizes or what later"
            + " training on the result needs; steps beyond those of the runs it was fitted to are"
            + " extrapolated");
    if (comparison.band().high() >= 0) {
      notes.add("the band of the gain reaches zero: this proposal may be no better");
    }
    if (outlook.unknownDrop()) {
      notes.add(
          "what a fall of the rate wins is taken from a prior: try it on a smaller run first");
    }
    if (space == Space.MONOTONE) {
      notes.add(
          "the law is all but linear in the rates ahead, so that its best falls abruptly; a decay"
              + " over a few per cent of the run costs little and is what was tried in practice");
    }
    return notes;
  }

  /** The best rest found so far. */
  private static final class Search {
    private final Outlook outlook;
    private final double rate;
    private final double lowest;
    private final long last;
    private final long total;
    private Schedule best;
    private String text = "";
    private double loss = Double.POSITIVE_INFINITY;

    Search(Outlook outlook, double rate, double lowest) {
      this.outlook = outlook;
      this.rate = rate;
      this.lowest = lowest;
      this.last = outlook.last();
      this.total = outlook.request().schedule().total();
    }

    private void offer(Ahead.Rates rates, String words) {
      Schedule ahead = new Ahead(rates, total, words);
      double here = outlook.lossAt(outlook.target(ahead, total));
      if (here < loss) {
        loss = here;
        best = ahead;
        text = words;
      }
    }

    void family(Space space) {
      long steps = total - last;
      for (int k = 0; k < 40; k++) {
        long start = last + steps * k / 40;
        if (space == Space.WSD) {
          for (String shape : SHAPES) {
            offer(s -> decay(s, start, shape), words(start, total, shape));
          }
        } else {
          for (int e = 10; e > 5; e--) {
            long end = start + Math.max(1, (total - start) * e / 10);
            offer(s -> cosine(s, start, end), words(start, end, "half cosine"));
          }
        }
      }
    }

    private String words(long start, long end, String shape) {
      return String.format(
          Locale.ROOT,
          "%s %s from %.4g to %.4g over steps %d to %d%s",
          start > last ? "hold, then" : "now",
          shape,
          rate,
          floor(shape),
          start,
          end,
          end < total ? ", then hold" : "");
    }

    private double floor(String shape) {
      return shape.equals("exponential") ? Math.max(lowest, 0.01 * rate) : lowest;
    }

    private double decay(long step, long start, String shape) {
      double part = step <= start ? 0 : (double) (step - start) / (total - start);
      double end = floor(shape);
      switch (shape) {
        case "linear":
          return end + (rate - end) * (1 - part);
        case "exponential":
          return Math.pow(rate, 1 - part) * Math.pow(end, part);
        default:
          return end + (rate - end) * (1 - Math.sqrt(part));
      }
    }

    private double cosine(long step, long start, long end) {
      double part = Math.min(1, step <= start ? 0 : (double) (step - start) / (end - start));
      return lowest + (rate - lowest) * (1 + Math.cos(Math.PI * part)) / 2;
    }
  }
}
