package dev.headroom.cli.report;

import java.util.List;

/**
 * A picture in pixels, y downwards, ready to be painted.
 *
 * @param width of the picture
 * @param height of the picture
 * @param title its heading
 * @param alt what it shows, in words
 * @param plot the rectangle {x, y, width, height} to which the marks flagged {@code clipped} are
 *     cut
 * @param marks what to paint, in order
 */
public record Scene(
    int width, int height, String title, String alt, double[] plot, List<Mark> marks) {

  /** Copies. */
  public Scene {
    plot = plot.clone();
    marks = List.copyOf(marks);
  }

  /** Something to paint. */
  public sealed interface Mark {
    /** Says whether it is cut at the edge of the plot. */
    default boolean clipped() {
      return true;
    }
  }

  /** An open line. */
  public record Path(double[] x, double[] y, Ink ink, double width, boolean dashed, boolean clipped)
      implements Mark {}

  /** A closed, filled shape without an outline. */
  public record Area(double[] x, double[] y, Ink ink, double opacity, boolean clipped)
      implements Mark {}

  /** A line of text; {@code turned} writes it upwards. */
  public record Text(
      double x,
      double y,
      String text,
      Anchor anchor,
      double size,
      boolean bold,
      Ink ink,
      boolean turned)
      implements Mark {
    @Override
    public boolean clipped() {
      return false;
    }
  }

  /** Which point of a text lies at its x. */
  public enum Anchor {
    /** Its beginning. */
    START,
    /** Its middle. */
    MIDDLE,
    /** Its end. */
    END
  }
}
