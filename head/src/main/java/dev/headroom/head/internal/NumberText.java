package dev.headroom.head.internal;

import dev.headroom.head.NumberTokens.Kind;

/** Decides whether the text of a token is a number, and which. */
public final class NumberText {
  // so many digits come back from a double as they were
  private static final int SIGNIFICANT = 15;
  private static final long LARGEST = 1L << 53;

  private NumberText() {}

  static boolean isDigit(char c) {
    return c >= '0' && c <= '9';
  }

  static boolean hasDigit(String text) {
    for (int i = 0; i < text.length(); i++) {
      if (isDigit(text.charAt(i))) {
        return true;
      }
    }
    return false;
  }

  /** Returns whether a text without marks is a number of a kind. */
  public static boolean matches(String text, Kind kind) {
    int end = text.length() - 1;
    if (end < 0 || kind == Kind.DIGITS && end > 0) {
      return false;
    }
    int points = 0;
    for (int i = 0; i <= end; i++) {
      char c = text.charAt(i);
      if (!isDigit(c)) {
        points++;
        if (c != '.' || i == 0 || i == end || points > 1 || kind != Kind.DECIMALS) {
          return false;
        }
      }
    }
    return true;
  }

  /** Returns the value of a number, or NaN where a double cannot tell it from its neighbours. */
  public static double value(String text) {
    int from = 0;
    while (from < text.length() - 1 && text.charAt(from) == '0') {
      from++;
    }
    String bare = text.substring(from);
    if (bare.indexOf('.') >= 0) {
      return digits(bare) <= SIGNIFICANT ? Double.parseDouble(bare) : Double.NaN;
    }
    if (bare.length() > SIGNIFICANT + 1) {
      return Double.NaN;
    }
    long whole = Long.parseLong(bare);
    return whole <= LARGEST ? whole : Double.NaN;
  }

  /** Returns how many digits a number has. */
  public static int digits(String text) {
    return text.length() - (text.indexOf('.') < 0 ? 0 : 1);
  }
}
