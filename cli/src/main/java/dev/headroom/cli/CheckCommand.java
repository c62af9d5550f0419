package dev.headroom.cli;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import dev.headroom.scaling.check.CheckOptions;
import dev.headroom.scaling.check.Checker;
import dev.headroom.scaling.check.FinalBounds;
import dev.headroom.scaling.check.Finding;
import dev.headroom.scaling.check.Verdict;
import dev.headroom.scaling.log.Run;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Judges the log of one run. */
@Command(
    name = "headroom check",
    sortOptions = false,
    header = {
      "Judges a run's log: is it finite, free of spikes, not diverging, and good enough at its end?",
      "",
      "Examples:",
      "  headroom check run.jsonl",
      "  headroom check run.jsonl --max-loss 3.2 --json",
      "  headroom check wandb_export.csv --map 'step=Step,loss=\"k2 training - lm loss\"'",
      ""
    },
    footer = {
      "",
      "Exit codes: 0 passed; 1 a check failed; 2 usage; 3 the log is unreadable or empty."
    })
final class CheckCommand extends HeadroomCommand {

  @Parameters(paramLabel = "RUN", description = "Log of the run (JSONL, CSV; - is standard input).")
  String run;

  @Mixin LogOptions log = new LogOptions();

  @Option(
      names = "--rules",
      split = ",",
      paramLabel = "RULE",
      description = "Only these of: finite, spike, divergence, final.")
  Set<String> rules;

  @Option(
      names = "--max-loss",
      paramLabel = "NATS",
      description = "Rule final: fail when the last loss is above NATS.")
  double maxLoss = Double.NaN;

  @Option(
      names = "--max-perplexity",
      paramLabel = "P",
      description = "Rule final: fail when the last perplexity is above P.")
  double maxPerplexity = Double.NaN;

  @Option(
      names = "--at-step",
      paramLabel = "STEP",
      description = "Rule final: judge at STEP instead of the last one.")
  long atStep;

  @Option(
      names = "--at-tokens",
      paramLabel = "TOKENS",
      description = "Rule final: judge at TOKENS instead of the last step.")
  long atTokens;

  @Override
  public Integer call() {
    CheckOptions options = options();
    Run read = log.files().run(run);
    read.notes().forEach(n -> note("note: " + n));
    Verdict verdict = Checker.check(read, options);
    emit(json(read, verdict, options), () -> text(read, verdict, options));
    return verdict.passed() ? ExitCode.OK : ExitCode.CHECK_FAILED;
  }

  private CheckOptions options() {
    CheckOptions options =
        CheckOptions.defaults()
            .withBounds(new FinalBounds(maxLoss, maxPerplexity, atStep, atTokens));
    return rules == null ? options : options.withRules(rules);
  }

  private JsonObject json(Run read, Verdict verdict, CheckOptions options) {
    JsonObject json = json();
    json.addProperty("run", read.name());
    json.addProperty("verdict", verdict.passed() ? "pass" : "fail");
    json.add("rules", Json.texts(new TreeSet<>(options.rules())));
    json.addProperty("points", read.size());
    JsonArray findings = new JsonArray();
    for (Finding finding : verdict.findings()) {
      JsonObject one = new JsonObject();
      one.addProperty("rule", finding.rule());
      one.addProperty("severity", finding.severity().name().toLowerCase(Locale.ROOT));
      one.addProperty("step", finding.step());
      one.addProperty("message", finding.message());
      findings.add(one);
    }
    json.add("findings", findings);
    json.add("notes", Json.texts(read.notes()));
    return json;
  }

  private static String text(Run read, Verdict verdict, CheckOptions options) {
    StringBuilder text = new StringBuilder();
    text.append(verdict.passed() ? "PASS " : "FAIL ").append(read.name());
    text.append(": ").append(Figures.count(read.size(), "point")).append(", rules ");
    text.append(String.join(", ", new TreeSet<>(options.rules()))).append('\n');
    for (Finding finding : verdict.findings()) {
      String severity = finding.severity().name().toLowerCase(Locale.ROOT);
      text.append("  ").append(severity).append("  ").append(finding.rule());
      text.append(" at step ").append(finding.step()).append(": ");
      text.append(finding.message()).append('\n');
    }
    return text.toString();
  }
}
