package dev.headroom.scaling.check.trial;

import dev.headroom.scaling.check.CheckOptions;
import dev.headroom.scaling.check.Checker;
import dev.headroom.scaling.check.Finding;
import dev.headroom.scaling.check.LiveChecker;
import dev.headroom.scaling.check.Severity;
import dev.headroom.scaling.log.Run;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Measures the rules at their defaults: alarms on good runs, labelled faults, injected faults.
 *
 * <p>Every run is judged twice: whole, and row by row as it would come while training.
 */
public final class CheckTrials {
  private static final int FEWEST_ROWS = 100;
  private static final int MOST_ROWS = 5000;
  private static final double QUIET = 0.03;
  private static final CheckOptions OPTIONS = CheckOptions.defaults();

  private CheckTrials() {}

  /** Judges a set of good runs. */
  public static TrialRow healthy(String name, List<Run> runs) {
    long points = 0;
    int errors = 0;
    int warnings = 0;
    int live = 0;
    String first = "";
    for (Run run : runs) {
      points += run.size();
      List<Finding> findings = Checker.check(run, OPTIONS).findings();
      boolean error = findings.stream().anyMatch(f -> f.severity() == Severity.ERROR);
      boolean warning = findings.stream().anyMatch(f -> f.severity() == Severity.WARNING);
      errors += error ? 1 : 0;
      warnings += warning && !error ? 1 : 0;
      live += told(run).values().stream().anyMatch(f -> f.severity() == Severity.ERROR) ? 1 : 0;
      if (first.isEmpty() && (error || warning)) {
        first = first(findings);
      }
    }
    return new TrialRow(
        "healthy", name, runs.size(), points, errors, warnings, live, Double.NaN, first);
  }

  /** Looks for a labelled fault. */
  public static TrialRow labelled(LabelledRun label) {
    Run run = label.run();
    List<Finding> hits =
        Checker.check(run, OPTIONS).findings().stream().filter(f -> hit(label, f)).toList();
    double delay = Double.NaN;
    int start = row(run, label.from());
    for (Map.Entry<Integer, Finding> told : told(run).entrySet()) {
      if (Double.isNaN(delay) && hit(label, told.getValue())) {
        delay = Math.max(0, told.getKey() - start);
      }
    }
    return new TrialRow(
        "labelled",
        run.name() + ": " + label.what(),
        1,
        run.size(),
        hits.isEmpty() ? 0 : 1,
        0,
        Double.isNaN(delay) ? 0 : 1,
        delay,
        first(hits));
  }

  /**
   * Puts every fault into every run of 100 to 5,000 rows that is silent without it; quiet runs,
   * whose single losses have a noise of 3 % or less, apart from noisy ones.
   */
  public static List<TrialRow> injected(List<Run> runs) {
    List<Run> quiet = new ArrayList<>();
    List<Run> noisy = new ArrayList<>();
    for (Run run : runs) {
      boolean fits = run.size() >= FEWEST_ROWS && run.size() <= MOST_ROWS;
      if (fits && Checker.check(run, OPTIONS).findings().isEmpty()) {
        (noise(run) <= QUIET ? quiet : noisy).add(run);
      }
    }
    List<TrialRow> out = new ArrayList<>();
    for (Fault fault : Fault.ALL) {
      if (!quiet.isEmpty()) {
        out.add(injected(fault, "quiet: ", quiet));
      }
    }
    for (Fault fault : Fault.ALL) {
      if (!noisy.isEmpty()) {
        out.add(injected(fault, "noisy: ", noisy));
      }
    }
    return out;
  }

  /** The spread of one loss, from differences of neighbours. */
  private static double noise(Run run) {
    double[] steps = new double[run.size() - 1];
    for (int i = 0; i < steps.length; i++) {
      steps[i] = Math.abs(Math.log(run.loss()[i + 1] / run.loss()[i]));
    }
    Arrays.sort(steps);
    return 1.4826 * steps[steps.length / 2] / Math.sqrt(2);
  }

  private static TrialRow injected(Fault fault, String kind, List<Run> runs) {
    int found = 0;
    long points = 0;
    List<Double> delays = new ArrayList<>();
    String first = "";
    for (Run run : runs) {
      Run bad = fault.into(run);
      points += bad.size();
      List<Finding> hits =
          Checker.check(bad, OPTIONS).findings().stream()
              .filter(f -> fault.rules().contains(f.rule()))
              .toList();
      found += hits.isEmpty() ? 0 : 1;
      first = first.isEmpty() ? first(hits) : first;
      for (Map.Entry<Integer, Finding> told : told(bad).entrySet()) {
        if (fault.rules().contains(told.getValue().rule())) {
          delays.add((double) Math.max(0, told.getKey() - fault.start(bad)));
          break;
        }
      }
    }
    double[] sorted = delays.stream().mapToDouble(Double::doubleValue).sorted().toArray();
    double delay = sorted.length == 0 ? Double.NaN : sorted[sorted.length / 2];
    return new TrialRow(
        "injected",
        kind + fault.text(),
        runs.size(),
        points,
        found,
        0,
        delays.size(),
        delay,
        first);
  }

  /** Returns what is told while the rows come, by row; of one row the gravest. */
  private static Map<Integer, Finding> told(Run run) {
    LiveChecker live = new LiveChecker(OPTIONS);
    Map<Integer, Finding> out = new LinkedHashMap<>();
    for (int i = 0; i < run.size(); i++) {
      Map<String, Double> others = new LinkedHashMap<>();
      for (Map.Entry<String, double[]> e : run.columns().entrySet()) {
        others.put(e.getKey(), e.getValue()[i]);
      }
      for (Finding finding : live.add(run.step()[i], run.loss()[i], others)) {
        out.merge(i, finding, (a, b) -> a.severity().compareTo(b.severity()) < 0 ? b : a);
      }
    }
    return out;
  }

  private static boolean hit(LabelledRun label, Finding finding) {
    return label.rules().contains(finding.rule())
        && finding.severity() != Severity.INFO
        && finding.step() >= label.from()
        && finding.step() <= label.to();
  }

  private static int row(Run run, long step) {
    int at = Arrays.binarySearch(run.step(), step);
    return at < 0 ? -at - 1 : at;
  }

  private static String first(List<Finding> findings) {
    return findings.isEmpty() ? "" : findings.get(0).rule() + ": " + findings.get(0).message();
  }
}
