package dev.headroom.cli;

import dev.headroom.scaling.check.CheckOptions;
import dev.headroom.scaling.check.FailOn;
import dev.headroom.scaling.check.Profile;
import dev.headroom.scaling.check.Rules;
import dev.headroom.scaling.check.RulesFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import picocli.CommandLine.Option;

/** Which rules judge a run, and how they are set. */
final class RuleOptions {

  @Option(
      names = "--rules",
      paramLabel = "FILE|RULE,...",
      description =
          "A rules file (JSON; --rules-schema prints its schema), or only these rules of those that"
              + " --explain lists.")
  String rules;

  @Option(
      names = "--rules-file",
      paramLabel = "FILE",
      description = "A rules file; with it --rules still names the only rules.")
  Path rulesFile;

  @Option(
      names = "--profile",
      paramLabel = "KIND",
      description = "pretraining (default), fine-tuning or smoke (some hundred steps in CI).")
  String profile;

  @Option(
      names = "--set",
      paramLabel = "RULE.NAME=VALUE",
      description = "One setting, such as spike.mads=10 or plateau.severity=off; repeatable.")
  List<String> settings = new ArrayList<>();

  @Option(
      names = "--fail-on",
      paramLabel = "SEVERITY",
      description = "error (default), warning or never.")
  String failOn;

  @Option(
      names = "--max-loss",
      paramLabel = "NATS",
      description = "Fail when the last loss is above NATS (final.max_loss).")
  String maxLoss;

  @Option(
      names = "--max-perplexity",
      paramLabel = "P",
      description = "Fail when the last perplexity is above P (final.max_perplexity).")
  String maxPerplexity;

  @Option(
      names = "--at-step",
      paramLabel = "STEP",
      description = "Judge these bounds at STEP instead of the last one (final.at_step).")
  String atStep;

  @Option(
      names = "--at-tokens",
      paramLabel = "TOKENS",
      description = "Judge these bounds at TOKENS instead of the last step (final.at_tokens).")
  String atTokens;

  /** Returns what the flags ask for: profile, then file, then single settings. */
  CheckOptions options() {
    boolean file = rules != null && isFile(rules);
    CheckOptions base =
        profile == null ? CheckOptions.defaults() : CheckOptions.of(Profile.named(profile));
    CheckOptions out = base;
    if (rulesFile != null || file) {
      out = RulesFile.read(rulesFile != null ? rulesFile : Path.of(rules), out, profile != null);
    }
    if (rules != null && !file) {
      out = out.only(new LinkedHashSet<>(List.of(rules.split(",", -1))));
    }
    for (String setting : settings) {
      int at = setting.indexOf('=');
      if (at < 0) {
        throw new IllegalArgumentException(
            "--set: " + setting + " (expected: RULE.NAME=VALUE, such as spike.mads=10)");
      }
      out = out.with(setting.substring(0, at).trim(), setting.substring(at + 1).trim());
    }
    for (Map.Entry<String, String> bound : bounds().entrySet()) {
      out = bound.getValue() == null ? out : out.with(bound.getKey(), bound.getValue());
    }
    return failOn == null ? out : out.failingOn(failOn());
  }

  /** Says whether --rules lists a rule. */
  boolean names(String id) {
    return rules != null && List.of(rules.split(",", -1)).contains(id);
  }

  private Map<String, String> bounds() {
    Map<String, String> out = new java.util.LinkedHashMap<>();
    out.put("final.max_loss", maxLoss);
    out.put("final.max_perplexity", maxPerplexity);
    out.put("final.at_step", atStep);
    out.put("final.at_tokens", atTokens);
    return out;
  }

  private FailOn failOn() {
    if (!List.of("error", "warning", "never").contains(failOn)) {
      throw new IllegalArgumentException(
          "--fail-on: " + failOn + " (expected: error, warning or never)");
    }
    return FailOn.valueOf(failOn.toUpperCase(Locale.ROOT));
  }

  /** A list of rule ids is no file; anything else that looks like one or exists is. */
  private static boolean isFile(String text) {
    return !Rules.ids().containsAll(List.of(text.split(",", -1)))
        && (text.endsWith(".json") || text.contains("/") || Files.exists(Path.of(text)));
  }
}
