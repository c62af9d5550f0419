package dev.headroom.scaling.log;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/**
 * Compares what is read of every real log with the summaries that are stored; {@code
 * -Dtest.jvm.args=-Dgolden.write=true} stores them anew.
 */
class LogSummariesTest {
  private static final Path DATA = Path.of("../../shared/data");
  private static final Path STORED = Path.of("src/test/resources/logs/summaries.txt");

  private static boolean isLog(Path file) {
    String path = DATA.relativize(file).toString();
    return (path.startsWith("logs-") || path.startsWith("ci-golden"))
        && Files.isRegularFile(file)
        && !file.endsWith("README.md");
  }

  @Test
  void readsEveryRealLogAsItsSummarySays() throws IOException {
    Assumptions.assumeTrue(Files.isDirectory(DATA), "skipped: " + DATA + " is not here");
    StringBuilder text = new StringBuilder();
    try (Stream<Path> files = Files.walk(DATA)) {
      files.filter(LogSummariesTest::isLog).sorted().forEach(f -> text.append(summary(f)));
    }
    if (Boolean.getBoolean("golden.write")) {
      Files.createDirectories(STORED.getParent());
      Files.writeString(STORED, text.toString());
    }
    assertEquals(Files.readString(STORED), text.toString());
  }

  private static String summary(Path file) {
    LogSummary log = LogReader.summary(file, ColumnMap.none(), RowFilter.all());
    StringBuilder text = new StringBuilder();
    String name = DATA.relativize(file).toString();
    text.append(name).append(": ").append(log.format()).append(", ").append(log.rows());
    text.append(" rows\n");
    for (LogSummary.Series s : log.series()) {
      text.append(
          String.format(
              Locale.ROOT,
              "  %s: %d numbers, %d absent, %d not finite, %.6g to %.6g%n",
              s.name(),
              s.numbers(),
              s.absent(),
              s.nonFinite(),
              s.least(),
              s.greatest()));
    }
    Run run = log.run();
    if (run == null) {
      text.append("  no run: ").append(log.notARun()).append('\n');
    } else {
      int last = run.size() - 1;
      text.append("  run: ").append(run.size()).append(" points, ").append(log.axis());
      text.append(' ').append(run.step()[0]).append(" to ").append(run.step()[last]);
      text.append(", loss ").append(run.loss()[0]).append(" to ").append(run.loss()[last]);
      text.append(", ").append(run.columns().keySet()).append('\n');
      run.settings().forEach((k, v) -> text.append("  " + k + " = " + v + "\n"));
    }
    for (String note : log.notes()) {
      text.append("  note: ").append(note.replace(file.toString(), name)).append('\n');
    }
    return text.toString();
  }
}
