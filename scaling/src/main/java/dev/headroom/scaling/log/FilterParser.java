package dev.headroom.scaling.log;

import java.util.Set;

/** Parses the text of a row filter by recursive descent. */
final class FilterParser {
  private static final int DEEPEST = 100;

  private final String text;
  private final Set<String> names;
  private int at;
  private int depth;

  FilterParser(String text, Set<String> names) {
    this.text = text;
    this.names = names;
  }

  RowFilter.Condition parse() {
    RowFilter.Condition out = or();
    if (peek() != 0) {
      throw wrong("and, or, or the end");
    }
    return out;
  }

  private RowFilter.Condition or() {
    RowFilter.Condition left = and();
    while (word("or") || sign("||")) {
      RowFilter.Condition a = left;
      RowFilter.Condition b = and();
      left = cells -> a.holds(cells) || b.holds(cells);
    }
    return left;
  }

  private RowFilter.Condition and() {
    RowFilter.Condition left = not();
    while (word("and") || sign("&&")) {
      RowFilter.Condition a = left;
      RowFilter.Condition b = not();
      left = cells -> a.holds(cells) && b.holds(cells);
    }
    return left;
  }

  private RowFilter.Condition not() {
    if (word("not") || (peek() == '!' && sign("!"))) {
      deeper();
      RowFilter.Condition inner = not();
      depth--;
      return cells -> !inner.holds(cells);
    }
    if (peek() == '(' && holdsComparison()) {
      at++;
      deeper();
      RowFilter.Condition inner = or();
      if (!sign(")")) {
        throw wrong("a closing parenthesis");
      }
      depth--;
      return inner;
    }
    return comparison();
  }

  private void deeper() {
    if (++depth > DEEPEST) {
      throw wrong("at most " + DEEPEST + " parentheses, signs or negations inside each other");
    }
  }

  /** Says whether the parenthesis here opens a condition rather than a sum. */
  private boolean holdsComparison() {
    int open = 0;
    for (int i = at; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '\'' || c == '"' || c == '`') {
        int close = text.indexOf(c, i + 1);
        i = close < 0 ? text.length() : close;
      } else if ("<>=!&|".indexOf(c) >= 0) {
        return true;
      } else if (c == '(') {
        open++;
      } else if (c == ')' && --open == 0) {
        return false;
      }
    }
    return false;
  }

  private RowFilter.Condition comparison() {
    Operand a = sum();
    String op = operator();
    Operand b = sum();
    boolean words = a.literal() != null || b.literal() != null;
    if (words && !op.equals("==") && !op.equals("!=")) {
      throw wrong("== or != with text in quotes");
    }
    if (words) {
      boolean same = op.equals("==");
      return cells -> {
        String x = a.text(cells);
        String y = b.text(cells);
        return x != null && y != null && x.equals(y) == same;
      };
    }
    return cells -> {
      double x = a.value().of(cells);
      double y = b.value().of(cells);
      return !Run.isAbsent(x) && !Run.isAbsent(y) && Operand.compare(x, op, y);
    };
  }

  private String operator() {
    for (String op : new String[] {"<=", ">=", "==", "!=", "<", ">", "="}) {
      if (sign(op)) {
        return op.equals("=") ? "==" : op;
      }
    }
    throw wrong("a comparison: <, <=, >, >=, == or !=");
  }

  private Operand sum() {
    Operand left = product();
    while (peek() == '+' || peek() == '-') {
      char op = text.charAt(at++);
      left = combine(op, left, product());
    }
    return left;
  }

  private Operand product() {
    Operand left = operand();
    while (peek() == '*' || peek() == '/') {
      char op = text.charAt(at++);
      left = combine(op, left, operand());
    }
    return left;
  }

  private Operand combine(char op, Operand a, Operand b) {
    if (a.literal() != null || b.literal() != null) {
      throw wrong("numbers on both sides of " + op);
    }
    Operand.Value x = a.value();
    Operand.Value y = b.value();
    return new Operand(
        cells -> {
          double u = x.of(cells);
          double v = y.of(cells);
          if (Run.isAbsent(u) || Run.isAbsent(v)) {
            return Run.ABSENT;
          }
          return op == '+' ? u + v : op == '-' ? u - v : op == '*' ? u * v : u / v;
        },
        null,
        null);
  }

  private Operand operand() {
    char c = peek();
    if (c == '(') {
      at++;
      deeper();
      Operand inner = sum();
      if (!sign(")")) {
        throw wrong("a closing parenthesis");
      }
      depth--;
      return inner;
    }
    if (c == '-') {
      at++;
      deeper();
      Operand positive = operand();
      depth--;
      return combine('-', new Operand(cells -> 0, null, null), positive);
    }
    if (c == '\'') {
      return new Operand(cells -> Run.ABSENT, null, quoted(c));
    }
    if (c == '"' || c == '`') {
      return column(quoted(c));
    }
    if ((c >= '0' && c <= '9') || c == '.') {
      return number();
    }
    if (Character.isLetter(c) || c == '_') {
      int start = at;
      while (at < text.length() && isName(text.charAt(at))) {
        at++;
      }
      return column(text.substring(start, at));
    }
    throw wrong("a number or a column");
  }

  private static boolean isName(char c) {
    return Character.isLetterOrDigit(c) || c == '_' || c == '.';
  }

  private Operand column(String name) {
    names.add(name);
    return new Operand(cells -> cells.number(cells.find(name)), name, null);
  }

  private Operand number() {
    int start = at;
    while (at < text.length()) {
      char c = text.charAt(at);
      char before = text.charAt(Math.max(start, at - 1));
      boolean exponentSign = (c == '-' || c == '+') && (before == 'e' || before == 'E');
      if (!isName(c) && !exponentSign) {
        break;
      }
      at++;
    }
    String digits = text.substring(start, at);
    try {
      double x = Double.parseDouble(digits);
      return new Operand(cells -> x, null, null);
    } catch (NumberFormatException e) {
      at = start;
      throw wrong("a number");
    }
  }

  private String quoted(char quote) {
    int close = text.indexOf(quote, at + 1);
    if (close < 0) {
      throw wrong("a closing " + quote);
    }
    String inside = text.substring(at + 1, close);
    at = close + 1;
    return inside;
  }

  private char peek() {
    while (at < text.length() && Character.isWhitespace(text.charAt(at))) {
      at++;
    }
    return at < text.length() ? text.charAt(at) : 0;
  }

  private boolean sign(String s) {
    peek();
    if (!text.startsWith(s, at)) {
      return false;
    }
    at += s.length();
    return true;
  }

  private boolean word(String w) {
    peek();
    int end = at + w.length();
    if (!text.regionMatches(true, at, w, 0, w.length())
        || (end < text.length() && isName(text.charAt(end)))) {
      return false;
    }
    at = end;
    return true;
  }

  private IllegalArgumentException wrong(String expected) {
    String rest = at < text.length() ? "'" + text.substring(at) + "'" : "the end";
    return new IllegalArgumentException(
        "where: "
            + rest
            + " at character "
            + (at + 1)
            + " of '"
            + text
            + "' (expected: "
            + expected
            + ")");
  }
}
