package dev.headroom.scaling.log;

import java.util.List;

/** Refuses rows of more than one run where a log holds several and the filter chose none. */
final class OneRun {
  private final String log;
  private final List<String> runs;
  private String first;
  private boolean isMixed;

  OneRun(String log, RowSource source) {
    this.log = log;
    runs = source.runs();
  }

  /** Looks at a row that the filter kept. */
  void see(Cells cells) {
    if (runs.size() > 1 && !isMixed) {
      String here = cells.text(cells.find("run"));
      isMixed = first != null && !first.equals(here);
      first = first == null ? here : first;
    }
  }

  /** Throws {@link IllegalArgumentException} if rows of more than one run were kept. */
  void require() {
    if (isMixed) {
      throw new IllegalArgumentException(
          log
              + ": "
              + Names.several("runs", runs)
              + " (expected: one; choose it with --where \"run == '"
              + first
              + "'\")");
    }
  }
}
