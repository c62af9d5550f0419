package dev.headroom.cli;

import ai.djl.engine.Engine;
import com.google.gson.JsonObject;
import dev.headroom.head.internal.NativeLibrary;
import java.io.File;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Where and with what something was measured; what cannot be found out is left out.
 *
 * @param commandLine as it was typed
 * @param date day of the measurement
 * @param commit of Headroom's sources, with {@code -dirty} where files differ from it, or empty
 * @param cpu model of the processor, or empty
 * @param processors how many Java sees
 * @param memoryBytes of the machine, 0 where unknown
 * @param versions by name
 */
record BenchSurroundings(
    String commandLine,
    LocalDate date,
    String commit,
    String cpu,
    int processors,
    long memoryBytes,
    Map<String, String> versions) {

  /**
   * Asks the machine.
   *
   * @param words of the command line, without the program
   * @param peer versions of Python and PyTorch that took part, or empty
   */
  static BenchSurroundings find(List<String> words, String peer) {
    String memory = field(Path.of("/proc/meminfo"), "MemTotal");
    return new BenchSurroundings(
        commandLine(words),
        LocalDate.now(),
        sourceCommit(),
        field(Path.of("/proc/cpuinfo"), "model name"),
        Runtime.getRuntime().availableProcessors(),
        memory.isEmpty() ? 0 : Long.parseLong(memory.replace(" kB", "")) * 1024,
        versions(peer));
  }

  private static Map<String, String> versions(String peer) {
    Map<String, String> versions = new LinkedHashMap<>();
    versions.put("Headroom", Headroom.VERSION);
    NativeLibrary library = NativeLibrary.load();
    if (library != null) {
      versions.put("libheadroom", library.headroom_version() + " " + library.headroom_cpu_isa());
    }
    versions.put("Java", System.getProperty("java.version"));
    versions.put("DJL", Engine.getDjlVersion());
    versions.put("its " + Engine.getInstance().getEngineName(), Engine.getInstance().getVersion());
    if (!peer.isEmpty()) {
      versions.put("peer", peer);
    }
    return versions;
  }

  private static String commandLine(List<String> words) {
    StringBuilder line = new StringBuilder("./headroom");
    for (String word : words) {
      boolean plain = word.matches("[A-Za-z0-9_./=,:%+~-]+");
      line.append(' ').append(plain ? word : "'" + word.replace("'", "'\\''") + "'");
    }
    return line.toString();
  }

  private static String field(Path file, String name) {
    try {
      for (String line : Files.readAllLines(file)) {
        int colon = line.indexOf(':');
        if (colon > 0 && line.substring(0, colon).strip().equals(name)) {
          return line.substring(colon + 1).strip();
        }
      }
    } catch (IOException e) {
      return "";
    }
    return "";
  }

  /** Asks git in the folder of these classes, which may lie in no working tree, or in another's. */
  private static String sourceCommit() {
    try {
      var source = BenchSurroundings.class.getProtectionDomain().getCodeSource();
      File folder = Path.of(source.getLocation().toURI()).getParent().toFile();
      String top = git(folder, "rev-parse", "--show-toplevel");
      boolean ours = !top.isEmpty() && Files.exists(Path.of(top, "cli", "pom.xml"));
      return ours ? git(folder, "describe", "--always", "--dirty", "--exclude=*") : "";
    } catch (URISyntaxException | IOException e) {
      return "";
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return "";
    }
  }

  private static String git(File folder, String... words) throws IOException, InterruptedException {
    ProcessBuilder builder = new ProcessBuilder("git").directory(folder);
    builder.command().addAll(List.of(words));
    Process process = builder.redirectError(ProcessBuilder.Redirect.DISCARD).start();
    String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return process.waitFor() == 0 ? text.strip() : "";
  }

  /** Adds the fields. */
  void addTo(JsonObject json) {
    json.addProperty("commandLine", commandLine);
    json.addProperty("date", date.toString());
    if (!commit.isEmpty()) {
      json.addProperty("commit", commit);
    }
    if (!cpu.isEmpty()) {
      json.addProperty("cpu", cpu);
    }
    json.addProperty("processors", processors);
    if (memoryBytes > 0) {
      json.addProperty("memoryBytes", memoryBytes);
    }
    JsonObject all = new JsonObject();
    versions.forEach(all::addProperty);
    json.add("versions", all);
  }

  /** Returns a paragraph: commit, machine, versions. */
  String text() {
    StringBuilder text = new StringBuilder();
    if (!commit.isEmpty()) {
      text.append("Commit ").append(commit).append(". ");
    }
    text.append(cpu.isEmpty() ? "Unknown processor" : cpu).append(", ");
    text.append(Figures.count(processors, "core"));
    if (memoryBytes > 0) {
      text.append(", ").append(Figures.of(memoryBytes / 1073741824.0, 3)).append(" GiB");
    }
    String separator = ". ";
    for (Map.Entry<String, String> version : versions.entrySet()) {
      boolean peer = version.getKey().equals("peer");
      text.append(separator).append(peer ? "PyTorch's heads: " : version.getKey() + " ");
      text.append(version.getValue());
      separator = ", ";
    }
    return text.append('.').toString();
  }
}
