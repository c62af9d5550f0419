package dev.headroom.scaling.law.text;

import java.util.ArrayList;
import java.util.List;

/**
 * Reads a formula by recursive descent.
 *
 * <pre>
 * sum     = product { ("+" | "-") product }
 * product = signed { ["*" | "/"] signed }       a blank between two operands multiplies
 * signed  = ("-" | "+") signed | power
 * power   = operand [ ("^" | "**") signed ]     so -x^2 is -(x^2), and x^-a^b is x^(-(a^b))
 * operand = number | name | function "(" sum { "," sum } ")" | "(" sum ")" | "[" sum "]"
 * </pre>
 *
 * <p>Names that are no variables are parameters, in the order of their appearance.
 */
final class FormulaParser {

  private static final int DEPTH = 100;
  private static final int MOST = 60;
  private static final String OPERAND = "a number, a name or '('";
  private static final String FUNCTIONS =
      "exp, log, sqrt, pow, sigmoid, tanh, min, max, abs, atan, sin, cos";

  private final String text;
  private final Graph graph;
  private final List<String> variables;
  private final List<String> parameters = new ArrayList<>();
  private int at;
  private int depth;

  FormulaParser(String text, Graph graph, List<String> variables) {
    this.text = text;
    this.graph = graph;
    this.variables = variables;
  }

  /**
   * Reads the whole text.
   *
   * @return the node of the formula
   */
  int parse() {
    int sum = sum();
    if (more()) {
      throw unexpected("an operator or the end");
    }
    return sum;
  }

  /** Returns the parameters that were met. */
  List<String> parameters() {
    return parameters;
  }

  private int sum() {
    if (++depth > DEPTH) {
      throw new IllegalArgumentException(
          "formula: nested too deep at " + (at + 1) + " (expected: at most " + DEPTH + " levels)");
    }
    int left = product();
    while (more() && (peek() == '+' || peek() == '-')) {
      Op op = text.charAt(at++) == '+' ? Op.ADD : Op.SUBTRACT;
      left = graph.of(op, left, product());
    }
    depth--;
    return left;
  }

  private int product() {
    int left = signed();
    while (more()) {
      char next = peek();
      if (next == '*' || next == '/') {
        at++;
        left = graph.of(next == '*' ? Op.MULTIPLY : Op.DIVIDE, left, signed());
      } else if (startsOperand(next)) {
        left = graph.of(Op.MULTIPLY, left, power());
      } else {
        break;
      }
    }
    return left;
  }

  private int signed() {
    boolean negative = false;
    while (more() && (peek() == '-' || peek() == '+')) {
      negative ^= text.charAt(at++) == '-';
    }
    int power = power();
    return negative ? graph.of(Op.NEGATE, power) : power;
  }

  private int power() {
    int base = operand();
    boolean stars = more() && text.startsWith("**", at);
    if (!more() || (peek() != '^' && !stars)) {
      return base;
    }
    at += stars ? 2 : 1;
    if (++depth > DEPTH) {
      throw unexpected("fewer powers of powers");
    }
    int exponent = signed();
    depth--;
    return graph.of(Op.POW, base, exponent);
  }

  private int operand() {
    if (!more()) {
      throw unexpected(OPERAND);
    }
    char next = peek();
    if (next == '(' || next == '[') {
      at++;
      int inside = sum();
      close(next == '(' ? ')' : ']');
      return inside;
    }
    if (Character.isDigit(next) || next == '.') {
      return number();
    }
    if (Character.isLetter(next) || next == '_') {
      return name();
    }
    throw unexpected(OPERAND);
  }

  private int number() {
    int start = at;
    digits();
    if (at < text.length() && text.charAt(at) == '.') {
      at++;
      digits();
    }
    int mark = at;
    if (at < text.length() && (text.charAt(at) == 'e' || text.charAt(at) == 'E')) {
      at++;
      if (at < text.length() && (text.charAt(at) == '+' || text.charAt(at) == '-')) {
        at++;
      }
      int first = at;
      digits();
      // "2 exp(x)" and "2e" have no exponent: the letter begins a name.
      at = at == first ? mark : at;
    }
    String digits = text.substring(start, at);
    boolean none = digits.matches("(\\.([eE].*)?)?");
    double value = none ? Double.NaN : Double.parseDouble(digits);
    if (!Double.isFinite(value)) {
      throw new IllegalArgumentException(
          "formula: number '" + digits + "' at " + (start + 1) + " (expected: a finite number)");
    }
    return graph.number(value);
  }

  private void digits() {
    while (at < text.length() && text.charAt(at) >= '0' && text.charAt(at) <= '9') {
      at++;
    }
  }

  private int name() {
    int start = at;
    while (at < text.length()
        && (Character.isLetterOrDigit(text.charAt(at)) || text.charAt(at) == '_')) {
      at++;
    }
    String name = text.substring(start, at);
    boolean called = at < text.length() && text.charAt(at) == '(';
    Op function = Op.function(name);
    boolean bracketed = function != null && more() && (peek() == '(' || peek() == '[');
    if (bracketed) {
      return call(function, name);
    }
    if (function != null) {
      throw unexpected("'(' after " + name);
    }
    if (called && !variables.contains(name) && !name.equals("pi")) {
      throw new IllegalArgumentException(
          ("formula: unknown function '" + name + "' at " + (start + 1))
              + (" (expected: one of " + FUNCTIONS + "; or " + name + "*(...) for a product)"));
    }
    return named(name);
  }

  private int named(String name) {
    int variable = variables.indexOf(name);
    if (variable >= 0) {
      return graph.variable(variable);
    }
    if (name.equals("pi")) {
      return graph.number(Math.PI);
    }
    if (!parameters.contains(name)) {
      parameters.add(name);
    }
    if (parameters.size() > MOST) {
      throw new IllegalArgumentException(
          "formula: " + parameters.size() + " parameters (expected: at most " + MOST + ")");
    }
    return graph.parameter(parameters.indexOf(name));
  }

  private int call(Op function, String name) {
    char close = text.charAt(at++) == '(' ? ')' : ']';
    int first = sum();
    if (function.operands() == 1) {
      close(close);
      return graph.of(function, first);
    }
    if (!more() || peek() != ',') {
      throw unexpected("',' and the second argument of " + name);
    }
    at++;
    int second = sum();
    close(close);
    return graph.of(function, first, second);
  }

  private void close(char bracket) {
    if (!more() || peek() != bracket) {
      throw unexpected("an operator or '" + bracket + "'");
    }
    at++;
  }

  private boolean more() {
    while (at < text.length() && Character.isWhitespace(text.charAt(at))) {
      at++;
    }
    return at < text.length();
  }

  private char peek() {
    return text.charAt(at);
  }

  private static boolean startsOperand(char next) {
    return Character.isLetterOrDigit(next)
        || next == '_'
        || next == '.'
        || next == '('
        || next == '[';
  }

  private IllegalArgumentException unexpected(String expected) {
    String found = at < text.length() ? "unexpected '" + text.charAt(at) + "'" : "unexpected end";
    return new IllegalArgumentException(
        "formula: " + found + " at " + (at + 1) + " (expected: " + expected + ")");
  }
}
