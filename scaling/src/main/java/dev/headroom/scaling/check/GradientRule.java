package dev.headroom.scaling.check;

import java.util.List;
import java.util.Map;

/**
 * Judges the gradient norm: does it explode, vanish, or is it clipped all the time?
 *
 * <p>Levels are medians of a twentieth of the logged norms (3 to 200 points), so that single bursts
 * do not count.
 */
final class GradientRule implements Rule {
  private static final int FEWEST = 20;
  private static final List<String> CLIPS =
      List.of("clip", "clip_grad", "clip-grad", "grad_clip", "max_grad_norm", "gradient_clipping");

  private static final RuleInfo INFO =
      new RuleInfo(
          "gradient",
          "the gradient norm explodes, vanishes or is clipped all the time",
          "the logged norm is that before clipping; a log with fewer than 20 norms is not judged",
          "error if it ends exploded or vanished, warning if it was and came back, or is huge from"
              + " the start; info for clipping",
          "norms of good runs stay within a factor of ten of their median after the start",
          "public runs with a logged norm are silent: headroom selftest checks",
          List.of(
              Setting.number("rise", 10, 1, Double.MAX_VALUE, "times its median that is exploding"),
              Setting.number("fall", 1000, 1, Double.MAX_VALUE, "times below that is vanishing"),
              Setting.above0("limit", 1000, "median norm that is odd whatever came before"),
              Setting.above0("clip", Double.NaN, "norm that is clipped, if the log does not say"),
              Setting.share("clipped", 0.99, "share of clipped steps that is all the time")));

  @Override
  public RuleInfo info() {
    return INFO;
  }

  @Override
  public void apply(Subject subject, RuleSettings set, List<Finding> out) {
    Series norm = subject.series("grad_norm");
    if (norm.size() < FEWEST) {
      return;
    }
    double usual = norm.median(0, norm.size());
    int q = norm.tail();
    if (usual > set.number("limit")) {
      out.add(finding(Severity.WARNING, norm.step()[0], "is huge: median " + number(usual)));
    }
    explode(norm, usual, q, set.number("rise"), out);
    double end = norm.last();
    if (end <= usual / set.number("fall")) {
      String text = "vanished: " + number(end) + " at the end, median " + number(usual);
      out.add(finding(Severity.ERROR, norm.lastStep(), text));
    }
    clipping(subject, norm, set, out);
  }

  private static void explode(Series norm, double usual, int q, double rise, List<Finding> out) {
    // The start is left out: norms fall from it by far in many good runs.
    int first = -1;
    double top = 0;
    for (int i = norm.size() / 10; i + q <= norm.size(); i += Math.max(1, q / 2)) {
      double here = norm.median(i, i + q);
      if (here > rise * usual) {
        first = first < 0 ? i : first;
        top = Math.max(top, here);
      }
    }
    boolean now = norm.last() > rise * usual;
    if (first >= 0 || now) {
      int at = first < 0 ? norm.size() - q : first;
      String text = "exploded from " + number(usual) + " to " + number(Math.max(top, norm.last()));
      out.add(
          finding(
              now ? Severity.ERROR : Severity.WARNING,
              norm.step()[at],
              text + (now ? " and stays there" : ", and came back")));
    }
  }

  private static void clipping(Subject subject, Series norm, RuleSettings set, List<Finding> out) {
    double clip = set.given("clip") ? set.number("clip") : logged(subject.run().settings());
    int from = norm.size() / 5;
    int clipped = 0;
    int equal = 0;
    for (int i = from; i < norm.size(); i++) {
      clipped += norm.value()[i] > clip ? 1 : 0;
      equal += Math.abs(norm.value()[i] - norm.value()[from]) <= 1e-6 * norm.value()[from] ? 1 : 0;
    }
    double all = set.number("clipped") * (norm.size() - from);
    if (clipped >= all) {
      String text = "is clipped all the time: median " + number(norm.median(from, norm.size()));
      out.add(finding(Severity.INFO, norm.step()[from], text + ", clipped at " + number(clip)));
    } else if (equal >= all && norm.value()[from] > 0) {
      String text = "is " + number(norm.value()[from]) + " at nearly every step: clipped norms?";
      out.add(finding(Severity.INFO, norm.step()[from], text));
    }
  }

  private static double logged(Map<String, String> settings) {
    for (String name : CLIPS) {
      try {
        double clip = Double.parseDouble(settings.getOrDefault(name, ""));
        if (clip > 0) {
          return clip;
        }
      } catch (NumberFormatException e) {
        // the log's header is not ours to judge
      }
    }
    return Double.NaN;
  }

  private static String number(double value) {
    return Level.number(value);
  }

  private static Finding finding(Severity severity, long step, String text) {
    return new Finding(INFO.id(), severity, step, "gradient norm " + text);
  }
}
