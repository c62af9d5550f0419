package dev.headroom.cli.report;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.headroom.cli.Golden;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import javax.imageio.ImageIO;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;

class SvgPainterTest {

  /** A chart with every kind of layer, log x and less than a decade of y. */
  static Chart everything() {
    double[] x = new double[200];
    double[] y = new double[200];
    double[] low = new double[200];
    double[] high = new double[200];
    for (int i = 0; i < x.length; i++) {
      x[i] = 100 * (i + 1);
      y[i] = 2.5 + 12 * Math.pow(x[i], -0.35) + 0.02 * Math.sin(i);
      low[i] = y[i] * 0.985;
      high[i] = y[i] * 1.015;
    }
    y[120] = Double.NaN;
    return new Chart(
        "Loss of a made-up run & its band <check>",
        "A curve that falls from 4.9 to 2.9 nats over 20,000 steps.",
        "step",
        Scale.LOG,
        "loss, nats per token",
        Scale.LOG,
        List.of(
            new Layer.Band("95 % band", 0, x, low, high),
            new Layer.Line(
                "run with a rather long name that has to be cut somewhere in its middle",
                0,
                x,
                y,
                false),
            new Layer.Line("sibling", 1, new double[] {100, 20000}, new double[] {4.6, 3}, true),
            new Layer.Points("measured", 2, new double[] {500, 5000}, new double[] {4, 3.1}),
            new Layer.Points("also measured", 3, new double[] {700, 7000}, new double[] {4, 3.1}),
            new Layer.Rule("end of the log", 9000),
            new Layer.Rule("end of training", 20000)));
  }

  @Test
  void paintsTheSameBytesAsTheStoredPicture() throws IOException {
    String svg = SvgPainter.paint(ChartLayout.scene(everything()));
    Golden.compare("everything.svg", svg);
  }

  @Test
  void writesWellFormedXmlWhateverTheNamesAre() throws Exception {
    byte[] svg = SvgPainter.paint(ChartLayout.scene(everything())).getBytes(StandardCharsets.UTF_8);
    var document =
        DocumentBuilderFactory.newInstance()
            .newDocumentBuilder()
            .parse(new ByteArrayInputStream(svg));
    assertEquals(
        "Loss of a made-up run & its band <check>",
        document.getElementsByTagName("title").item(0).getTextContent());
    assertTrue(
        document.getElementsByTagName("desc").item(0).getTextContent().contains("20,000 steps"));
  }

  @Test
  void keepsAPictureOfAHundredThousandPointsSmall() {
    double[] x = new double[100_000];
    double[] y = new double[100_000];
    for (int i = 0; i < x.length; i++) {
      x[i] = i;
      y[i] = 3 + Math.sin(i * 0.7) / 10;
    }
    y[50_000] = 9;
    List<Layer> layers = List.of(new Layer.Line("run", 0, x, y, false));
    Chart chart = new Chart("t", "a", "step", Scale.LINEAR, "loss", Scale.LINEAR, layers);
    String svg = SvgPainter.paint(ChartLayout.scene(chart));
    assertTrue(svg.length() < 80_000, "bytes: " + svg.length());
    double[][] kept =
        LayerPlacer.thinned(new double[] {1, 1.2, 1.4, 1.6, 1.8}, new double[] {3, 9, 1, 4, 5});
    assertArrayEquals(new double[] {3, 9, 1, 5}, kept[1]);
  }

  @Test
  void paintsAPngOfTwiceTheSizeWithInkInIt() throws IOException {
    byte[] png = PngPainter.paint(ChartLayout.scene(everything()));
    var image = ImageIO.read(new ByteArrayInputStream(png));
    assertEquals(1600, image.getWidth());
    assertEquals(920, image.getHeight());
    int blue = 0;
    for (int x = 0; x < image.getWidth(); x++) {
      for (int y = 0; y < image.getHeight(); y++) {
        blue += (image.getRGB(x, y) & 0xffffff) == 0x0072b2 ? 1 : 0;
      }
    }
    assertTrue(blue > 500, "pixels of the first series: " + blue);
    Files.createDirectories(Path.of("target/pictures"));
    Files.write(Path.of("target/pictures/everything.png"), png);
  }

  @Test
  void showsAnEmptyChartWithAxesInsteadOfFailing() {
    Chart chart = new Chart("nothing", "no data", "x", Scale.LOG, "y", Scale.LINEAR, List.of());
    assertFalse(SvgPainter.paint(ChartLayout.scene(chart)).contains("NaN"));
  }

  @Test
  void paintsTheMemoryOfHeadsAsBarsFromZero() throws IOException {
    List<MemoryChart.Bar> bars =
        List.of(
            new MemoryChart.Bar("256,128,32000", "djl-plain", 110 << 20),
            new MemoryChart.Bar("256,128,32000", "headroom-fused", 33 << 20),
            new MemoryChart.Bar("2048,256,200064", "djl-plain", 16.6e9),
            new MemoryChart.Bar("2048,256,200064", "headroom-fused", 256 << 20));
    Golden.compare("memory.svg", SvgPainter.paint(MemoryChart.of(bars)));
    Files.createDirectories(Path.of("target/pictures"));
    Files.write(Path.of("target/pictures/memory.png"), PngPainter.paint(MemoryChart.of(bars)));
  }

  @Test
  void paintsMeansWithTheirIntervalsAsDots() throws IOException {
    List<IntervalChart.Dot> percent =
        List.of(
            new IntervalChart.Dot(8, 6, 10, new double[] {7, 8, 9}),
            new IntervalChart.Dot(9, 8.5, 9.5, new double[] {8.8, 9, 9.2}),
            new IntervalChart.Dot(5, Double.NaN, Double.NaN, new double[] {5}));
    List<IntervalChart.Dot> error =
        List.of(
            new IntervalChart.Dot(0.8, 0.6, 1, new double[] {0.7, 0.8, 0.9}),
            new IntervalChart.Dot(0.9, 0.85, 0.95, new double[] {0.88, 0.9, 0.92}),
            new IntervalChart.Dot(0.5, Double.NaN, Double.NaN, new double[] {0.5}));
    Scene scene =
        IntervalChart.of(
            "Numbers",
            "mean of 3 seeds",
            List.of("cross-entropy", "wasserstein-mass:0.003", "whole:0.3"),
            List.of(
                new IntervalChart.Panel("exact match, %", percent),
                new IntervalChart.Panel("relative error", error)));
    String svg = SvgPainter.paint(scene);
    assertFalse(svg.contains("NaN"));
    Golden.compare("intervals.svg", svg);
    Files.createDirectories(Path.of("target/pictures"));
    Files.write(Path.of("target/pictures/intervals.png"), PngPainter.paint(scene));
  }

  @Test
  void namesARunByItsFolderWhereTheFileIsTheLogOfATraining() {
    assertEquals("w96", RunCharts.label(run("runs/w96/log.jsonl")));
    assertEquals("w96.v2", RunCharts.label(run("runs/w96.v2.csv")));
    assertEquals("log", RunCharts.label(run("log.jsonl")));
  }

  private static dev.headroom.scaling.log.Run run(String name) {
    return new dev.headroom.scaling.log.Run(
        name, new long[] {1}, new double[] {3}, java.util.Map.of(), List.of());
  }
}
