package dev.headroom.cli;

import java.util.ArrayList;
import java.util.List;

/** What {@code doctor} found: rows of name and value, and whether something is wrong. */
final class Diagnosis {

  /**
   * One finding.
   *
   * @param name short name, as in the JSON
   * @param value what was found
   * @param good false where something is wrong
   */
  record Item(String name, String value, boolean good) {}

  private final List<Item> items = new ArrayList<>();

  void good(String name, String value) {
    items.add(new Item(name, value, true));
  }

  void bad(String name, String value) {
    items.add(new Item(name, value, false));
  }

  List<Item> items() {
    return List.copyOf(items);
  }

  boolean healthy() {
    return items.stream().allMatch(Item::good);
  }
}
