package dev.headroom.cli;

import dev.headroom.cli.report.Chart;
import dev.headroom.cli.report.ReportData.Section;
import dev.headroom.cli.report.RunCharts;
import dev.headroom.scaling.forecast.Forecast;
import dev.headroom.scaling.forecast.ForecastRequest;
import dev.headroom.scaling.forecast.Outlook;
import dev.headroom.scaling.log.Run;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Makes the part of the page that shows a forecast. */
final class ForecastSection {

  /** Steps at which the band is drawn between the last step seen and the one asked for. */
  private static final int PATH = 12;

  private ForecastSection() {}

  /**
   * Returns the section, or nothing where no forecast was asked for. A run too short for one gets a
   * section that says so.
   */
  static Optional<Section> of(ForecastOptions options, Run whole, LogFiles files) {
    if (!options.asked()) {
      return Optional.empty();
    }
    ForecastRequest request = options.request(whole, files);
    String title = "Forecast of " + RunCharts.label(whole);
    try {
      return Optional.of(section(title, whole, Outlook.of(request)));
    } catch (IllegalArgumentException e) {
      String why = "No forecast: " + e.getMessage() + ".";
      return Optional.of(new Section(title, why, null, List.of(), List.of()));
    }
  }

  private static Section section(String title, Run whole, Outlook outlook) {
    ForecastRequest request = outlook.request();
    Forecast end = outlook.at(request.toStep());
    Run seen = request.run();
    long last = seen.step()[seen.size() - 1];
    List<Forecast> path = new ArrayList<>();
    // Nearer than the log's own interval there is nothing to forecast.
    long interval = Math.max(1, (last - seen.step()[0]) / Math.max(1, seen.size() - 1));
    for (int k = 0; k < PATH; k++) {
      long step = last + Math.max(2 * interval, (end.step() - last) * k / PATH);
      if (step < end.step() && (path.isEmpty() || step > path.get(path.size() - 1).step())) {
        path.add(outlook.at(step));
      }
    }
    path.add(end);
    Chart chart = RunCharts.forecast(whole, last, path);
    String summary =
        "From the log up to step "
            + last
            + ": "
            + ForecastOutput.sentence(end)
            + ". Method: "
            + end.method()
            + "."
            + came(whole, end, last);
    List<String> notes = new ArrayList<>(end.notes());
    notes.add("Learning rate: " + shortened(request.schedule().text()));
    return new Section(title, summary, chart, List.of(), notes);
  }

  private static String came(Run whole, Forecast end, long lastSeen) {
    Actual actual = Actual.near(whole, end.step(), lastSeen);
    return actual.known() ? " What came: " + actual.against(end.loss()) + "." : "";
  }

  private static String shortened(String text) {
    return text.length() <= 160 ? text : text.substring(0, 157) + "...";
  }
}
