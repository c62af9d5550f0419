package dev.headroom.head.bench;

import dev.headroom.head.bench.Contestant.Turn;
import dev.headroom.head.bench.Contestant.TurnFailure;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * A Python process that measures PyTorch's heads; it lives as long as a shape is measured, so that
 * its start is in no number.
 *
 * <p>Each question is a line, and so is each answer; {@code peer.py} says which there are. The
 * inputs go through files in a folder of its own, which Python maps and which are removed as soon
 * as it has. A process that died or was silent for too long is started again for the next question.
 * Not for use by several threads at once.
 */
final class PeerProcess implements AutoCloseable {
  private static final String SCRIPT = "peer.py";
  private static final long START_SECONDS = 120;
  private static final long ANSWER_SECONDS = 1800;
  // the launcher's settings for Headroom; PyTorch is measured with its own
  private static final List<String> NOT_INHERITED =
      List.of("OMP_WAIT_POLICY", "MALLOC_ARENA_MAX", "MALLOC_MMAP_THRESHOLD_");

  private final List<String> command;
  private final Path folder;
  private final long answerSeconds;
  private Process process;
  private Writer questions;
  private BufferedReader answers;
  private String description = "";
  private BenchInputs inputs;
  private boolean loaded;

  /**
   * Starts Python.
   *
   * @param python the program
   * @throws TurnFailure naming why PyTorch's heads cannot be measured
   */
  PeerProcess(String python, int threads, long workspaceBytes) {
    this(python, threads, workspaceBytes, ANSWER_SECONDS);
  }

  PeerProcess(String python, int threads, long workspaceBytes, long answerSeconds) {
    this.answerSeconds = answerSeconds;
    try {
      folder = Files.createTempDirectory("headroom-bench");
      // where a signal ends this process first; in reverse order, the folder last
      for (String name : List.of("", SCRIPT, "stderr", "weight", "hidden", "targets")) {
        folder.resolve(name).toFile().deleteOnExit();
      }
      try (InputStream script = PeerProcess.class.getResourceAsStream(SCRIPT)) {
        Files.write(folder.resolve(SCRIPT), script.readAllBytes());
      }
    } catch (IOException e) {
      throw new TurnFailure("no folder for the inputs: " + e.getMessage(), e);
    }
    command =
        List.of(python, "-u", SCRIPT, String.valueOf(threads), String.valueOf(workspaceBytes));
    try {
      start();
    } catch (TurnFailure e) {
      close();
      throw e;
    }
  }

  /** Returns the versions of PyTorch and Python. */
  String description() {
    return description;
  }

  /**
   * Gives the process the inputs of the next turns.
   *
   * @throws TurnFailure where it cannot take them
   */
  void load(BenchInputs newInputs) {
    boolean ready = process.isAlive() && loaded;
    boolean sameWeight = ready && inputs.weight() == newInputs.weight();
    if (ready && inputs == newInputs) {
      return;
    }
    inputs = newInputs;
    if (process.isAlive()) {
      send(sameWeight);
    } else {
      startAgain();
    }
  }

  /**
   * Measures one of PyTorch's heads once.
   *
   * @throws TurnFailure where the process could not, or died
   */
  Turn run(String head) {
    if (!process.isAlive() || !loaded) {
      startAgain();
    }
    String[] words = ask("run " + head, "done", answerSeconds).split(" ");
    try {
      return new Turn(
          Double.parseDouble(words[0]), Double.parseDouble(words[1]), Long.parseLong(words[2]));
    } catch (NumberFormatException | ArrayIndexOutOfBoundsException e) {
      throw new TurnFailure("not understood: " + String.join(" ", words), e);
    }
  }

  private void startAgain() {
    process.destroyForcibly().onExit().join();
    start();
    send(false);
  }

  private void start() {
    ProcessBuilder builder = new ProcessBuilder(command).directory(folder.toFile());
    builder.redirectError(folder.resolve("stderr").toFile());
    Map<String, String> environment = builder.environment();
    NOT_INHERITED.forEach(environment::remove);
    try {
      process = builder.start();
    } catch (IOException e) {
      String reason = String.valueOf(e.getMessage());
      throw new TurnFailure("cannot start it: " + reason.replaceFirst(".*error=\\d+, ", ""), e);
    }
    questions = process.outputWriter(StandardCharsets.UTF_8);
    answers = process.inputReader(StandardCharsets.UTF_8);
    description = expect("ready", START_SECONDS);
  }

  private void send(boolean sameWeight) {
    Path weight = folder.resolve("weight");
    Path hidden = folder.resolve("hidden");
    Path targets = folder.resolve("targets");
    HeadShape shape = inputs.shape();
    loaded = false;
    try {
      if (!sameWeight) {
        inputs.writeWeight(weight);
        ask("weight " + shape.v() + " " + shape.d(), "ok", answerSeconds);
      }
      inputs.writeRows(hidden, targets);
      ask("rows " + shape.n(), "ok", answerSeconds);
      loaded = true;
    } catch (IOException e) {
      throw new TurnFailure("inputs: cannot write them to " + folder + ": " + e.getMessage(), e);
    } finally {
      // what is mapped stays readable
      delete(weight);
      delete(hidden);
      delete(targets);
    }
  }

  private String ask(String question, String wanted, long seconds) {
    try {
      questions.write(question + "\n");
      questions.flush();
    } catch (IOException e) {
      throw new TurnFailure(death(), e);
    }
    return expect(wanted, seconds);
  }

  /** Returns what follows the wanted word in the next answer. */
  private String expect(String wanted, long seconds) {
    String line = nextLine(seconds);
    int space = line.indexOf(' ');
    String word = space < 0 ? line : line.substring(0, space);
    String rest = space < 0 ? "" : line.substring(space + 1).strip();
    if (word.equals(wanted)) {
      return rest;
    }
    boolean known = word.equals("error") || word.equals("refused");
    throw new TurnFailure(known ? rest : "not understood: " + line);
  }

  private String nextLine(long seconds) {
    BufferedReader reader = answers;
    CompletableFuture<String> line = CompletableFuture.supplyAsync(() -> readLine(reader));
    try {
      String text = line.get(seconds, TimeUnit.SECONDS);
      if (text == null) {
        throw new TurnFailure(death());
      }
      return text;
    } catch (TimeoutException e) {
      process.destroyForcibly();
      throw new TurnFailure("no answer within " + seconds + " s", e);
    } catch (ExecutionException e) {
      throw new TurnFailure(death(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new TurnFailure("interrupted", e);
    }
  }

  private static String readLine(BufferedReader reader) {
    try {
      return reader.readLine();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Says how the process ended, with the last line that it wrote to standard error. */
  private String death() {
    try {
      if (!process.waitFor(5, TimeUnit.SECONDS)) {
        process.destroyForcibly();
        return "closed its output";
      }
      if (process.exitValue() == 128 + 9) {
        return "killed, which is what Linux does when memory ends";
      }
      String last = "";
      for (String line : Files.readAllLines(folder.resolve("stderr"))) {
        last = line.isBlank() ? last : line.strip();
      }
      return "ended with exit code " + process.exitValue() + (last.isEmpty() ? "" : ": " + last);
    } catch (IOException e) {
      return "ended";
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return "interrupted";
    }
  }

  private static void delete(Path file) {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      file.toFile().deleteOnExit();
    }
  }

  /** Ends the process and removes its folder. */
  @Override
  public void close() {
    if (process != null) {
      process.destroyForcibly().onExit().join();
    }
    delete(folder.resolve("stderr"));
    delete(folder.resolve(SCRIPT));
    delete(folder);
  }
}
