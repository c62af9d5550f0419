package dev.headroom.cli;

import com.google.gson.JsonObject;
import dev.headroom.cli.verdict.JsonReport;
import dev.headroom.cli.verdict.Judged;
import dev.headroom.scaling.check.CheckOptions;
import dev.headroom.scaling.check.Checker;
import dev.headroom.scaling.check.FinalBounds;
import dev.headroom.scaling.check.Finding;
import dev.headroom.scaling.log.LogException;
import dev.headroom.scaling.log.Run;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
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
      "  headroom check runs/*.jsonl --report junit,github,step-summary",
      "  headroom check wandb_export.csv --map 'step=Step,loss=\"k2 training - lm loss\"'",
      ""
    },
    footer = {
      "",
      "Exit codes: 0 passed; 1 a check failed; 2 usage; 3 a log is unreadable or empty, or a report",
      "cannot be written; of several runs the worst."
    })
final class CheckCommand extends HeadroomCommand {

  @Parameters(
      paramLabel = "RUN",
      arity = "1..*",
      description = "Logs, one a run (JSONL, CSV; - is standard input); each has its verdict.")
  List<String> runs;

  @Mixin LogOptions log = new LogOptions();

  @Mixin ReportOptions report = new ReportOptions();

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
    ReportOptions.Reports reports = report.open(System.getenv());
    LogFiles files = log.files();
    List<Judged> judged = new ArrayList<>();
    int code = ExitCode.OK;
    for (String run : new LinkedHashSet<>(runs)) {
      try {
        Judged one = judge(files.run(run), options);
        judged.add(one);
        code = Math.max(code, one.passed() ? ExitCode.OK : ExitCode.CHECK_FAILED);
      } catch (LogException | IllegalArgumentException e) {
        judged.add(Judged.unreadable(run, e.getMessage()));
        if (runs.size() == 1) {
          reports.write(judged, spec.name(), err());
          throw e;
        }
        err().println(spec.name() + ": " + Failures.line(run, e));
        code = Math.max(code, Failures.code(e));
      }
    }
    emit(json(judged), () -> text(judged));
    return Math.max(code, reports.write(judged, spec.name(), err()));
  }

  private Judged judge(Run run, CheckOptions options) {
    run.notes().forEach(n -> note("note: " + n));
    return Judged.of(run, options.rules(), Checker.check(run, options));
  }

  private CheckOptions options() {
    CheckOptions options =
        CheckOptions.defaults()
            .withBounds(new FinalBounds(maxLoss, maxPerplexity, atStep, atTokens));
    return rules == null ? options : options.withRules(rules);
  }

  /** One run is the document; several are a list in it. */
  private JsonObject json(List<Judged> judged) {
    JsonObject json = json();
    if (runs.size() == 1) {
      JsonReport.add(json, judged.get(0));
    } else {
      JsonReport.add(json, judged);
    }
    return json;
  }

  private static String text(List<Judged> judged) {
    StringBuilder text = new StringBuilder();
    for (Judged run : judged) {
      text.append(run.outcome()).append(' ').append(run.run()).append(": ");
      if (run.outcome() == Judged.Outcome.UNREADABLE) {
        text.append(run.problem()).append('\n');
        continue;
      }
      text.append(Figures.count(run.extent().points(), "point")).append(", rules ");
      text.append(String.join(", ", run.rules())).append('\n');
      run.findings().forEach(finding -> text.append(line(finding)));
    }
    return text.toString();
  }

  private static String line(Finding finding) {
    String severity = finding.severity().name().toLowerCase(Locale.ROOT);
    return String.format(
        Locale.ROOT,
        "  %s  %s at step %d: %s%n",
        severity,
        finding.rule(),
        finding.step(),
        finding.message());
  }
}
