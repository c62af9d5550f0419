package dev.headroom.cli;

import dev.headroom.cli.report.Chart;
import dev.headroom.cli.report.ChartLayout;
import dev.headroom.cli.report.PngPainter;
import dev.headroom.cli.report.Scene;
import dev.headroom.cli.report.SvgPainter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Locale;

/** Writes a chart to a file whose ending says how. */
final class ChartFile {

  private ChartFile() {}

  /**
   * Refuses an ending that is none of ours, before any work is done.
   *
   * @param file may be null: no chart is wanted
   */
  static void check(Path file) {
    check(file, "--chart");
  }

  /** Refuses an ending that is none of ours, naming the option. */
  static void check(Path file, String option) {
    if (file == null || ending(file, ".svg") || ending(file, ".png")) {
      return;
    }
    throw new IllegalArgumentException(
        option + ": " + file + " (expected: a name that ends in .svg or .png)");
  }

  /** Lays the chart out and writes it. */
  static void write(Path file, Chart chart) {
    write(file, ChartLayout.scene(chart));
  }

  /** Writes the picture. */
  static void write(Path file, Scene scene) {
    if (ending(file, ".png")) {
      OutputFile.write(file, png(scene));
    } else {
      OutputFile.write(file, SvgPainter.paint(scene).getBytes(StandardCharsets.UTF_8));
    }
  }

  private static byte[] png(Scene scene) {
    try {
      return PngPainter.paint(scene);
    } catch (IllegalStateException e) {
      throw new CommandException(ExitCode.INPUT, e.getMessage());
    }
  }

  private static boolean ending(Path file, String ending) {
    return file.toString().toLowerCase(Locale.ROOT).endsWith(ending);
  }
}
