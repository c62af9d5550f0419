package dev.headroom.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReportCommandTest {

  @TempDir Path folder;

  private Path page(String... more) throws IOException {
    Path run = Samples.canonical(folder.resolve("<b>run & co.jsonl"));
    Path other = Samples.annealed(folder.resolve("other.csv"), 4000, 4000, 1e-3);
    Path page = folder.resolve("report.html");
    String[] line = {"report", run.toString(), other.toString(), "-o", page.toString()};
    String[] all = java.util.Arrays.copyOf(line, line.length + more.length);
    System.arraycopy(more, 0, all, line.length, more.length);
    Ran ran = Ran.headroom(all);
    assertEquals(0, ran.code(), ran.err());
    return page;
  }

  @Test
  void holdsEverythingItNeeds() throws IOException {
    String html = Files.readString(page("--upto", "200"));
    assertTrue(html.contains("default-src 'none'"), "content policy");
    String shown = html.replaceAll("(?s)<script>.*?</script>|<style>.*?</style>", "");
    Matcher links =
        Pattern.compile("(?i)\\b(src|href|action|data)=|@import|url\\((?!#)").matcher(shown);
    assertFalse(links.find(), "a reference to another file");
    assertTrue(html.contains("uPlot") && html.contains("Leon Sorokin"), "uPlot and its licence");
    assertTrue(html.contains("Forecast of"), "forecast");
    assertTrue(html.contains("<td>spike</td>"), "findings");
    assertTrue(html.contains("Law: annealing"), "law");
  }

  @Test
  void showsNamesAsTextAndNotAsHtml() throws IOException {
    String html = Files.readString(page());
    assertFalse(html.contains("<b>run"), "a file name became an element");
    assertTrue(html.contains("&lt;b&gt;run &amp; co"));
  }

  @Test
  void carriesTheCurvesWithGapsAsNull() throws IOException {
    String html = Files.readString(page());
    Matcher data = Pattern.compile("(?s)id=\"data\">(.*?)</script>").matcher(html);
    assertTrue(data.find());
    JsonObject json = JsonParser.parseString(data.group(1)).getAsJsonObject();
    JsonArray columns = json.getAsJsonArray("data");
    assertEquals(1 + json.getAsJsonArray("series").size(), columns.size());
    assertEquals(4, columns.size(), "steps, two losses, one validation loss");
    assertEquals(760, columns.get(0).getAsJsonArray().size(), "the union of the steps");
    assertTrue(columns.get(2).getAsJsonArray().get(0).isJsonNull());
    assertEquals(
        "<b>run & co",
        json.getAsJsonArray("series").get(0).getAsJsonObject().get("name").getAsString());
  }

  @Test
  void writesChartsBesideThePage() throws IOException {
    Path charts = folder.resolve("charts");
    page("--charts", charts.toString(), "--upto", "200");
    for (String name : List.of("loss.svg", "loss.png", "law.svg", "law.png", "forecast.svg")) {
      assertTrue(Files.size(charts.resolve(name)) > 2000, name);
    }
  }

  @Test
  void tellsOfARunTooShortForAForecastAndStillMakesThePage() throws IOException {
    String html = Files.readString(page("--upto", "24"));
    assertTrue(html.contains("No forecast: "), "the reason");
  }

  @Test
  void leavesTheLawOutWhenAsked() throws IOException {
    assertFalse(Files.readString(page("--law", "none")).contains("<h2>Law"));
    assertTrue(Files.readString(page("--law", "power")).contains("<h2>Law: power"));
  }

  @Test
  void answersInJsonWhenAsked() throws IOException {
    Path run = Samples.canonical(folder.resolve("run.jsonl"));
    Path page = folder.resolve("page.html");
    Ran ran = Ran.headroom("report", run.toString(), "-o", page.toString(), "--json");
    JsonObject json = JsonParser.parseString(ran.out()).getAsJsonObject();
    assertEquals(page.toString(), json.get("report").getAsString());
    assertEquals(1, json.getAsJsonArray("runs").size());
  }

  @Test
  void drawsZoomsAndTogglesInABrowser() throws Exception {
    String browser = browser();
    Assumptions.assumeTrue(browser != null, "skipped: no Chromium here");
    String script =
        """
        <script>
        const said = [];
        window.addEventListener("error", (e) => said.push("error " + e.message));
        const legend = () => document.querySelectorAll(".u-legend .u-series");
        const say = (name, value) => said.push(name + "=" + value);
        say("lines", legend().length - 1);
        document.getElementById("logx").click();
        say("logx", headroomPlot.scales.x.distr);
        legend()[1].querySelector("th").click();
        say("hidden", headroomPlot.series[1].show);
        document.getElementById("logy").click();
        say("stillHidden", headroomPlot.series[1].show);
        say("logy", headroomPlot.scales.y.distr);
        headroomPlot.setScale("x", { min: 100, max: 200 });
        setTimeout(() => {
          say("zoomed", headroomPlot.scales.x.max);
          document.getElementById("reset").click();
          setTimeout(() => {
            say("whole", headroomPlot.scales.x.max);
            const out = document.createElement("pre");
            out.id = "said";
            out.textContent = said.join("\\n");
            document.body.append(out);
          }, 100);
        }, 100);
        </script>
        </body>""";
    Path page = page();
    Path tested = folder.resolve("tested.html");
    Files.writeString(tested, Files.readString(page).replace("</body>", script));
    Matcher said =
        Pattern.compile("(?s)<pre id=\"said\">(.*?)</pre>").matcher(dump(browser, tested));
    assertTrue(said.find(), "the script did not finish");
    assertEquals(
        "lines=3\nlogx=3\nhidden=false\nstillHidden=false\nlogy=1\nzoomed=200\nwhole=4000",
        said.group(1));
  }

  private String dump(String browser, Path page) throws Exception {
    Path out = folder.resolve("dom.html");
    Process process =
        new ProcessBuilder(
                browser,
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--virtual-time-budget=5000",
                "--user-data-dir=" + folder.resolve("profile"),
                "--dump-dom",
                page.toUri().toString())
            .redirectOutput(out.toFile())
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    assertTrue(process.waitFor(90, TimeUnit.SECONDS), "the browser did not end");
    return Files.readString(out);
  }

  private static String browser() {
    for (String directory : System.getenv("PATH").split(":")) {
      for (String name : List.of("chromium", "chromium-browser", "google-chrome")) {
        Path file = Path.of(directory, name);
        if (Files.isExecutable(file)) {
          return file.toString();
        }
      }
    }
    return null;
  }
}
