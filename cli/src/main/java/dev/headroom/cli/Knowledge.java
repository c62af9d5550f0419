package dev.headroom.cli;

import dev.headroom.scaling.fit.Constraints;
import dev.headroom.scaling.fit.Prior;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.Option;

/** The options that say what is known of the parameters of a law before the data. */
final class Knowledge {

  private static final Pattern PRIOR =
      Pattern.compile("\\s*(\\S+?)\\s*~\\s*(normal|lognormal)\\s*\\(([^,]+),([^,]+)\\)\\s*");

  @Option(
      names = "--fix",
      paramLabel = "NAME=VALUE",
      description = "Keep a parameter at a value: a=.34. Can be given several times.")
  List<String> fixed = new ArrayList<>();

  @Option(
      names = "--tie",
      paramLabel = "NAME=NAME",
      description = "Let a parameter equal another one: a=b.")
  List<String> tied = new ArrayList<>();

  @Option(
      names = "--bound",
      paramLabel = "NAME=LOW:HIGH",
      description = "Keep a parameter inside limits: a=0:1; an end may be empty.")
  List<String> bounds = new ArrayList<>();

  @Option(
      names = "--prior",
      paramLabel = "PRIOR",
      description =
          "What is known of a parameter: a~normal(.35,.05), or A~lognormal(400,.3) with the median"
              + " and the deviation of the logarithm.")
  List<String> priors = new ArrayList<>();

  /** Says whether none of the options was given. */
  boolean isEmpty() {
    return fixed.isEmpty() && tied.isEmpty() && bounds.isEmpty() && priors.isEmpty();
  }

  /** Returns the constraints. */
  Constraints constraints() {
    Constraints constraints = Constraints.none();
    for (String text : fixed) {
      String[] parts = parts("--fix", text, "NAME=VALUE, for example a=.34");
      constraints = constraints.fix(parts[0], number("--fix", parts[1]));
    }
    for (String text : tied) {
      String[] parts = parts("--tie", text, "NAME=NAME, for example a=b");
      constraints = constraints.tie(parts[0], parts[1]);
    }
    for (String text : bounds) {
      String[] parts = parts("--bound", text, "NAME=LOW:HIGH, for example a=0:1");
      String[] ends = parts[1].split(":", -1);
      if (ends.length != 2) {
        throw refused("--bound", text, "NAME=LOW:HIGH, for example a=0:1");
      }
      constraints =
          constraints.bound(
              parts[0],
              ends[0].isBlank() ? Double.NEGATIVE_INFINITY : number("--bound", ends[0]),
              ends[1].isBlank() ? Double.POSITIVE_INFINITY : number("--bound", ends[1]));
    }
    for (String text : priors) {
      constraints = prior(constraints, text);
    }
    return constraints;
  }

  private static Constraints prior(Constraints constraints, String text) {
    Matcher matcher = PRIOR.matcher(text);
    if (!matcher.matches()) {
      throw refused("--prior", text, "NAME~normal(MEAN,SD) or NAME~lognormal(MEDIAN,SD)");
    }
    double centre = number("--prior", matcher.group(3));
    double deviation = number("--prior", matcher.group(4));
    boolean logarithmic = matcher.group(2).equals("lognormal");
    return constraints.prior(matcher.group(1), new Prior(centre, deviation, logarithmic));
  }

  private static String[] parts(String option, String text, String rule) {
    int at = text.indexOf('=');
    if (at < 1 || at == text.length() - 1) {
      throw refused(option, text, rule);
    }
    return new String[] {text.substring(0, at).trim(), text.substring(at + 1).trim()};
  }

  private static double number(String option, String text) {
    try {
      return Double.parseDouble(text.trim());
    } catch (NumberFormatException e) {
      throw refused(option, text, "a number");
    }
  }

  private static IllegalArgumentException refused(String option, String text, String rule) {
    return new IllegalArgumentException(option + ": " + text + " (expected: " + rule + ")");
  }
}
