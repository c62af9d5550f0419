package dev.headroom.scaling.check;

import java.util.List;

/** One rule: its declaration and what it finds. One file each, and one line in {@link Rules}. */
interface Rule {

  /** Returns the declaration. */
  RuleInfo info();

  /**
   * Adds what the rule finds.
   *
   * @param subject the run, with its finite losses
   * @param set the values of this rule's settings
   * @param out where findings go
   * @throws IllegalArgumentException if a setting asks for a column that the log does not have
   */
  void apply(Subject subject, RuleSettings set, List<Finding> out);
}
