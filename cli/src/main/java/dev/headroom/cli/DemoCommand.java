package dev.headroom.cli;

import com.google.gson.JsonObject;
import java.io.PrintWriter;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Runs the other commands in a row, as a user would type them. */
@Command(
    name = "headroom demo",
    sortOptions = false,
    header = {
      "The whole line in a few minutes: trains a small language model with a 200k vocabulary on the",
      "packaged corpus, fits a law to it and to the runs that come with Headroom, forecasts its final",
      "loss from its first part, checks it, and makes a page. Every step is shown as a command.",
      "",
      "Examples:",
      "  headroom demo",
      "  headroom demo -o /tmp/demo --steps 200",
      ""
    },
    footer = {
      "",
      "Exit codes: 0 good; 1 the check of the new run failed; else that of the step that failed."
    })
final class DemoCommand extends HeadroomCommand {

  /** Share of the run that the forecast looks at. */
  private static final double SEEN = 0.75;

  @Option(
      names = "--steps",
      paramLabel = "N",
      description =
          "Training steps (default: 200). A run too short for a forecast is told" + " so.")
  int steps = DemoRun.STEPS;

  @Option(names = "--seed", paramLabel = "S", description = "Seed of the training (default: 1).")
  long seed = 1;

  private Path folder;

  @Override
  public Integer call() {
    if (steps < 2) {
      throw new IllegalArgumentException("--steps: " + steps + " (expected: at least 2)");
    }
    folder = common().output() == null ? Path.of("headroom-demo") : common().output();
    long start = System.nanoTime();
    int trained = step("Training", DemoRun.train(folder, steps, seed));
    if (trained != ExitCode.OK) {
      return trained;
    }
    int[] codes = afterTraining();
    note(String.format(Locale.ROOT, "%nDone in %.0f s.", (System.nanoTime() - start) / 1e9));
    answer(codes);
    return worst(codes[0], codes[1], codes[2], codes[3]);
  }

  private int[] afterTraining() {
    OutputFile.write(
        folder.resolve("grid.csv"), DemoRun.grid(folder).getBytes(StandardCharsets.UTF_8));
    note(
        "\nWrote grid.csv: held-out losses of the fixture runs and of the new one, while the"
            + " learning rate is at its peak.");
    int fitted = step("A law over the fixture runs and the new one", fit());
    String part = "the first " + Figures.percent(SEEN) + " of the run";
    int forecast =
        step("Forecast from " + part + "; the annealing shape is the fixture runs'", forecast());
    if (forecast == ExitCode.USAGE) {
      note("This run is too short for a forecast (see above): give the demo more --steps.");
    }
    int checked = step("Check", List.of("check", log()));
    int reported = step("Page", report(forecast == ExitCode.OK));
    return new int[] {fitted, forecast, checked, reported};
  }

  private void answer(int[] codes) {
    if (common().json()) {
      JsonObject json = json();
      json.addProperty("folder", folder.toString());
      json.addProperty("report", folder.resolve("report.html").toString());
      json.add("exitCodes", codes(codes));
      out().print(Json.text(json));
    } else {
      out()
          .println(
              "The page is "
                  + folder.resolve("report.html")
                  + "; charts, logs and points lie beside it.");
    }
  }

  private static JsonObject codes(int[] codes) {
    String[] names = {"fit", "forecast", "check", "report"};
    JsonObject json = new JsonObject();
    for (int i = 0; i < names.length; i++) {
      json.addProperty(names[i], codes[i]);
    }
    return json;
  }

  private String log() {
    return DemoRun.log(folder).toString();
  }

  private long seen() {
    return Math.max(1, Math.round(steps * SEEN));
  }

  private List<String> fit() {
    return List.of(
        "fit",
        DemoRun.LAW,
        folder.resolve("grid.csv").toString(),
        "--chart",
        folder.resolve("charts").resolve("grid.svg").toString());
  }

  private List<String> forecast() {
    return List.of("forecast", log(), "--upto", Long.toString(seen()), "--prior", "fixtures");
  }

  private List<String> report(boolean withForecast) {
    List<String> words = new ArrayList<>(List.of("report", log()));
    if (withForecast) {
      words.addAll(List.of("--upto", Long.toString(seen()), "--prior", "fixtures"));
    }
    words.addAll(List.of("--title", "Headroom demo: a small model with 200,019 classes"));
    words.addAll(List.of("--law", DemoRun.LAW, "--points", folder.resolve("grid.csv").toString()));
    words.addAll(List.of("--charts", folder.resolve("charts").toString()));
    words.addAll(List.of("-o", folder.resolve("report.html").toString()));
    return words;
  }

  /** Shows a command line and runs it, its result on this command's standard error. */
  private int step(String title, List<String> words) {
    note("\n== " + title);
    note("$ headroom " + shown(words));
    List<String> line = new ArrayList<>(words);
    if (common().quiet()) {
      line.add("--quiet");
    }
    PrintWriter results = common().quiet() ? new PrintWriter(Writer.nullWriter()) : err();
    return Headroom.run(line.toArray(new String[0]), results, err());
  }

  private static String shown(List<String> words) {
    StringBuilder line = new StringBuilder();
    for (String word : words) {
      boolean plain = word.matches("[A-Za-z0-9_./=,:%+-]+");
      line.append(line.length() == 0 ? "" : " ").append(plain ? word : "'" + word + "'");
    }
    return line.toString();
  }

  /** A short run has no forecast and may leave a law open; neither makes the demo fail. */
  private static int worst(int fitted, int forecast, int checked, int reported) {
    if (reported != ExitCode.OK) {
      return reported;
    }
    if (fitted != ExitCode.OK && fitted != ExitCode.FIT) {
      return fitted;
    }
    return forecast != ExitCode.OK && forecast != ExitCode.USAGE ? forecast : checked;
  }
}
