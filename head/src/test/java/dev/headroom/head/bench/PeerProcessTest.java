package dev.headroom.head.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDManager;
import dev.headroom.head.bench.Contestant.Turn;
import dev.headroom.head.bench.Contestant.TurnFailure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(value = 120, unit = TimeUnit.SECONDS)
class PeerProcessTest {

  @TempDir Path folder;

  private static PeerProcess process(String python) {
    return new PeerProcess(python, 3, 4096, 60);
  }

  private static BenchInputs inputs(NDManager manager) {
    return BenchInputs.draw(new HeadShape(5, 3, 7), manager);
  }

  @Test
  void givesTheInputsAndReadsTheAnswer() throws IOException {
    String python = FakePython.answering(folder, "echo \"done 0.25 1.5 4096\"");
    try (NDManager manager = NDManager.newBaseManager();
        PeerProcess process = process(python)) {
      assertEquals("PyTorch 9.9, Python 3.99", process.description());
      process.load(inputs(manager));
      assertEquals(new Turn(0.25, 1.5, 4096), process.run("torch-ce"));
      String log = FakePython.log(folder);
      assertTrue(log.contains("started -u peer.py 3 4096\n"), log);
      assertTrue(log.contains("weight 7 3 ") && log.contains("\n84\n"), log);
      assertTrue(log.contains("rows 5 ") && log.contains("\n60\n40\n"), log);
      // the files of the inputs are gone once they are mapped
      assertTrue(log.contains("run torch-ce peer.py stderr \n"), log);
    }
  }

  @Test
  void sendsTheClassifierOnceForSeveralSetsOfRows() throws IOException {
    String python = FakePython.answering(folder, "echo \"done 1 1 1\"");
    try (NDManager manager = NDManager.newBaseManager();
        PeerProcess process = process(python)) {
      BenchInputs all = inputs(manager);
      process.load(all);
      process.load(all.sample(2));
      process.load(all.sample(5));
      String log = FakePython.log(folder);
      assertEquals(log.indexOf("weight 7 3"), log.lastIndexOf("weight 7 3"), log);
      assertTrue(log.contains("rows 2 ") && log.indexOf("rows 5 ") < log.lastIndexOf("rows 5 "));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "echo \"error out of memory\", out of memory",
    "echo \"done 1\", not understood",
    "echo hello, not understood: hello",
    "echo nonsense >&2; exit 3, ended with exit code 3: nonsense",
    "kill -9 $$, killed",
  })
  void namesWhyATurnFailedAndMeasuresTheNextOne(String onRun, String why) throws IOException {
    String lines = "case $2 in bad) " + onRun + " ;; *) echo \"done 1 2 3\" ;; esac";
    try (NDManager manager = NDManager.newBaseManager();
        PeerProcess process = process(FakePython.answering(folder, lines))) {
      process.load(inputs(manager));
      TurnFailure failure = assertThrows(TurnFailure.class, () -> process.run("bad"));
      assertTrue(failure.getMessage().contains(why), failure.getMessage());
      assertEquals(new Turn(1, 2, 3), process.run("good"));
    }
  }

  @Test
  void endsATurnThatGivesNoAnswer() throws IOException {
    String python = FakePython.answering(folder, "exec sleep 600");
    try (NDManager manager = NDManager.newBaseManager();
        PeerProcess process = new PeerProcess(python, 1, 1, 2)) {
      process.load(inputs(manager));
      TurnFailure failure = assertThrows(TurnFailure.class, () -> process.run("torch-ce"));
      assertEquals("no answer within 2 s", failure.getMessage());
    }
  }

  @Test
  void repeatsTheReasonOfARefusal() throws IOException {
    String python = FakePython.program(folder, "echo \"refused PyTorch 1.0 (expected: more)\"");
    TurnFailure failure = assertThrows(TurnFailure.class, () -> process(python));
    assertEquals("PyTorch 1.0 (expected: more)", failure.getMessage());
  }

  @Test
  void saysThatAProgramIsAbsent() {
    String absent = folder.resolve("absent").toString();
    TurnFailure failure = assertThrows(TurnFailure.class, () -> process(absent));
    assertEquals("cannot start it: No such file or directory", failure.getMessage());
  }

  @Test
  void leavesNoFolderBehind() throws IOException {
    Path list = folder.resolve("where");
    String python = FakePython.program(folder, "pwd > '" + list + "'; echo ready; cat");
    process(python).close();
    assertFalse(Files.exists(Path.of(Files.readString(list).strip())));
  }
}
