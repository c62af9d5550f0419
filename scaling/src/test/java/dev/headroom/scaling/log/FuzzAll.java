package dev.headroom.scaling.log;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Runs Jazzer on every target in turn, each in a process of its own with 256 MiB of heap: {@code
 * mvn -Pfuzz -pl scaling -am process-test-classes}. What is found lies in {@code target/fuzz}; it
 * belongs, as {@code found-...}, into the corpus.
 */
public final class FuzzAll {
  private static final Path FOLDER = Path.of("target/fuzz");

  private FuzzAll() {}

  /**
   * Runs the targets.
   *
   * @param args seconds for each, then names of targets; without names all
   */
  public static void main(String[] args) throws IOException, InterruptedException {
    Set<String> names = Set.of(List.of(args).subList(1, args.length).toArray(new String[0]));
    List<String> broken = new ArrayList<>();
    for (FuzzTarget target : FuzzTargets.ALL) {
      if ((names.isEmpty() || names.contains(target.name())) && !holds(target, args[0])) {
        broken.add(target.name());
      }
    }
    if (!broken.isEmpty()) {
      throw new AssertionError("fuzz: " + broken + " broke a promise; see " + FOLDER);
    }
  }

  private static boolean holds(FuzzTarget target, String seconds)
      throws IOException, InterruptedException {
    Path folder = FOLDER.resolve(target.name());
    Path corpus = Files.createDirectories(folder.resolve("corpus"));
    List<byte[]> inputs = FuzzTargets.inputs(target);
    for (int i = 0; i < inputs.size(); i++) {
      Files.write(corpus.resolve("example-" + i), inputs.get(i));
    }
    Process process =
        new ProcessBuilder(
                ProcessHandle.current().info().command().orElse("java"),
                "-Xmx256m",
                "-cp",
                System.getProperty("java.class.path"),
                "com.code_intelligence.jazzer.Jazzer",
                "--target_class=" + Fuzz.class.getName(),
                "--target_args=" + target.name(),
                "--instrumentation_includes=dev.headroom.**",
                "--disabled_hooks=com.code_intelligence.jazzer.sanitizers.SqlInjection", // breaks
                // DuckDB
                "--reproducer_path=" + folder,
                "-max_total_time=" + seconds,
                "-max_len=16384",
                "-timeout=20",
                "-rss_limit_mb=0",
                "-artifact_prefix=" + folder + "/",
                corpus.toString())
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("output.txt").toFile())
            .start();
    boolean holds = process.waitFor() == 0;
    System.out.println((holds ? "held   " : "BROKEN ") + target + ": " + last(folder));
    return holds;
  }

  private static String last(Path folder) throws IOException {
    try (Stream<String> lines = Files.lines(folder.resolve("output.txt"))) {
      return lines
          .filter(l -> l.startsWith("Done ") || l.startsWith("== ") || l.contains("Error: "))
          .reduce((a, b) -> a.startsWith("== ") ? a : b)
          .orElse("");
    }
  }
}
