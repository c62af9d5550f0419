package dev.headroom.cli;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import dev.headroom.cli.report.Chart;
import dev.headroom.cli.report.ReportData;
import dev.headroom.cli.report.ReportData.JudgedRun;
import dev.headroom.cli.report.ReportData.Section;
import dev.headroom.cli.report.ReportPage;
import dev.headroom.cli.report.RunCharts;
import dev.headroom.scaling.check.CheckOptions;
import dev.headroom.scaling.check.Checker;
import dev.headroom.scaling.law.Laws;
import dev.headroom.scaling.log.Run;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Makes the page. */
@Command(
    name = "headroom report",
    sortOptions = false,
    header = {
      "Makes one HTML page of runs that needs no network: summary, loss curves to zoom, a fitted law,",
      "a forecast with its band, and the verdicts of the checks. Charts also as SVG and PNG.",
      "",
      "Examples:",
      "  headroom report run.jsonl -o report.html",
      "  headroom report a.csv b.csv --law power --charts charts -o report.html",
      "  headroom report run.csv --upto 12000 \\",
      "      --schedule 'cosine(peak=3e-4,warmup=2160,total=24000)' -o report.html",
      ""
    },
    footer = {
      "",
      "The forecast is of the first RUN. Exit codes: 0 good (whatever the verdicts); 2 usage; 3 a log",
      "is unreadable or empty, or the page cannot be written."
    })
final class ReportCommand extends HeadroomCommand {

  @Parameters(
      paramLabel = "RUN",
      arity = "1..*",
      description = "Logs (JSONL, CSV; - is standard input).")
  List<String> runs;

  @Option(names = "--title", paramLabel = "TEXT", description = "Heading of the page.")
  String title;

  @Option(
      names = "--law",
      paramLabel = "LAW",
      description =
          "Law to fit and draw; none leaves it out (default: annealing where every learning rate is"
              + " known, else power).")
  String law;

  @Option(
      names = "--points",
      paramLabel = "FILE",
      description = "Fit the law to these tables or logs instead of the runs.")
  List<String> points = new ArrayList<>();

  @Option(
      names = "--points-map",
      paramLabel = "NAME=COLUMN,...",
      description = "Columns of the points, as in fit --map.")
  List<String> pointsMap = new ArrayList<>();

  @Option(
      names = "--charts",
      paramLabel = "DIR",
      description = "Also write every chart to DIR as SVG and PNG.")
  Path charts;

  @Mixin ForecastOptions forecast = new ForecastOptions();

  @Mixin LogOptions log = new LogOptions();

  @Override
  public Integer call() {
    if (law != null && !law.equals("none")) {
      Laws.named(law);
    }
    LogFiles files = log.files();
    List<JudgedRun> judged = new ArrayList<>();
    for (String file : runs) {
      Run run = files.run(file);
      run.notes().forEach(n -> note("note: " + run.name() + ": " + n));
      judged.add(new JudgedRun(run, Checker.check(run, CheckOptions.defaults())));
    }
    List<Run> all = judged.stream().map(JudgedRun::run).toList();
    Map<String, Chart> pictures = new LinkedHashMap<>();
    pictures.put("loss", RunCharts.losses(all));
    List<Section> sections = new ArrayList<>();
    LawSection.of(this, all).ifPresent(s -> add(s, "law", sections, pictures));
    ForecastSection.of(forecast, all.get(0), files)
        .ifPresent(s -> add(s, "forecast", sections, pictures));
    String heading = title != null ? title : all.size() == 1 ? RunCharts.label(all.get(0)) : "Runs";
    ReportData data = new ReportData(heading, "Headroom " + Headroom.VERSION, judged, sections);
    write(ReportPage.html(data));
    charts(pictures);
    if (common().json()) {
      out().print(Json.text(json(judged, pictures)));
    }
    return ExitCode.OK;
  }

  private JsonObject json(List<JudgedRun> judged, Map<String, Chart> pictures) {
    JsonObject json = json();
    json.addProperty("report", target().toString());
    JsonArray list = new JsonArray();
    for (JudgedRun one : judged) {
      JsonObject run = new JsonObject();
      run.addProperty("run", one.run().name());
      run.addProperty("verdict", one.verdict().passed() ? "pass" : "fail");
      run.addProperty("findings", one.verdict().findings().size());
      list.add(run);
    }
    json.add("runs", list);
    json.add("charts", Json.texts(charts == null ? List.of() : pictures.keySet()));
    return json;
  }

  private Path target() {
    return common().output() == null ? Path.of("report.html") : common().output();
  }

  private static void add(
      Section section, String name, List<Section> sections, Map<String, Chart> pictures) {
    sections.add(section);
    if (section.chart() != null) {
      pictures.put(name, section.chart());
    }
  }

  private void write(String page) {
    OutputFile.write(target(), page.getBytes(StandardCharsets.UTF_8));
    note("wrote " + target());
  }

  private void charts(Map<String, Chart> pictures) {
    if (charts == null) {
      return;
    }
    for (Map.Entry<String, Chart> picture : pictures.entrySet()) {
      ChartFile.write(charts.resolve(picture.getKey() + ".svg"), picture.getValue());
      try {
        ChartFile.write(charts.resolve(picture.getKey() + ".png"), picture.getValue());
      } catch (CommandException e) {
        note("note: " + e.getMessage());
      }
    }
    note("wrote " + pictures.size() + " charts to " + charts);
  }
}
