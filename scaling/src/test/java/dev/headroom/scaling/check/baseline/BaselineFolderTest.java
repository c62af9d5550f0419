package dev.headroom.scaling.check.baseline;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.headroom.scaling.log.LogException;
import dev.headroom.scaling.log.Run;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BaselineFolderTest {
  @TempDir Path temp;
  private Path folder;

  @BeforeEach
  void name() {
    folder = temp.resolve("a/golden");
  }

  private static Run run(double last) {
    double[] norm = {0.1 + 0.2, Run.ABSENT, Double.NaN};
    return new Run(
        "made here",
        new long[] {1, 2, 1L << 52},
        new double[] {Math.PI, -1.0 / 3, last},
        Map.of("grad_norm", norm),
        Map.of("seed", "7", "schedule", "wsd(\"x\")"),
        List.of());
  }

  private Golden add(double last) {
    return BaselineFolder.add(folder, run(last), "h100", "", "0.1.0");
  }

  @Test
  void givesBackTheSameDoubles() {
    Golden golden = add(Double.MIN_NORMAL);
    BaselineFolder opened = BaselineFolder.open(folder);
    assertEquals(List.of(golden), opened.golden());
    GoldenRun read = opened.read().get(0);
    assertEquals("h100", read.hardware());
    assertArrayEquals(run(Double.MIN_NORMAL).loss(), read.run().loss());
    assertArrayEquals(run(0).step(), read.run().step());
    assertArrayEquals(run(0).columns().get("grad_norm"), read.run().columns().get("grad_norm"));
    assertTrue(Run.isAbsent(read.run().columns().get("grad_norm")[1]));
    assertFalse(Run.isAbsent(read.run().columns().get("grad_norm")[2]));
    assertTrue(read.run().settings().entrySet().containsAll(run(0).settings().entrySet()));
  }

  @Test
  void neverReplacesAGoldenRun() {
    Golden golden = add(1);
    String message = assertThrows(IllegalArgumentException.class, () -> add(1)).getMessage();
    assertTrue(message.contains("in the baseline already, as " + golden.id()), message);
    add(2);
    assertEquals(2, BaselineFolder.open(folder).read().size());
  }

  @Test
  void refusesAGoldenRunThatWasChangedOrIsGone() throws IOException {
    Golden golden = add(1);
    Path file = folder.resolve(golden.file());
    Files.writeString(file, Files.readString(file).replace("3.14", "3.15"));
    String changed =
        assertThrows(LogException.class, () -> BaselineFolder.open(folder).read()).getMessage();
    assertTrue(changed.contains("was changed on disk"), changed);
    Files.delete(file);
    String gone =
        assertThrows(LogException.class, () -> BaselineFolder.open(folder).read()).getMessage();
    assertTrue(gone.contains("is gone or cannot be read"), gone);
  }

  @Test
  void refusesARunThatFailed() {
    assertThrows(IllegalArgumentException.class, () -> add(Double.NaN));
    assertFalse(Files.exists(folder));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "{",
        "[]",
        "null",
        "{\"schema\":1}",
        "{\"schema\":\"x\",\"case\":\"\",\"golden\":[]}",
        "{\"schema\":2,\"case\":\"\",\"golden\":[]}",
        "{\"schema\":1,\"case\":\"\",\"golden\":[{}]}",
        "{\"schema\":1,\"case\":\"\",\"golden\":[3]}",
        "{\"schema\":1,\"case\":[],\"golden\":{}}"
      })
  void refusesAManifestThatIsNone(String text) throws IOException {
    add(1);
    Files.writeString(folder.resolve(BaselineFolder.MANIFEST), text);
    String message =
        assertThrows(LogException.class, () -> BaselineFolder.open(folder)).getMessage();
    assertTrue(message.contains("baseline.json: "), message);
    assertTrue(message.contains("(expected: "), message);
  }

  @Test
  void doesNotFollowAManifestOutOfItsFolder() throws IOException {
    Golden golden = add(1);
    Path manifest = folder.resolve(BaselineFolder.MANIFEST);
    Files.writeString(
        manifest, Files.readString(manifest).replace(golden.file(), "../../secret.jsonl"));
    assertThrows(LogException.class, () -> BaselineFolder.open(folder));
  }

  @Test
  void keepsToItsCaseAndToFoldersOfItsOwn() throws IOException {
    BaselineFolder.add(folder, run(1), "", "small", "0.1.0");
    assertThrows(
        IllegalArgumentException.class,
        () -> BaselineFolder.add(folder, run(2), "", "large", "0.1.0"));
    BaselineFolder.add(folder, run(3), "", "small", "0.1.0");
    assertEquals("small", BaselineFolder.open(folder).caseName());
    Files.writeString(temp.resolve("note.txt"), "mine");
    assertThrows(LogException.class, () -> BaselineFolder.add(temp, run(1), "", "", "0.1.0"));
    assertThrows(LogException.class, () -> BaselineFolder.open(temp));
    assertThrows(LogException.class, () -> BaselineFolder.open(temp.resolve("absent")));
  }

  @Test
  void removesAllOrNothing() {
    Golden first = add(1);
    Golden second = add(2);
    assertThrows(
        IllegalArgumentException.class,
        () -> BaselineFolder.remove(folder, List.of(first.id(), "no such")));
    assertEquals(2, BaselineFolder.open(folder).golden().size());
    BaselineFolder.remove(folder, List.of(first.id(), second.id()));
    assertFalse(Files.exists(folder.resolve(first.file())));
    BaselineFolder empty = BaselineFolder.open(folder);
    String message = assertThrows(LogException.class, empty::read).getMessage();
    assertTrue(message.contains("no golden run in it"), message);
    add(1);
    assertEquals(1, BaselineFolder.open(folder).read().size());
  }

  @Test
  void losesNoRunThatIsAddedAtTheSameTime() {
    IntStream.range(0, 20).parallel().forEach(i -> add(100 + i));
    assertEquals(20, BaselineFolder.open(folder).read().size());
  }
}
