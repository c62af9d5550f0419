package dev.headroom.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Runs the commands that read logs once, so that the launcher can store their loaded classes
 * (Java's class data sharing) and they start in half the time.
 */
final class ArchiveSample {

  private ArchiveSample() {}

  /** Runs them on a made-up log written to the folder that is given. */
  public static void main(String[] args) throws IOException {
    Path folder = Path.of(args[0]);
    Path log = folder.resolve("archive-sample.jsonl");
    Path page = folder.resolve("archive-sample.html");
    Files.writeString(log, sample());
    String[][] lines = {
      {"fit", "power", log.toString(), "--json"},
      {"fit", "annealing", log.toString()},
      {"check", log.toString(), "--json"},
      {"check", log.toString()},
      {"forecast", log.toString(), "--upto", "60", "--json"},
      {"inspect", log.toString()},
      {"report", log.toString(), "-o", page.toString()},
      {"fit", "--help"}
    };
    for (String[] line : lines) {
      Headroom.run(line, nowhere(), nowhere());
    }
    Files.delete(log);
    Files.deleteIfExists(page);
  }

  private static String sample() {
    StringBuilder log = new StringBuilder();
    log.append("{\"headroom\":\"0.1.0\",\"run\":{\"params\":1000,");
    log.append("\"schedule\":\"wsd(peak=1e-3,warmup=5,decay=20%,total=100)\"}}\n");
    for (int step = 1; step <= 100; step++) {
      double loss = 3 + 5 / Math.sqrt(step) + .01 * Math.sin(step);
      log.append("{\"step\":" + step + ",\"tokens\":" + 64 * step + ",\"loss\":" + loss + "}\n");
    }
    return log.toString();
  }

  private static PrintWriter nowhere() {
    return new PrintWriter(Writer.nullWriter());
  }
}
