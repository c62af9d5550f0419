package dev.headroom.scaling.log;

import java.util.List;
import java.util.TreeSet;

/**
 * Keeps the rows for which a condition holds.
 *
 * <p>Grammar: comparisons ({@code < <= > >= == !=}) of sums, products and columns, joined by {@code
 * and}, {@code or}, {@code not} and parentheses. A column with a blank in its name stands in double
 * quotes or backticks; text stands in single quotes and is compared with {@code ==} and {@code !=}.
 * A row without one of the values is dropped.
 */
public final class RowFilter {
  private static final RowFilter ALL = new RowFilter("", List.of(), cells -> true);

  /** A condition on a row. */
  interface Condition {
    boolean holds(Cells cells);
  }

  private final String text;
  private final List<String> columns;
  private final Condition condition;

  private RowFilter(String text, List<String> columns, Condition condition) {
    this.text = text;
    this.columns = List.copyOf(columns);
    this.condition = condition;
  }

  /** Returns the filter that keeps every row. */
  public static RowFilter all() {
    return ALL;
  }

  /**
   * Reads a condition such as {@code C < 1e21 and loss < 4.9}.
   *
   * @throws IllegalArgumentException if the text is no condition; the message says where
   */
  public static RowFilter parse(String text) {
    TreeSet<String> names = new TreeSet<>();
    Condition condition = new FilterParser(text, names).parse();
    return new RowFilter(text, List.copyOf(names), condition);
  }

  /** Returns the names of the columns that the condition reads. */
  public List<String> columns() {
    return columns;
  }

  boolean test(Cells cells) {
    return condition.holds(cells);
  }

  @Override
  public String toString() {
    return text;
  }
}
