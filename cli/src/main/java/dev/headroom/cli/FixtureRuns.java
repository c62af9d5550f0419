package dev.headroom.cli;

import dev.headroom.scaling.forecast.Sibling;
import dev.headroom.scaling.log.ColumnMap;
import dev.headroom.scaling.log.LogReader;
import dev.headroom.scaling.log.RowFilter;
import dev.headroom.scaling.log.Run;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * The runs that Headroom's own {@code train} produced and that travel with it, with settings and
 * schedule in the header of each log.
 */
final class FixtureRuns {

  private static final String FOLDER = "/dev/headroom/fixtures/logs/";

  private FixtureRuns() {}

  /**
   * Reads every fixture run.
   *
   * @throws CommandException with exit code 2 where the fixtures are not on the class path
   */
  static List<Run> all() {
    List<Run> runs = new ArrayList<>();
    for (String name : names()) {
      try (InputStream in = FixtureRuns.class.getResourceAsStream(FOLDER + name)) {
        if (in == null) {
          throw new IllegalStateException("fixture run " + name + ": listed but absent");
        }
        runs.add(LogReader.readRun(in, "fixture " + stem(name), ColumnMap.none(), RowFilter.all()));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    return runs;
  }

  /** Returns the fixture runs as siblings for a forecast. */
  static List<Sibling> siblings() {
    return all().stream().map(r -> new Sibling(r, RunSchedule.of(r, null).schedule())).toList();
  }

  private static List<String> names() {
    try (InputStream in = FixtureRuns.class.getResourceAsStream(FOLDER + "index.txt")) {
      if (in == null) {
        throw new CommandException(
            ExitCode.USAGE,
            "fixture runs: absent (expected: headroom-fixtures with its logs on the class path;"
                + " `mvn -B package` builds it)");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8)
          .lines()
          .map(line -> line.strip().split("\\s+")[0])
          .filter(line -> line.endsWith(".jsonl"))
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String stem(String name) {
    return name.substring(name.lastIndexOf('/') + 1, name.length() - ".jsonl".length());
  }
}
