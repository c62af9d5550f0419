package dev.headroom.scaling.log;

import java.util.List;

/** Knows every kind of log and finds the one that a log is of. */
final class LogFormats {
  /** All kinds, the particular before the general: the first that recognises a log reads it. */
  static final List<LogFormat> ALL =
      List.of(
          new TensorBoardFormat(),
          new WandbFormat(),
          new MlflowFolderFormat(),
          new MlflowDatabaseFormat(),
          new ParquetFormat(),
          new JsonDocumentFormat(),
          new WandbChartFormat(),
          new TextFormats(),
          new JsonlFormat(),
          new CsvFormat());

  private LogFormats() {}

  /** Returns the kind of a log; throws {@link LogException} where it is none that is known. */
  static LogFormat of(LogInput input) {
    for (LogFormat format : ALL) {
      if (format.recognises(input)) {
        return format.refine(input);
      }
    }
    throw unknown(input);
  }

  private static LogException unknown(LogInput input) {
    if (input.isFolder()) {
      return input.fault(
          LogException.Kind.UNREADABLE, 0, "a directory that is no log (expected: a log file)");
    }
    String text = input.headText();
    if (input.head().length == 0 || (!text.isEmpty() && text.isBlank())) {
      return input.fault(
          LogException.Kind.EMPTY, 0, "empty (expected: at least one row of numbers)");
    }
    if (text.isEmpty()) {
      return input.fault(
          LogException.Kind.UNREADABLE,
          0,
          "a binary file of no kind that is known (expected: a log; text is in UTF-8)");
    }
    return input.fault(
        LogException.Kind.MALFORMED,
        1,
        "neither JSON objects, one a line, nor CSV or TSV with a header: '"
            + firstLine(text.strip())
            + "' (expected: one of these)");
  }

  private static String firstLine(String body) {
    String line = body.lines().findFirst().orElse("");
    return line.length() > 80 ? line.substring(0, 80) + "..." : line;
  }
}
