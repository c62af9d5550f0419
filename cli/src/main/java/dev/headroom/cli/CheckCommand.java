package dev.headroom.cli;

import com.google.gson.JsonObject;
import dev.headroom.cli.verdict.JsonReport;
import dev.headroom.cli.verdict.Judged;
import dev.headroom.scaling.check.BaselineRule;
import dev.headroom.scaling.check.CheckOptions;
import dev.headroom.scaling.check.Checker;
import dev.headroom.scaling.check.Finding;
import dev.headroom.scaling.check.RulesSchema;
import dev.headroom.scaling.check.Verdict;
import dev.headroom.scaling.check.baseline.Comparison;
import dev.headroom.scaling.log.LogException;
import dev.headroom.scaling.log.Run;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
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
      "  headroom check run.jsonl --rules rules.json --set spike.mads=10 --fail-on warning",
      "  headroom check run.jsonl --baseline golden/ --hardware h100",
      "  headroom check --explain spike",
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
      arity = "0..*",
      description = "Logs, one a run (JSONL, CSV; - is standard input); each has its verdict.")
  List<String> runs;

  @Mixin LogOptions log = new LogOptions();

  @Mixin ReportOptions report = new ReportOptions();

  @Mixin RuleOptions rules = new RuleOptions();

  @Mixin BaselineOptions baseline = new BaselineOptions();

  @Option(
      names = "--explain",
      paramLabel = "RULE",
      description =
          "Say what a rule (or all of them) assumes, its settings, and why they are so; needs no RUN.")
  String explain;

  @Option(names = "--rules-schema", description = "Print the JSON Schema of rules files.")
  boolean schema;

  @Override
  public Integer call() {
    if (schema) {
      emit(RulesSchema.text());
      return ExitCode.OK;
    }
    if (explain != null) {
      JsonObject json = json();
      RuleHelp.json(explain, json);
      emit(json, () -> RuleHelp.text(explain));
      return ExitCode.OK;
    }
    if (runs == null) {
      throw new ParameterException(
          spec.commandLine(), "RUN: none (expected: the log of a run, or --explain RULE)");
    }
    return checkAll(baseline.options(rules.options(), rules.names(BaselineRule.ID)));
  }

  private int checkAll(CheckOptions options) {
    ReportOptions.Reports reports = report.open(System.getenv());
    LogFiles files = log.files();
    BaselineOptions.Judge golden = baseline.open(files, options);
    if (baseline.ignored(options)) {
      note("warning: --baseline is not used: the rule baseline is off");
    }
    List<Judged> judged = new ArrayList<>();
    int code = ExitCode.OK;
    for (String run : new LinkedHashSet<>(runs)) {
      try {
        Judged one = judge(files.run(run), options, golden);
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

  private Judged judge(Run run, CheckOptions options, BaselineOptions.Judge golden) {
    String about = runs.size() == 1 ? "note: " : "note: " + run.name() + ": ";
    run.notes().forEach(n -> note(about + n));
    Verdict verdict = Checker.check(run, options);
    Optional<Comparison> comparison = golden.compare(run);
    if (comparison.isEmpty()) {
      return Judged.of(run, options, verdict);
    }
    comparison.get().notes().forEach(n -> note(about + n));
    List<Finding> findings = new ArrayList<>(verdict.findings());
    findings.add(options.graded(comparison.get().finding()));
    return Judged.of(run, options, Verdict.of(findings, options.failOn())).beside(comparison.get());
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
    String severity = finding.severity().word();
    return String.format(
        Locale.ROOT,
        "  %s  %s at step %d: %s%n",
        severity,
        finding.rule(),
        finding.step(),
        finding.message());
  }
}
