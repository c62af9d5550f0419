package dev.headroom.scaling.check;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * Lists the rules. A new rule is one file and one line here.
 *
 * <p>All but {@code baseline} need nothing but the run and are applied by {@link Checker}; that one
 * is declared here, so that it is set and graded as the others are, and applied by {@link
 * dev.headroom.scaling.check.baseline.BaselineComparison}, which has the golden runs.
 */
public final class Rules {

  static final List<Rule> ALL =
      List.of(
          new FiniteRule(),
          new SpikeRule(),
          new DivergenceRule(),
          new PlateauRule(),
          new ForecastRule(),
          new FinalRule(),
          new ScheduleRule(),
          new GradientRule(),
          new LogitsRule(),
          new AlignmentRule(),
          new ThroughputRule(),
          new StallRule(),
          new GapsRule());

  private Rules() {}

  /** Returns every declaration, in the order in which rules are applied. */
  public static List<RuleInfo> infos() {
    List<RuleInfo> out = new ArrayList<>(ALL.stream().map(Rule::info).toList());
    out.add(BaselineRule.INFO);
    return out;
  }

  /** Returns every rule id. */
  public static Set<String> ids() {
    Set<String> out = new LinkedHashSet<>();
    infos().forEach(i -> out.add(i.id()));
    return out;
  }

  /**
   * Returns the declaration of a rule.
   *
   * @throws IllegalArgumentException if there is no such rule
   */
  public static RuleInfo info(String id) {
    for (RuleInfo info : infos()) {
      if (info.id().equals(id)) {
        return info;
      }
    }
    List<String> known = new ArrayList<>(ids());
    String last = known.remove(known.size() - 1);
    throw new IllegalArgumentException(
        "rule: " + id + " (expected: " + String.join(", ", known) + " or " + last + ")");
  }
}
