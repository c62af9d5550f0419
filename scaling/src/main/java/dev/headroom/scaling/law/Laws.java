package dev.headroom.scaling.law;

import java.util.List;

/** Lists the laws that can be fitted by name. */
public final class Laws {

  private static final List<Law> ALL =
      List.of(new PowerLaw(), new PurePowerLaw(), new ChinchillaLaw(), new AnnealingLaw());

  private Laws() {}

  /** Returns all laws, in the order they are shown to a user. */
  public static List<Law> all() {
    return ALL;
  }

  /**
   * Returns the law of this name.
   *
   * @throws IllegalArgumentException for a name that no law has, with the names that exist
   */
  public static Law named(String name) {
    StringBuilder names = new StringBuilder();
    for (Law law : ALL) {
      if (law.name().equals(name)) {
        return law;
      }
      names.append(names.length() == 0 ? "" : ", ").append(law.name());
    }
    throw new IllegalArgumentException("law: " + name + " (expected: one of " + names + ")");
  }
}
