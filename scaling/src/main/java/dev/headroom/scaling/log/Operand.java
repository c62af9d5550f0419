package dev.headroom.scaling.log;

/**
 * One side of a comparison in a row filter.
 *
 * @param value its number on a row
 * @param column the column where it is one alone, else null
 * @param literal the text where it is quoted, else null
 */
record Operand(Value value, String column, String literal) {

  /** A number that depends on the row. */
  interface Value {
    double of(Cells cells);
  }

  String text(Cells cells) {
    return literal != null ? literal : column == null ? null : cells.text(cells.find(column));
  }

  static boolean compare(double x, String op, double y) {
    switch (op) {
      case "<":
        return x < y;
      case "<=":
        return x <= y;
      case ">":
        return x > y;
      case ">=":
        return x >= y;
      case "==":
        return x == y;
      default:
        return x != y;
    }
  }
}
