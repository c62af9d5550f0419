package dev.headroom.scaling.check;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** Lists the rules. A new rule is one file and one line here. */
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
    return ALL.stream().map(Rule::info).toList();
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
    for (Rule rule : ALL) {
      if (rule.info().id().equals(id)) {
        return rule.info();
      }
    }
    List<String> known = new ArrayList<>(ids());
    String last = known.remove(known.size() - 1);
    throw new IllegalArgumentException(
        "rule: " + id + " (expected: " + String.join(", ", known) + " or " + last + ")");
  }
}
