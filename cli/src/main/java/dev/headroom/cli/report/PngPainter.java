package dev.headroom.cli.report;

import dev.headroom.cli.report.Scene.Area;
import dev.headroom.cli.report.Scene.Mark;
import dev.headroom.cli.report.Scene.Path;
import dev.headroom.cli.report.Scene.Text;
import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.geom.Path2D;
import java.awt.geom.Rectangle2D;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import javax.imageio.ImageIO;

/** Paints a scene as PNG with Java2D, light, at twice the size for sharp screens. */
public final class PngPainter {

  private static final int ZOOM = 2;

  private final Graphics2D graphics;
  private final Scene scene;

  private PngPainter(Graphics2D graphics, Scene scene) {
    this.graphics = graphics;
    this.scene = scene;
  }

  /**
   * Returns the picture as a PNG file's bytes.
   *
   * @throws IllegalStateException where the machine has no font to write the labels with
   */
  public static byte[] paint(Scene scene) {
    System.setProperty("java.awt.headless", "true");
    BufferedImage image =
        new BufferedImage(scene.width() * ZOOM, scene.height() * ZOOM, BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = image.createGraphics();
    try {
      new PngPainter(graphics, scene).document();
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      ImageIO.setUseCache(false);
      ImageIO.write(image, "png", bytes);
      return bytes.toByteArray();
    } catch (IOException | InternalError | NullPointerException | UnsatisfiedLinkError e) {
      // Java without fontconfig fails in one of these ways, depending on its version.
      throw new IllegalStateException(
          "PNG chart: no usable font (expected: fontconfig and a font; Debian has them as"
              + " fontconfig and fonts-dejavu-core, and SVG needs neither)",
          e);
    } finally {
      graphics.dispose();
    }
  }

  private void document() {
    graphics.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
    graphics.setRenderingHint(
        RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
    graphics.setRenderingHint(
        RenderingHints.KEY_FRACTIONALMETRICS, RenderingHints.VALUE_FRACTIONALMETRICS_ON);
    graphics.setRenderingHint(RenderingHints.KEY_STROKE_CONTROL, RenderingHints.VALUE_STROKE_PURE);
    graphics.scale(ZOOM, ZOOM);
    graphics.setColor(Color.decode(Ink.SURFACE.light()));
    graphics.fillRect(0, 0, scene.width(), scene.height());
    double[] p = scene.plot();
    Rectangle2D plot = new Rectangle2D.Double(p[0], p[1], p[2], p[3]);
    for (Mark mark : scene.marks()) {
      graphics.setClip(mark.clipped() ? plot : null);
      mark(mark);
    }
  }

  private void mark(Mark mark) {
    if (mark instanceof Path path) {
      graphics.setColor(Color.decode(path.ink().light()));
      float[] dashes = path.dashed() ? new float[] {6, 4} : null;
      graphics.setStroke(
          new BasicStroke(
              (float) path.width(), BasicStroke.CAP_BUTT, BasicStroke.JOIN_ROUND, 1, dashes, 0));
      graphics.draw(outline(path.x(), path.y()));
    } else if (mark instanceof Area area) {
      Color ink = Color.decode(area.ink().light());
      int alpha = (int) Math.round(area.opacity() * 255);
      graphics.setColor(new Color(ink.getRed(), ink.getGreen(), ink.getBlue(), alpha));
      Path2D shape = outline(area.x(), area.y());
      shape.closePath();
      graphics.fill(shape);
    } else if (mark instanceof Text text) {
      text(text);
    }
  }

  private void text(Text text) {
    Font font = new Font("DejaVu Sans", text.bold() ? Font.BOLD : Font.PLAIN, 1);
    graphics.setFont(font.deriveFont((float) text.size()));
    graphics.setColor(Color.decode(text.ink().light()));
    double width =
        graphics.getFont().getStringBounds(text.text(), graphics.getFontRenderContext()).getWidth();
    double back =
        switch (text.anchor()) {
          case START -> 0;
          case MIDDLE -> width / 2;
          case END -> width;
        };
    var saved = graphics.getTransform();
    graphics.translate(text.x(), text.y());
    if (text.turned()) {
      graphics.rotate(-Math.PI / 2);
    }
    graphics.drawString(text.text(), (float) -back, 0);
    graphics.setTransform(saved);
  }

  private static Path2D outline(double[] x, double[] y) {
    Path2D path = new Path2D.Double();
    for (int i = 0; i < x.length; i++) {
      if (i == 0) {
        path.moveTo(x[0], y[0]);
      } else {
        path.lineTo(x[i], y[i]);
      }
    }
    return path;
  }
}
