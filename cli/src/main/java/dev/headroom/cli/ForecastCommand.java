package dev.headroom.cli;

import com.google.gson.JsonObject;
import dev.headroom.scaling.forecast.Forecast;
import dev.headroom.scaling.forecast.ForecastRequest;
import dev.headroom.scaling.forecast.Outlook;
import dev.headroom.scaling.log.Run;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** Forecasts the loss of a run. */
@Command(
    name = "headroom forecast",
    sortOptions = false,
    header = {
      "Predicts the loss of a run from its log so far and the learning rate ahead.",
      "",
      "Examples:",
      "  headroom forecast run.csv --schedule 'cosine(peak=3e-4,warmup=2000,total=24000)' --json",
      "  headroom forecast run.csv --schedule 'wsd(peak=3e-4,decay=20%%,total=24000)' --to 24000 \\",
      "      --sibling done.csv --sibling-schedule 'cosine(peak=3e-4,total=24000)'",
      "  headroom forecast run.jsonl --target 2.8 --optimise wsd",
      "  headroom forecast run.jsonl --schedule 'cosine(peak=3e-4,total=24000)' \\",
      "      --schedule 'wsd(peak=3e-4,decay=20%%,total=24000)'",
      ""
    },
    footer = {
      "",
      "Exit codes: 0 good; 2 usage, or a run too short for a forecast; 3 a log is unreadable or empty."
    })
final class ForecastCommand extends HeadroomCommand {

  @Parameters(paramLabel = "RUN", description = "Log of the run (JSONL, CSV; - is standard input).")
  String run;

  @Mixin ForecastOptions forecast = new ForecastOptions();

  @Mixin ForecastQuestions questions = new ForecastQuestions();

  @Mixin LogOptions log = new LogOptions();

  @Override
  public Integer call() {
    LogFiles files = log.files();
    Run whole = files.run(run);
    whole.notes().forEach(n -> note("note: " + n));
    ForecastRequest request = forecast.request(whole, files);
    Outlook outlook = Outlook.of(request);
    Forecast answer = outlook.at(request.toStep());
    Actual actual =
        forecast.upTo == null
            ? new Actual(Double.NaN, 0)
            : Actual.near(whole, answer.step(), outlook.last());
    JsonObject json = json(request, answer, actual);
    StringBuilder text = new StringBuilder(text(request, answer, actual));
    questions.answer(outlook, forecast.others(files), json, text);
    emit(json, text::toString);
    return ExitCode.OK;
  }

  private JsonObject json(ForecastRequest request, Forecast answer, Actual actual) {
    JsonObject json = json();
    json.addProperty("run", request.run().name());
    json.add("forecast", ForecastOutput.json(answer));
    json.addProperty("method", answer.method());
    json.addProperty("lastStep", request.run().step()[request.run().size() - 1]);
    json.addProperty("schedule", request.schedule().text());
    json.add("actual", Json.number(actual.loss()));
    json.add("warnings", Json.texts(answer.notes()));
    return json;
  }

  private static String text(ForecastRequest request, Forecast answer, Actual actual) {
    StringBuilder text = new StringBuilder();
    text.append(ForecastOutput.sentence(answer)).append('\n');
    text.append("bands      ").append(ForecastOutput.coverage(answer)).append('\n');
    text.append("from       ").append(request.run().name()).append(", up to step ");
    text.append(request.run().step()[request.run().size() - 1]).append('\n');
    text.append("method     ").append(answer.method()).append('\n');
    if (actual.known()) {
      text.append("came       ").append(actual.against(answer.loss())).append('\n');
    }
    answer.notes().forEach(n -> text.append("note: ").append(n).append('\n'));
    return text.toString();
  }
}
