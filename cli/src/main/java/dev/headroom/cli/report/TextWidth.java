package dev.headroom.cli.report;

/**
 * Estimates how wide a text will be without asking a font.
 *
 * <p>Layout must not depend on the fonts of the machine, or no picture could be compared with a
 * stored one. The widths are those of DejaVu Sans, which is wider than the other common sans-serif
 * faces, so that what fits here fits there.
 */
final class TextWidth {

  /** Hundredths of an em for the characters 32 to 126. */
  private static final int[] HUNDREDTHS = {
    32, 40, 46, 84, 64, 95, 78, 27, 39, 39, 50, 84, 32, 36, 32, 34, 64, 64, 64, 64, 64, 64, 64, 64,
    64, 64, 34, 34, 84, 84, 84, 53, 100, 68, 69, 70, 77, 63, 58, 77, 75, 29, 29, 66, 56, 86, 75, 79,
    60, 79, 69, 63, 61, 73, 68, 99, 69, 61, 69, 39, 34, 39, 84, 50, 50, 61, 63, 55, 63, 62, 35, 63,
    63, 28, 28, 58, 28, 97, 63, 61, 63, 63, 41, 52, 39, 63, 59, 82, 59, 59, 52, 64, 34, 64, 84
  };

  private TextWidth() {}

  /** Returns the width in pixels at the given font size. */
  static double of(String text, double size, boolean bold) {
    double sum = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      sum += c >= 32 && c <= 126 ? HUNDREDTHS[c - 32] : 80;
    }
    return sum * size / 100 * (bold ? 1.1 : 1);
  }

  /** Cuts a text in its middle until it fits. */
  static String fitted(String text, double size, double room) {
    if (of(text, size, false) <= room) {
      return text;
    }
    for (int keep = text.length() - 1; keep > 2; keep--) {
      int head = (keep + 1) / 2;
      String cut = text.substring(0, head) + "\u2026" + text.substring(text.length() - keep + head);
      if (of(cut, size, false) <= room) {
        return cut;
      }
    }
    return "\u2026";
  }
}
