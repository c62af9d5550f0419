package dev.headroom.cli.report;

/**
 * The colours by their role, for a light and for a dark background.
 *
 * <p>The series colours are those of Okabe and Ito ("Color Universal Design", 2008), told apart
 * with every common kind of colour blindness; darkened or lightened where the contrast with the
 * background was below 3 to 1.
 */
public enum Ink {
  /** The background. */
  SURFACE("#ffffff", "#16181d"),
  /** Lines behind the data. */
  GRID("#e3e6ea", "#2d3138"),
  /** The frame and tick marks. */
  AXIS("#6b7280", "#8b93a1"),
  /** Title and labels. */
  TEXT("#1f2430", "#e6e8ec"),
  /** Less important text. */
  MUTED("#5b6472", "#a3abb8"),
  /** First series: blue. */
  S0("#0072b2", "#56b4e9"),
  /** Second series: vermilion. */
  S1("#d55e00", "#f0803c"),
  /** Third series: green. */
  S2("#007f5c", "#2cc295"),
  /** Fourth series: purple. */
  S3("#b8528c", "#e8a0cb"),
  /** Fifth series: orange. */
  S4("#a87400", "#e6b422"),
  /** Sixth series: grey. */
  S5("#4d4d4d", "#c8c8c8");

  private static final Ink[] SERIES = {S0, S1, S2, S3, S4, S5};

  private final String light;
  private final String dark;

  Ink(String light, String dark) {
    this.light = light;
    this.dark = dark;
  }

  /** Returns the colour on a light background, as {@code #rrggbb}. */
  public String light() {
    return light;
  }

  /** Returns the colour on a dark background, as {@code #rrggbb}. */
  public String dark() {
    return dark;
  }

  /** Returns the colour of a series; after the sixth they begin again. */
  public static Ink series(int number) {
    return SERIES[Math.floorMod(number, SERIES.length)];
  }
}
