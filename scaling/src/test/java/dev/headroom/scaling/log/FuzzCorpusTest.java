package dev.headroom.scaling.log;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class FuzzCorpusTest {
  private static final int MUTANTS = 200;
  private static final long SEED = 20_261_121;

  static List<FuzzTarget> targets() {
    return FuzzTargets.ALL;
  }

  @ParameterizedTest
  @MethodSource("targets")
  void keepsItsPromiseForTheCorpusAndForMutantsOfIt(FuzzTarget target) {
    List<byte[]> inputs = FuzzTargets.inputs(target);
    assertFalse(inputs.isEmpty(), "no example of " + target);
    Random random = new Random(SEED);
    target.feed(new byte[0]);
    for (byte[] input : inputs) {
      target.feed(input);
    }
    for (int i = 0; i < MUTANTS; i++) {
      target.feed(mutant(inputs, random));
    }
  }

  /** Changes a few bytes of an example, cuts it, or puts a piece of another into it. */
  private static byte[] mutant(List<byte[]> inputs, Random random) {
    byte[] data = inputs.get(random.nextInt(inputs.size())).clone();
    for (int i = random.nextInt(4); i >= 0 && data.length > 0; i--) {
      data[random.nextInt(data.length)] = (byte) random.nextInt(256);
    }
    switch (random.nextInt(3)) {
      case 0:
        return java.util.Arrays.copyOf(data, random.nextInt(data.length + 1));
      case 1:
        byte[] other = inputs.get(random.nextInt(inputs.size()));
        int from = random.nextInt(other.length);
        int size = Math.min(random.nextInt(1 + other.length - from), data.length);
        System.arraycopy(other, from, data, random.nextInt(1 + data.length - size), size);
        return data;
      default:
        return data;
    }
  }

  @Test
  void everyExampleIsOfATarget() throws IOException {
    try (Stream<Path> folders = Files.list(FuzzTargets.CORPUS)) {
      List<String> names = FuzzTargets.ALL.stream().map(FuzzTarget::name).toList();
      for (Path folder : folders.toList()) {
        assertTrue(names.contains(folder.getFileName().toString()), folder.toString());
      }
    }
  }

  /** An example that is refused as a whole would test next to nothing. */
  @ParameterizedTest
  @MethodSource("exampleLogs")
  void everyExampleOfALogIsReadAsOne(Path example) throws IOException {
    assertTrue(LogReader.readRun(example, ColumnMap.none()).size() > 0);
  }

  static List<Path> exampleLogs() throws IOException {
    try (Stream<Path> files = Files.walk(FuzzTargets.CORPUS)) {
      return files
          .filter(Files::isRegularFile)
          .filter(f -> !f.getFileName().toString().startsWith("found-"))
          .filter(f -> LOGS.contains(f.getParent().getFileName().toString()))
          .sorted()
          .toList();
    }
  }

  private static final List<String> LOGS =
      List.of("jsonl", "csv", "json-document", "text", "mlflow-database", "parquet");

  @Test
  void findsABrokenPromise() {
    FuzzTarget leak = new FuzzTarget("leak", List.of(), data -> Integer.parseInt("x"));
    assertThrows(AssertionError.class, () -> leak.feed(new byte[1]));
    FuzzTarget silent =
        new FuzzTarget(
            "silent",
            List.of(),
            data -> {
              throw new IllegalArgumentException("");
            });
    assertThrows(AssertionError.class, () -> silent.feed(new byte[1]));
    FuzzTarget greedy =
        new FuzzTarget(
            "greedy", List.of(), data -> assertEquals(1 << 28, new byte[1 << 28].length));
    assertThrows(AssertionError.class, () -> greedy.feed(new byte[1]));
  }
}
