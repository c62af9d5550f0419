package dev.headroom.cli.report;

import dev.headroom.cli.report.Scene.Area;
import dev.headroom.cli.report.Scene.Mark;
import dev.headroom.cli.report.Scene.Path;
import dev.headroom.cli.report.Scene.Text;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.Arrays;

/**
 * Paints a scene as SVG: the same bytes for the same scene, light by attributes and dark by a media
 * query, so that it also serves where style sheets are ignored.
 */
public final class SvgPainter {

  private static final String FONT = "DejaVu Sans, Verdana, Helvetica, Arial, sans-serif";

  private final StringBuilder out = new StringBuilder(16_384);

  private SvgPainter() {}

  /** Returns the picture as an SVG document. */
  public static String paint(Scene scene) {
    SvgPainter painter = new SvgPainter();
    painter.document(scene);
    return painter.out.toString();
  }

  private void document(Scene scene) {
    int key = 31 * (scene.title() + scene.alt()).hashCode() + Arrays.hashCode(scene.plot());
    String id = "plot" + Integer.toHexString(key);
    out.append("<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"hr\" role=\"img\" viewBox=\"0 0 ")
        .append(scene.width() + " " + scene.height())
        .append("\" width=\"" + scene.width() + "\" height=\"" + scene.height())
        .append("\" font-family=\"" + FONT + "\">\n");
    out.append("<title>" + escape(scene.title()) + "</title>\n");
    out.append("<desc>" + escape(scene.alt()) + "</desc>\n");
    out.append("<style>" + darkStyle() + "</style>\n");
    double[] p = scene.plot();
    out.append("<clipPath id=\"" + id + "\"><rect x=\"" + number(p[0]) + "\" y=\"" + number(p[1]));
    out.append("\" width=\"" + number(p[2]) + "\" height=\"" + number(p[3]) + "\"/></clipPath>\n");
    out.append("<rect width=\"100%\" height=\"100%\" " + fill(Ink.SURFACE) + "/>\n");
    for (Mark mark : scene.marks()) {
      mark(mark, mark.clipped() ? " clip-path=\"url(#" + id + ")\"" : "");
    }
    out.append("</svg>\n");
  }

  private void mark(Mark mark, String clip) {
    if (mark instanceof Path path) {
      out.append("<path d=\"" + data(path.x(), path.y()) + "\" fill=\"none\" class=\"k-")
          .append(name(path.ink()) + "\" stroke=\"" + path.ink().light())
          .append("\" stroke-width=\"" + number(path.width()) + "\" stroke-linejoin=\"round\"")
          .append(path.dashed() ? " stroke-dasharray=\"6 4\"" : "")
          .append(clip + "/>\n");
    } else if (mark instanceof Area area) {
      out.append("<path d=\"" + data(area.x(), area.y()) + "Z\" " + fill(area.ink()))
          .append(" fill-opacity=\"" + number(area.opacity()) + "\"" + clip + "/>\n");
    } else if (mark instanceof Text text) {
      text(text);
    }
  }

  private void text(Text text) {
    String x = number(text.x());
    String y = number(text.y());
    String anchor = text.anchor().name().toLowerCase(java.util.Locale.ROOT);
    out.append("<text x=\"" + x + "\" y=\"" + y + "\" " + fill(text.ink()))
        .append(" font-size=\"" + number(text.size()) + "\" text-anchor=\"" + anchor + "\"")
        .append(text.bold() ? " font-weight=\"bold\"" : "")
        .append(text.turned() ? " transform=\"rotate(-90 " + x + " " + y + ")\"" : "")
        .append(">" + escape(text.text()) + "</text>\n");
  }

  private static String data(double[] x, double[] y) {
    StringBuilder path = new StringBuilder(x.length * 12);
    for (int i = 0; i < x.length; i++) {
      path.append(i == 0 ? "M" : "L").append(number(x[i])).append(' ').append(number(y[i]));
    }
    return path.toString();
  }

  private static String fill(Ink ink) {
    return "class=\"f-" + name(ink) + "\" fill=\"" + ink.light() + "\"";
  }

  private static String name(Ink ink) {
    return ink.name().toLowerCase(java.util.Locale.ROOT);
  }

  private static String darkStyle() {
    StringBuilder css = new StringBuilder("@media(prefers-color-scheme:dark){");
    for (Ink ink : Ink.values()) {
      css.append(".hr .f-" + name(ink) + "{fill:" + ink.dark() + "}");
      css.append(".hr .k-" + name(ink) + "{stroke:" + ink.dark() + "}");
    }
    return css.append("}").toString();
  }

  /** Writes a number with at most two decimals and no trailing zeros. */
  private static String number(double value) {
    BigDecimal rounded = new BigDecimal(value).setScale(2, RoundingMode.HALF_EVEN);
    return rounded.signum() == 0 ? "0" : rounded.stripTrailingZeros().toPlainString();
  }

  /** Makes a text safe inside SVG and HTML. */
  static String escape(String text) {
    StringBuilder safe = new StringBuilder(text.length());
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '&' -> safe.append("&amp;");
        case '<' -> safe.append("&lt;");
        case '>' -> safe.append("&gt;");
        case '"' -> safe.append("&quot;");
        case '\'' -> safe.append("&#39;");
        default -> safe.append(c < 32 && c != '\n' && c != '\t' ? '\ufffd' : c);
      }
    }
    return safe.toString();
  }
}
