package dev.headroom.scaling.log;

import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** Words the message about a column that is not there. */
final class Names {
  private Names() {}

  static String missing(String file, String wanted, List<String> present) {
    StringBuilder out = new StringBuilder();
    out.append("column: ").append(wanted).append(" is not in ").append(file);
    String near = nearest(wanted, present);
    if (near != null) {
      out.append("; did you mean '").append(near).append("'?");
    }
    int shown = Math.min(present.size(), 20);
    out.append(" (expected: one of ").append(String.join(", ", present.subList(0, shown)));
    if (present.size() > shown) {
      out.append(" and ").append(present.size() - shown).append(" more");
    }
    return out.append(')').toString();
  }

  /** Words the message about a folder or file with more runs, or fewer, than the one wanted. */
  static String several(String what, Collection<?> found) {
    if (found.isEmpty()) {
      return "no " + what;
    }
    int shown = 8;
    String list =
        found.stream().limit(shown).map(String::valueOf).collect(Collectors.joining(", "));
    int more = found.size() - shown;
    return found.size() + " " + what + ": " + list + (more > 0 ? " and " + more + " more" : "");
  }

  static String nearest(String wanted, List<String> present) {
    String low = wanted.toLowerCase(Locale.ROOT);
    String best = null;
    double bestScore = 0.6;
    for (String name : present) {
      String other = name.toLowerCase(Locale.ROOT);
      int longest = Math.max(low.length(), other.length());
      double score = longest == 0 ? 1 : (double) distance(low, other) / longest;
      if (!low.isEmpty() && (other.contains(low) || low.contains(other))) {
        score = Math.min(score, 0.5);
      }
      if (score < bestScore) {
        bestScore = score;
        best = name;
      }
    }
    return best;
  }

  private static int distance(String a, String b) {
    int[] row = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      row[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int swap = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(swap, Math.min(row[j], row[j - 1]) + 1);
      }
    }
    return row[b.length()];
  }
}
