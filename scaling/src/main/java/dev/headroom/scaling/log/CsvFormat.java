package dev.headroom.scaling.log;

/**
 * Delimited text: comma, tab or semicolon, whichever the first line holds most often. Lightning's
 * {@code metrics.csv} is one, with rows of a step apart that complete each other.
 */
final class CsvFormat implements LogFormat {
  private final String name;

  CsvFormat() {
    this("CSV");
  }

  private CsvFormat(String name) {
    this.name = name;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public LogFormat refine(LogInput input) {
    String body = input.headText().stripLeading();
    String header = "," + body.lines().findFirst().orElse("").replace("\"", "") + ",";
    boolean lightning = header.contains(",epoch,") && header.contains(",step,");
    return lightning ? new CsvFormat("Lightning metrics CSV") : this;
  }

  @Override
  public boolean recognises(LogInput input) {
    String body = input.headText().stripLeading();
    return !body.isEmpty() && body.charAt(0) != '[' && separator(body) != 0;
  }

  @Override
  public RowSource open(LogInput input, Cells cells, Faults faults) {
    char separator = separator(input.headText().stripLeading());
    return new CsvSource(input.text(), faults, cells, separator);
  }

  /** Finds the separator that the first line, comments apart, holds most often outside quotes. */
  static char separator(String body) {
    int from = 0;
    while (from < body.length() && body.charAt(from) == '#' && body.indexOf('\n', from) > 0) {
      from = body.indexOf('\n', from) + 1;
    }
    int[] seen = new int[3];
    boolean quoted = false;
    for (int i = from; i < body.length() && (quoted || body.charAt(i) != '\n'); i++) {
      char c = body.charAt(i);
      quoted ^= c == '"';
      int which = quoted ? -1 : ",\t;".indexOf(c);
      if (which >= 0) {
        seen[which]++;
      }
    }
    int best = seen[1] > seen[0] ? 1 : 0;
    best = seen[2] > seen[best] ? 2 : best;
    return seen[best] == 0 ? 0 : ",\t;".charAt(best);
  }
}
