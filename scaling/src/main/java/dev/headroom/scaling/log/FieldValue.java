package dev.headroom.scaling.log;

import java.util.Locale;

/**
 * Reads one value as a line scanner found it: a number, perhaps with thousands separators, and the
 * unit or the letter for a power of ten behind it; NaN and infinity in words; or text.
 *
 * <p>The fields say where its parts end, so that a plain number costs no string.
 */
final class FieldValue {
  private int from;
  private int exponent;
  private boolean isNumber;

  /** End of the number, or of the text where the value is none. */
  int end;

  /** End of the unit behind the number. */
  int unitEnd;

  /** Reads what stands from a to b, which is not empty. */
  void scan(char[] t, int a, int b) {
    from = a;
    exponent = 0;
    int digits = t[a] == '-' || t[a] == '+' ? a + 1 : a;
    int i = mantissa(t, digits, b);
    if (i == digits) {
      word(t, digits, b);
      return;
    }
    i = power(t, i, b);
    while (i > digits && (t[i - 1] == ',' || t[i - 1] == '.')) {
      i--;
    }
    unit(t, i, b);
  }

  private static int mantissa(char[] t, int a, int b) {
    int i = a;
    while (i < b && ((t[i] >= '0' && t[i] <= '9') || t[i] == '.' || t[i] == ',')) {
      i++;
    }
    return i;
  }

  private static int power(char[] t, int a, int b) {
    if (a >= b || (t[a] != 'e' && t[a] != 'E')) {
      return a;
    }
    int digits = a + 1 < b && (t[a + 1] == '-' || t[a + 1] == '+') ? a + 2 : a + 1;
    int i = digits;
    while (i < b && t[i] >= '0' && t[i] <= '9') {
      i++;
    }
    return i > digits ? i : a;
  }

  /** Reads NaN or infinity; with a unit a NaN means "not known yet" and is no number. */
  private void word(char[] t, int a, int b) {
    int i = a;
    while (i < b && Character.isLetter(t[i])) {
      i++;
    }
    String word = new String(t, a, i - a).toLowerCase(Locale.ROOT);
    isNumber = word.equals("nan") || word.equals("inf") || word.equals("infinity");
    end = isNumber ? i : b;
    unitEnd = end;
  }

  private void unit(char[] t, int number, int b) {
    int i = number;
    isNumber = number > from;
    while (isNumber && i < b && " (,)];\t".indexOf(t[i]) < 0) {
      isNumber = t[i] != ':' && (t[i] < '0' || t[i] > '9'); // else a time or a date
      i++;
    }
    end = isNumber ? number : b;
    unitEnd = isNumber ? i : b;
    if (isNumber && i == number + 1) {
      exponent = exponent(t[number]);
      unitEnd = exponent == 0 ? i : number;
    }
  }

  private static int exponent(char letter) {
    switch (letter) {
      case 'K':
      case 'k':
        return 3;
      case 'M':
        return 6;
      case 'B':
        return 9;
      case 'T':
        return 12;
      default:
        return 0;
    }
  }

  /** Says whether the value is a number, NaN or infinity. */
  boolean isNumber() {
    return isNumber;
  }

  /** Says whether the number can be read as it stands. */
  boolean isPlain(char[] t) {
    for (int i = from; i < end; i++) {
      if (t[i] == ',') {
        return false;
      }
    }
    return exponent == 0;
  }

  /** Returns the number without separators. */
  String text(char[] t) {
    String digits = new String(t, from, end - from).replace(",", "");
    return exponent == 0 ? digits : digits + "e" + exponent;
  }
}
