package dev.headroom.cli;

import com.google.gson.JsonObject;
import dev.headroom.scaling.fit.Diagnostics;
import dev.headroom.scaling.fit.Estimate;
import dev.headroom.scaling.fit.Fit;
import dev.headroom.scaling.fit.FitOptions;
import dev.headroom.scaling.fit.Objective;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Writes a fit for people and for programs. */
final class FitOutput {

  private FitOutput() {}

  /** Returns the status as the JSON has it. */
  static String status(Fit fit) {
    return fit.status().name().toLowerCase(Locale.ROOT);
  }

  /** Adds a fit to the JSON of a command. */
  static JsonObject json(JsonObject json, Fit fit, LawPoints points, FitOptions options) {
    json.addProperty("law", fit.law().name());
    json.addProperty("formula", fit.law().formula());
    json.addProperty("status", status(fit));
    json.add("objective", Json.number(fit.objectiveValue()));
    json.addProperty("points", fit.points());
    JsonObject parameters = new JsonObject();
    for (Estimate estimate : fit.estimates()) {
      JsonObject one = new JsonObject();
      one.add("value", Json.number(estimate.value()));
      one.add("low", Json.number(estimate.low()));
      one.add("high", Json.number(estimate.high()));
      parameters.add(estimate.name(), one);
    }
    json.add("parameters", parameters);
    json.add("noise", Json.number(fit.noise()));
    List<String> warnings = new ArrayList<>(points.notes());
    warnings.addAll(fit.warnings());
    json.add("warnings", Json.texts(warnings));
    json.add("diagnostics", diagnostics(fit.diagnostics()));
    json.add("settings", settings(fit, points, options));
    return json;
  }

  private static JsonObject diagnostics(Diagnostics how) {
    JsonObject json = new JsonObject();
    json.addProperty("engine", how.engine());
    json.addProperty("evaluations", how.evaluations());
    json.add("gradient_norm", Json.number(how.gradientNorm()));
    json.add("condition", Json.number(how.condition()));
    json.add("at_bounds", Json.texts(how.atBounds()));
    json.addProperty("degrees_of_freedom", how.degreesOfFreedom());
    return json;
  }

  private static JsonObject settings(Fit fit, LawPoints points, FitOptions options) {
    JsonObject settings = new JsonObject();
    settings.addProperty("objective", fit.objective().name().toLowerCase(Locale.ROOT));
    settings.addProperty("delta", options.delta());
    settings.addProperty("bootstrap", options.resamples());
    settings.addProperty("interval", options.intervals().name().toLowerCase(Locale.ROOT));
    if (options.objective() == Objective.STUDENT_T) {
      settings.addProperty("tails", options.tails());
    }
    settings.addProperty("level", options.level());
    settings.addProperty("seed", options.seed());
    JsonObject sources = new JsonObject();
    points.columns().forEach(sources::addProperty);
    settings.add("columns", sources);
    return settings;
  }

  /** Writes a fit for people. */
  static String text(Fit fit, LawPoints points) {
    StringBuilder text = new StringBuilder();
    text.append(fit.law().name()).append("  ").append(fit.law().formula()).append('\n');
    text.append("status     ").append(status(fit)).append('\n');
    text.append("points     ").append(fit.points()).append('\n');
    text.append("engine     ").append(fit.diagnostics().engine()).append('\n');
    text.append("objective  ").append(Figures.of(fit.objectiveValue(), 7)).append("  (");
    text.append(fit.objective().name().toLowerCase(Locale.ROOT)).append(")\n");
    text.append("noise      ").append(Figures.of(fit.noise(), 3));
    text.append(fit.objective().isLogarithmic() ? "  (sd of log-loss)" : "  (sd of the loss)");
    text.append('\n');
    points.columns().forEach((name, source) -> text.append(name + "  from  " + source + "\n"));
    text.append('\n');
    List<String[]> rows = new ArrayList<>();
    String interval = Figures.percent(fit.level());
    rows.add(new String[] {"parameter", "value", interval + " low", "high"});
    for (Estimate e : fit.estimates()) {
      rows.add(
          new String[] {
            e.name(), Figures.of(e.value(), 6), Figures.of(e.low(), 6), Figures.of(e.high(), 6)
          });
    }
    text.append(Figures.table(rows));
    fit.warnings().forEach(w -> text.append("warning: ").append(w).append('\n'));
    return text.toString();
  }
}
