package dev.headroom.scaling.check;

import dev.headroom.scaling.log.Run;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Judges a run while it trains: rows go in one by one, new findings come out.
 *
 * <p>Up to {@value #MOST} rows are kept; beyond, every second row of the older half is forgotten,
 * so that a run of any length takes {@code 8 (2 + columns) MOST} bytes. The rules see the kept rows
 * again after every {@code n/32} new ones, and the latest {@value #RECENT} at once where a loss is
 * not finite or above its running level; forecast and plateau only when the run has grown by a
 * quarter. Time: some microseconds a row, amortised.
 *
 * <p>A rise of the end is told as a divergence only when two looks in a row see it, and an open
 * spike is a warning until it has outlasted a window, as many looks at an unfinished run would
 * alarm more often than one. The rule {@code final} waits for {@link #verdict}. Not safe for
 * several threads.
 */
public final class LiveChecker {
  private static final int MOST = 8192;
  private static final int RECENT = 512;
  private static final int WINDOW = 50;
  private static final Set<String> LATE = Set.of("forecast", "plateau", "final");
  private static final Set<String> AT_ONCE = Set.of("finite", "spike");

  private final CheckOptions options;
  private final long[] step = new long[MOST];
  private final double[] loss = new double[MOST];
  private final Map<String, double[]> columns = new LinkedHashMap<>();
  private final SortedWindow level = new SortedWindow(WINDOW);
  private final List<Finding> told = new ArrayList<>();
  private final Map<String, Long> pending = new LinkedHashMap<>();
  private int n;
  private long seen;
  private long nextLook = 1;
  private long nextLongLook = 64;

  /** Makes a checker with no rows. */
  public LiveChecker(CheckOptions options) {
    this.options = options;
  }

  /**
   * Takes the next row.
   *
   * @param at its step; rows from this step on that came before are replaced, as after a restart
   * @param value its loss, {@link Run#ABSENT} where none was logged
   * @param others further columns by canonical name, such as {@code lr} or {@code grad_norm}
   * @return findings that are new, or graver than when they were told
   */
  public List<Finding> add(long at, double value, Map<String, Double> others) {
    while (n > 0 && step[n - 1] >= at) {
      n--;
    }
    if (n == MOST) {
      thin();
    }
    step[n] = at;
    loss[n] = value;
    columns.values().forEach(c -> c[n] = Run.ABSENT);
    others.forEach((name, cell) -> column(name)[n] = cell);
    n++;
    seen++;
    return look(alarming(value));
  }

  private List<Finding> look(boolean alarming) {
    if (seen >= nextLook) {
      nextLook = seen + 1 + n / 32;
      Set<String> rules = new LinkedHashSet<>(options.rules());
      rules.remove("final");
      if (seen >= nextLongLook) {
        nextLongLook = seen + seen / 4;
      } else {
        rules.removeAll(LATE);
      }
      return news(check(0, rules), rules);
    }
    if (!alarming) {
      return List.of();
    }
    Set<String> rules = new LinkedHashSet<>(options.rules());
    rules.retainAll(AT_ONCE);
    return news(check(Math.max(0, n - RECENT), rules), rules);
  }

  /** Returns the verdict on everything so far, as if the run ended here. */
  public Verdict verdict() {
    List<Finding> all = new ArrayList<>(n == 0 ? List.of() : check(0, options.rules()));
    for (Finding finding : told) {
      boolean gone = n == 0 || finding.step() < step[0] || seen > n;
      boolean mayBeForgotten = gone && AT_ONCE.contains(finding.rule());
      if (mayBeForgotten && all.stream().noneMatch(f -> same(f, finding))) {
        all.add(finding);
      }
    }
    return Verdict.of(all, options.failOn());
  }

  private double[] column(String name) {
    return columns.computeIfAbsent(
        name,
        k -> {
          double[] cells = new double[MOST];
          Arrays.fill(cells, Run.ABSENT);
          return cells;
        });
  }

  /**
   * Says whether a loss that is not added yet stands out of the running level as a spike does, so
   * that its update is better left out.
   */
  public boolean standsOut(double value) {
    if (level.held() < WINDOW / 2 || Run.isAbsent(value)) {
      return false;
    }
    RuleSettings spike = new RuleSettings(Rules.info("spike"), options.values());
    double usual = level.median();
    double rise = spike.number("mads") * level.deviation(usual);
    return value > usual + Math.max(rise, spike.number("relative") * Math.abs(usual));
  }

  /** Says whether a row deserves a look at once. */
  private boolean alarming(double value) {
    if (Run.isAbsent(value)) {
      return false;
    }
    if (!(Math.abs(value) <= Double.MAX_VALUE)) {
      return true;
    }
    double usual = level.held() < 3 ? Double.NaN : level.median();
    double spread = level.held() < 3 ? Double.NaN : level.deviation(usual);
    level.push(value);
    return value > usual + Math.max(6 * spread, 0.05 * Math.abs(usual));
  }

  private void thin() {
    int half = MOST / 2;
    int kept = 0;
    for (int i = 0; i < MOST; i++) {
      if (i >= half || i % 2 == 0) {
        step[kept] = step[i];
        loss[kept] = loss[i];
        for (double[] column : columns.values()) {
          column[kept] = column[i];
        }
        kept++;
      }
    }
    n = kept;
  }

  private List<Finding> check(int from, Set<String> rules) {
    Map<String, double[]> cells = new LinkedHashMap<>();
    columns.forEach((name, column) -> cells.put(name, Arrays.copyOfRange(column, from, n)));
    Run run =
        new Run(
            "live",
            Arrays.copyOfRange(step, from, n),
            Arrays.copyOfRange(loss, from, n),
            cells,
            List.of());
    return Checker.check(run, options.only(rules)).findings();
  }

  /** Returns what is new in what these rules found. */
  private List<Finding> news(List<Finding> found, Set<String> rules) {
    List<Finding> out = new ArrayList<>();
    Set<String> rising = new LinkedHashSet<>();
    for (Finding finding : found) {
      Finding mild = settle(finding, rising);
      if (mild == null) {
        continue;
      }
      int at = -1;
      for (int i = 0; i < told.size(); i++) {
        at = same(told.get(i), mild) ? i : at;
      }
      if (at < 0) {
        told.add(mild);
        out.add(mild);
      } else if (told.get(at).severity().compareTo(mild.severity()) < 0) {
        told.set(at, mild);
        out.add(mild);
      }
    }
    // a look by some of the rules knows nothing of the others
    pending.keySet().removeIf(rule -> rules.contains(rule) && !rising.contains(rule));
    return out;
  }

  /** Returns a finding as it may be told of a run that goes on, or null for not yet. */
  private Finding settle(Finding finding, Set<String> rising) {
    long last = step[n - 1];
    if (finding.rule().equals("spike")) {
      boolean open = finding.message().contains("; not back by");
      boolean young = n < WINDOW || finding.step() > step[n - WINDOW];
      // In a log of every step, one or two steps may be a hard batch: wait for the third.
      boolean wait = n > 2 && step[n - 1] - step[n - 3] == 2 && finding.step() > step[n - 3];
      return open && wait ? null : young && open ? as(finding, Severity.WARNING) : finding;
    }
    if (finding.rule().equals("finite")) {
      return finding;
    }
    // A tenth of the rows later, and three of them at least, it must still be there.
    rising.add(finding.rule());
    Long since = pending.putIfAbsent(finding.rule(), seen);
    boolean lasted = since != null && seen - since >= Math.max(3, Math.min(200, n / 20));
    return lasted && last > finding.step() ? finding : null;
  }

  private static Finding as(Finding finding, Severity severity) {
    return new Finding(finding.rule(), severity, finding.step(), finding.message());
  }

  /** Spikes are told apart by their place, other findings by their rule and subject. */
  private boolean same(Finding a, Finding b) {
    if (!a.rule().equals(b.rule())) {
      return false;
    }
    if (!a.rule().equals("spike")) {
      return subject(a).equals(subject(b));
    }
    long apart = Math.abs(a.step() - b.step());
    long interval = n < 2 ? 1 : Math.max(1, (step[n - 1] - step[Math.max(0, n - WINDOW)]) / WINDOW);
    return apart <= WINDOW * interval;
  }

  private static String subject(Finding finding) {
    String[] words = finding.message().split(" ", 3);
    return (words[0] + (words.length > 1 ? words[1] : "")).replaceAll("[^a-z]", "");
  }
}
