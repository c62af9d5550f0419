package dev.headroom.cli;

import com.google.gson.JsonObject;
import dev.headroom.scaling.log.Alignment;
import dev.headroom.scaling.log.Axis;
import dev.headroom.scaling.log.LogException;
import dev.headroom.scaling.log.LogSummary;
import dev.headroom.scaling.log.Run;
import java.util.List;

/**
 * Says what several runs have in common.
 *
 * @param runs how many
 * @param counts what their steps count
 * @param alignment the runs side by side, null where they cannot be
 * @param why why not, null where they can
 */
record CommonRange(int runs, String counts, Alignment alignment, String why) {

  /** Looks at those logs that are runs; null where these are fewer than two. */
  static CommonRange of(List<LogSummary> logs) {
    List<LogSummary> runs = logs.stream().filter(l -> l.run() != null).toList();
    if (runs.size() < 2) {
      return null;
    }
    List<String> counts = runs.stream().map(LogSummary::axis).distinct().toList();
    String words = String.join(" and ", counts);
    if (counts.size() > 1) {
      return new CommonRange(runs.size(), words, null, "their steps count " + words);
    }
    List<Run> all = runs.stream().map(LogSummary::run).toList();
    try {
      return new CommonRange(all.size(), words, Alignment.of(all, Axis.STEP), null);
    } catch (LogException e) {
      return new CommonRange(all.size(), words, null, e.getMessage());
    }
  }

  private long first() {
    return (long) alignment.at()[0];
  }

  private long last() {
    return (long) alignment.at()[alignment.at().length - 1];
  }

  /** Counts the runs that have no row of their own at some common place. */
  private int interpolated() {
    int count = 0;
    for (int r = 0; r < alignment.curves().size(); r++) {
      boolean some = false;
      for (int i = 0; i < alignment.at().length && !some; i++) {
        some = alignment.interpolated(r, i);
      }
      count += some ? 1 : 0;
    }
    return count;
  }

  String text() {
    String head = "\n" + Figures.count(runs, "run") + " together: ";
    if (alignment == null) {
      return head + "no; " + why + "\n";
    }
    String odd =
        interpolated() == 0
            ? ", logged by all"
            : ", of the sparsest run; " + interpolated() + " of the runs log at others";
    return head
        + Figures.count(alignment.at().length, "point")
        + ", step "
        + first()
        + " to "
        + last()
        + odd
        + "\n";
  }

  JsonObject json() {
    JsonObject json = new JsonObject();
    json.addProperty("runs", runs);
    json.addProperty("axis", counts);
    if (alignment == null) {
      json.addProperty("apart", why);
      return json;
    }
    json.addProperty("points", alignment.at().length);
    json.addProperty("firstStep", first());
    json.addProperty("lastStep", last());
    json.addProperty("interpolatedRuns", interpolated());
    return json;
  }
}
