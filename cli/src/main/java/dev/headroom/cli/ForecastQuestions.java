package dev.headroom.cli;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import dev.headroom.scaling.choice.BandForecast;
import dev.headroom.scaling.forecast.Comparison;
import dev.headroom.scaling.forecast.Outlook;
import dev.headroom.scaling.forecast.Proposal;
import dev.headroom.scaling.forecast.Reach;
import dev.headroom.scaling.schedule.Schedule;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine.Option;

/** What else may be asked about a run: when it reaches a loss, and what another schedule gives. */
final class ForecastQuestions {

  @Option(
      names = "--target",
      paramLabel = "LOSS",
      description = "Say at which step, after how many tokens and seconds the run reaches LOSS.")
  Double target;

  @Option(
      names = "--optimise",
      paramLabel = "SPACE",
      description =
          "Propose the rest of the schedule that the fitted law predicts best: wsd (hold, then"
              + " decay: begin and shape), cosine (begin and end) or monotone (any rates that never"
              + " rise), at the same total.")
  String optimise;

  @Option(
      names = "--lowest",
      paramLabel = "RATE",
      description =
          "Lowest rate that a proposal may use (default: the last of the schedule where that is"
              + " below the present rate, else a tenth of the peak).")
  Double lowest;

  /** Adds the answers to the result. */
  void answer(Outlook outlook, List<Schedule> others, JsonObject json, StringBuilder text) {
    if (!others.isEmpty()) {
      compare(outlook, others, json, text);
    }
    if (target != null) {
      reach(Reach.of(outlook, target), outlook, json, text);
    }
    if (optimise != null) {
      propose(outlook, json, text);
    }
  }

  private void compare(
      Outlook outlook, List<Schedule> others, JsonObject json, StringBuilder text) {
    List<Schedule> all = new ArrayList<>();
    all.add(outlook.request().schedule());
    all.addAll(others);
    JsonArray list = new JsonArray();
    text.append("\nschedules, each at its own end:\n");
    for (Comparison one : Comparison.of(outlook, all)) {
      int i = list.size();
      String name = ForecastOutput.shortened(all.get(i).text());
      JsonObject object = comparison(one);
      object.addProperty("schedule", all.get(i).text());
      list.add(object);
      text.append("  ").append((char) ('A' + i)).append("  ");
      text.append(ForecastOutput.sentence(one.forecast())).append("  ").append(name).append('\n');
      if (i > 0) {
        text.append("     ").append(difference(one, "A")).append('\n');
      }
    }
    json.add("schedules", list);
  }

  private static String difference(Comparison one, String from) {
    BandForecast.Interval band = one.band();
    String verdict = band.low() > 0 ? "worse" : band.high() < 0 ? "better" : "cannot tell";
    return String.format(
        Locale.ROOT,
        "less %s: %+.4f, %s band %+.4f to %+.4f: %s",
        from,
        one.difference(),
        Figures.percent(band.level()),
        band.low(),
        band.high(),
        verdict);
  }

  private static JsonObject comparison(Comparison one) {
    JsonObject object = ForecastOutput.json(one.forecast());
    object.add("difference", Json.number(one.difference()));
    object.add("differenceLow", Json.number(one.band().low()));
    object.add("differenceHigh", Json.number(one.band().high()));
    return object;
  }

  private static void reach(Reach reach, Outlook outlook, JsonObject json, StringBuilder text) {
    JsonObject object = new JsonObject();
    object.add("loss", Json.number(reach.loss()));
    object.add("inLog", step(reach.inLog()));
    object.add("step", step(reach.step()));
    object.add("earliest", step(reach.earliest()));
    object.add("latest", step(reach.latest()));
    object.add("tokens", Json.number(tokens(outlook, reach.step())));
    object.add("secondsAhead", Json.number(seconds(reach, outlook, reach.step())));
    object.add("secondsPerStep", Json.number(reach.secondsPerStep()));
    json.add("target", object);
    text.append("\ntarget     loss ").append(Figures.of(reach.loss(), 5)).append(": ");
    long total = outlook.request().schedule().total();
    if (reach.inLog() >= 0) {
      text.append("reached already, at step ").append(reach.inLog()).append('\n');
      return;
    }
    if (reach.step() < 0) {
      text.append("never within the schedule's ").append(total);
      text.append(" steps; the lowest forecast is ").append(Figures.of(reach.best(), 5));
    } else {
      text.append("step ").append(reach.step());
      append(text, ", %.4g tokens", tokens(outlook, reach.step()));
      append(text, ", %.4g s from the end of the log", seconds(reach, outlook, reach.step()));
    }
    text.append("\n           ").append(Figures.percent(outlook.request().level()));
    text.append(" band: ").append(when(reach.earliest(), total)).append(" to ");
    text.append(when(reach.latest(), total)).append('\n');
    if (Double.isNaN(reach.secondsPerStep())) {
      text.append("           the log has no times: seconds are not known\n");
    }
  }

  /** Returns a step, or null for never. */
  private static JsonElement step(long step) {
    return step < 0 ? JsonNull.INSTANCE : new JsonPrimitive(step);
  }

  private static String when(long step, long total) {
    return step < 0 ? "not within " + total + " steps" : "step " + step;
  }

  private static void append(StringBuilder text, String format, double value) {
    if (!Double.isNaN(value)) {
      text.append(String.format(Locale.ROOT, format, value));
    }
  }

  private static double tokens(Outlook outlook, long step) {
    return step < 0 ? Double.NaN : Reach.tokens(outlook, step);
  }

  private static double seconds(Reach reach, Outlook outlook, long step) {
    return step < 0 ? Double.NaN : reach.secondsPerStep() * (step - outlook.last());
  }

  private void propose(Outlook outlook, JsonObject json, StringBuilder text) {
    Proposal proposal = Proposal.of(outlook, space(), lowestRate(outlook));
    JsonObject object = comparison(proposal.comparison());
    object.addProperty("text", proposal.text());
    object.add("rates", rates(proposal.schedule(), outlook.last()));
    object.add("notes", Json.texts(proposal.notes()));
    json.add("proposal", object);
    text.append("\nproposal   ").append(proposal.text()).append('\n');
    text.append("           ").append(ForecastOutput.sentence(proposal.comparison().forecast()));
    text.append("\n           ").append(difference(proposal.comparison(), "the present schedule"));
    text.append('\n');
    proposal.notes().forEach(n -> text.append("note: ").append(n).append('\n'));
  }

  private Proposal.Space space() {
    for (Proposal.Space space : Proposal.Space.values()) {
      if (space.name().equalsIgnoreCase(optimise)) {
        return space;
      }
    }
    throw new IllegalArgumentException(
        "--optimise: " + optimise + " (expected: wsd, cosine or monotone)");
  }

  private double lowestRate(Outlook outlook) {
    Schedule schedule = outlook.request().schedule();
    double end = schedule.lr(schedule.total());
    double now = schedule.lr(outlook.last());
    if (lowest != null) {
      return lowest;
    }
    return end < now ? end : Math.min(schedule.lr(Math.max(1, schedule.warmup())), now) / 10;
  }

  /** Returns up to 65 pairs of step and rate. */
  private static JsonArray rates(Schedule schedule, long last) {
    JsonArray list = new JsonArray();
    long before = -1;
    for (int k = 0; k <= 64; k++) {
      long step = last + Math.max(1, (schedule.total() - last) * k / 64);
      if (step != before) {
        list.add(Json.numbers(new double[] {step, schedule.lr(step)}));
        before = step;
      }
    }
    return list;
  }
}
