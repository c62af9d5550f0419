package dev.headroom.cli.report;

import dev.headroom.cli.report.ReportData.JudgedRun;
import dev.headroom.cli.report.ReportData.Section;
import dev.headroom.scaling.check.Finding;
import dev.headroom.scaling.log.Run;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Writes one HTML file that holds everything it needs: a content policy in its head forbids any
 * network access.
 */
public final class ReportPage {

  private final ReportData data;
  private final StringBuilder html = new StringBuilder(200_000);

  private ReportPage(ReportData data) {
    this.data = data;
  }

  /** Returns the page. */
  public static String html(ReportData data) {
    ReportPage page = new ReportPage(data);
    page.document();
    return page.html.toString();
  }

  private void document() {
    html.append("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    html.append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    html.append("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none';");
    html.append(" style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:\">\n");
    html.append("<title>" + text(data.title()) + "</title>\n<style>\n");
    html.append(resource("vendor/uPlot.min.css")).append('\n').append(resource("page.css"));
    html.append("</style>\n</head>\n<body>\n<header><h1>" + text(data.title()) + "</h1>\n");
    html.append("<p class=\"lead\">" + text(lead()) + "</p></header>\n<main>\n");
    summary();
    curves();
    data.sections().forEach(this::section);
    findings();
    html.append("</main>\n<footer>Made by " + text(data.maker()));
    html.append("; curves drawn by uPlot 1.6.32 (MIT). Works without a network.</footer>\n");
    scripts();
    html.append("</body>\n</html>\n");
  }

  private String lead() {
    long failed = data.runs().stream().filter(r -> !r.verdict().passed()).count();
    int count = data.runs().size();
    String runs = count == 1 ? "1 run" : count + " runs";
    long findings = data.runs().stream().mapToLong(r -> r.verdict().findings().size()).sum();
    String found =
        findings == 0 ? "" : findings == 1 ? ", 1 finding" : ", " + findings + " findings";
    return runs + ", " + (failed == 0 ? "checks passed" : failed + " failed the checks") + found;
  }

  private void summary() {
    List<List<String>> rows = new ArrayList<>();
    rows.add(
        List.of(
            "run",
            "points",
            "last step",
            "tokens",
            "parameters",
            "last loss",
            "best loss",
            "last validation loss",
            "verdict"));
    for (JudgedRun judged : data.runs()) {
      rows.add(summaryRow(judged));
    }
    html.append("<section><h2>Summary</h2>\n");
    table(withoutEmptyColumns(rows));
    html.append("</section>\n");
  }

  /** A column that no run fills says nothing. */
  private static List<List<String>> withoutEmptyColumns(List<List<String>> rows) {
    List<List<String>> kept = new ArrayList<>();
    rows.forEach(row -> kept.add(new ArrayList<>()));
    for (int c = 0; c < rows.get(0).size(); c++) {
      int column = c;
      if (rows.stream().skip(1).anyMatch(row -> !row.get(column).isEmpty())) {
        for (int r = 0; r < rows.size(); r++) {
          kept.get(r).add(rows.get(r).get(c));
        }
      }
    }
    return kept;
  }

  private static List<String> summaryRow(JudgedRun judged) {
    Run run = judged.run();
    double[] tokens = run.columns().get("tokens");
    double[] validation = run.columns().get("val_loss");
    double best = Double.POSITIVE_INFINITY;
    for (double loss : run.loss()) {
      best = loss < best ? loss : best;
    }
    return List.of(
        RunCharts.label(run),
        String.format(Locale.ROOT, "%,d", run.size()),
        String.format(Locale.ROOT, "%,d", run.step()[run.size() - 1]),
        tokens == null ? "" : whole(last(tokens)),
        parameters(run),
        loss(run.loss()[run.size() - 1]),
        Double.isInfinite(best) ? "" : loss(best),
        validation == null ? "" : loss(last(validation)),
        judged.verdict().passed() ? "pass" : "fail");
  }

  private static String parameters(Run run) {
    String params = run.settings().getOrDefault("params", "");
    return params.matches("[0-9]{1,18}")
        ? String.format(Locale.ROOT, "%,d", Long.parseLong(params))
        : params;
  }

  private static double last(double[] values) {
    for (int i = values.length - 1; i >= 0; i--) {
      if (Double.isFinite(values[i])) {
        return values[i];
      }
    }
    return Double.NaN;
  }

  private static String whole(double value) {
    return Double.isNaN(value) ? "" : String.format(Locale.ROOT, "%,.0f", value);
  }

  private static String loss(double value) {
    return Double.isNaN(value) ? "NaN" : String.format(Locale.ROOT, "%.4f", value);
  }

  private void curves() {
    html.append("<section><h2>Loss</h2>\n<div class=\"bar\">");
    html.append("<label><input type=\"checkbox\" id=\"logx\"> log steps</label>");
    html.append("<label><input type=\"checkbox\" id=\"logy\" checked> log loss</label>");
    html.append("<button type=\"button\" id=\"reset\">whole range</button>");
    html.append("<span>Drag to zoom, double-click for the whole range, click a name to hide it.");
    html.append("</span></div>\n<div id=\"curves\"></div>\n<noscript>\n");
    List<Run> runs = data.runs().stream().map(JudgedRun::run).toList();
    picture(RunCharts.losses(runs));
    html.append("</noscript></section>\n");
  }

  private void section(Section section) {
    html.append("<section><h2>" + text(section.title()) + "</h2>\n");
    html.append("<p class=\"result\">" + text(section.summary()) + "</p>\n");
    if (section.chart() != null) {
      picture(section.chart());
    }
    if (!section.rows().isEmpty()) {
      table(section.rows());
    }
    notes(section.notes());
    html.append("</section>\n");
  }

  private void findings() {
    html.append("<section><h2>Checks</h2>\n");
    for (JudgedRun judged : data.runs()) {
      String verdict = judged.verdict().passed() ? "pass" : "fail";
      html.append("<h3>" + text(RunCharts.label(judged.run())) + " <b class=\"" + verdict + "\">");
      html.append(verdict + "</b></h3>\n");
      if (judged.verdict().findings().isEmpty()) {
        html.append("<p>No finding.</p>\n");
      } else {
        List<List<String>> rows = new ArrayList<>();
        rows.add(List.of("rule", "severity", "step", "what"));
        for (Finding f : judged.verdict().findings()) {
          String severity = f.severity().word();
          rows.add(List.of(f.rule(), severity, Long.toString(f.step()), f.message()));
        }
        table(rows);
      }
      notes(judged.run().notes());
    }
    html.append("</section>\n");
  }

  private void notes(List<String> notes) {
    if (!notes.isEmpty()) {
      html.append("<ul class=\"notes\">");
      notes.forEach(n -> html.append("<li>" + text(n) + "</li>"));
      html.append("</ul>\n");
    }
  }

  private void picture(Chart chart) {
    String svg = SvgPainter.paint(ChartLayout.scene(chart, 960, 480));
    html.append("<figure>\n" + svg + "</figure>\n");
  }

  private void table(List<List<String>> rows) {
    html.append("<div class=\"wide\"><table>\n<thead><tr>");
    rows.get(0).forEach(c -> html.append("<th scope=\"col\">" + text(c) + "</th>"));
    html.append("</tr></thead>\n<tbody>\n");
    for (List<String> row : rows.subList(1, rows.size())) {
      html.append("<tr>");
      row.forEach(this::cell);
      html.append("</tr>\n");
    }
    html.append("</tbody></table></div>\n");
  }

  private void cell(String cell) {
    String kind =
        cell.equals("pass") || cell.equals("fail")
            ? " class=\"" + cell + "\""
            : cell.matches("-?[0-9][0-9.,eE+-]*") ? " class=\"number\"" : "";
    html.append("<td" + kind + ">" + text(cell) + "</td>");
  }

  private void scripts() {
    html.append("<script type=\"application/json\" id=\"data\">");
    html.append(Curves.json(data.runs().stream().map(JudgedRun::run).toList()));
    html.append("</script>\n<script>\n/* uPlot 1.6.32\n");
    html.append(resource("vendor/uPlot.LICENSE")).append("*/\n");
    html.append(resource("vendor/uPlot.iife.min.js")).append("</script>\n<script>\n");
    html.append(resource("page.js")).append("</script>\n");
  }

  private static String text(String text) {
    return SvgPainter.escape(text);
  }

  private static String resource(String name) {
    try (InputStream in = ReportPage.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new IllegalStateException("resource " + name + ": absent from the jar");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
