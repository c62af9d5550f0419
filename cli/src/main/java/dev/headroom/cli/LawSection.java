package dev.headroom.cli;

import dev.headroom.cli.report.ReportData.Section;
import dev.headroom.scaling.fit.Estimate;
import dev.headroom.scaling.fit.Fit;
import dev.headroom.scaling.fit.FitOptions;
import dev.headroom.scaling.fit.Fitter;
import dev.headroom.scaling.law.Law;
import dev.headroom.scaling.law.Laws;
import dev.headroom.scaling.log.ColumnMap;
import dev.headroom.scaling.log.RowFilter;
import dev.headroom.scaling.log.Run;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Makes the part of the page that shows a fitted law. */
final class LawSection {

  private LawSection() {}

  /** Returns the section, or nothing where no law is wanted. */
  static Optional<Section> of(ReportCommand command, List<Run> runs) {
    String name = command.law != null ? command.law : chosen(command, runs);
    if (name.equals("none")) {
      return Optional.empty();
    }
    Law law = Laws.named(name);
    String title = "Law: " + law.name() + ", " + law.formula();
    try {
      LawPoints points = points(command, law);
      if (points.data().size() < law.parameters().size()) {
        String few = points.data().size() + " points are too few for this law.";
        return Optional.of(new Section(title, few, null, List.of(), points.notes()));
      }
      return Optional.of(section(title, law, points));
    } catch (IllegalArgumentException e) {
      if (command.law != null) {
        throw e;
      }
      String why = "No law could be fitted: " + e.getMessage() + ".";
      return Optional.of(new Section(title, why, null, List.of(), List.of()));
    }
  }

  private static String chosen(ReportCommand command, List<Run> runs) {
    boolean known =
        command.points.isEmpty()
            && runs.stream()
                .allMatch(
                    r -> r.settings().containsKey("schedule") || r.columns().containsKey("lr"));
    return known ? "annealing" : "power";
  }

  private static LawPoints points(ReportCommand command, Law law) {
    List<String> files = command.points.isEmpty() ? command.runs : command.points;
    LogFiles reader =
        command.points.isEmpty() && command.pointsMap.isEmpty()
            ? forRuns(command, law)
            : new LogFiles(ColumnMap.parse(String.join(",", command.pointsMap)), RowFilter.all());
    return law.name().equals("annealing")
        ? new AnnealingReader(reader, List.of()).read(files)
        : new PointReader(reader, law).read(files);
  }

  /** The map of the runs names steps; a law of one variable takes them as its x. */
  private static LogFiles forRuns(ReportCommand command, Law law) {
    LogFiles files = command.log.files();
    if (law.name().equals("annealing")) {
      return files;
    }
    ColumnMap map = ColumnMap.none();
    if (files.map().column("loss") != null) {
      map = map.with("loss", files.map().column("loss"));
    }
    if (files.map().column("step") != null && law.variables().size() == 1) {
      map = map.with("x", files.map().column("step"));
    }
    return new LogFiles(map, files.where());
  }

  private static Section section(String title, Law law, LawPoints points) {
    Fit fit = Fitter.fit(law, points.data(), FitOptions.defaults());
    List<List<String>> rows = new ArrayList<>();
    String interval = Figures.percent(fit.level());
    rows.add(List.of("parameter", "value", interval + " low", interval + " high", "meaning"));
    for (int i = 0; i < fit.estimates().size(); i++) {
      Estimate e = fit.estimates().get(i);
      rows.add(
          List.of(
              e.name(),
              Figures.of(e.value(), 5),
              Figures.of(e.low(), 5),
              Figures.of(e.high(), 5),
              law.parameters().get(i).meaning()));
    }
    List<String> notes = new ArrayList<>(points.notes());
    notes.addAll(fit.warnings());
    String summary =
        "Fit "
            + FitOutput.status(fit).replace('_', ' ')
            + " on "
            + Figures.count(fit.points(), "point")
            + "; noise of a point "
            + Figures.of(100 * fit.noise(), 3)
            + " %. Source: "
            + law.source();
    return new Section(title, summary, points.chart(fit), rows, notes);
  }
}
