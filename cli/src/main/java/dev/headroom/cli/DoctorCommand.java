package dev.headroom.cli;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import picocli.CommandLine.Command;

/** Says what this machine offers. */
@Command(
    name = "headroom doctor",
    sortOptions = false,
    header = {
      "Says what this machine offers: Java, engine, the backend that serves and why not the others,",
      "CPU features, memory, and whether the head computes the right loss here.",
      "",
      "Examples:",
      "  headroom doctor",
      "  headroom doctor --json",
      ""
    },
    footer = {"", "Exit codes: 0 all well; 1 something is wrong."})
final class DoctorCommand extends HeadroomCommand {

  private static final Set<String> WORTH_NAMING =
      Set.of("avx2", "fma", "f16c", "avx512f", "avx512bw", "avx512_bf16", "amx_bf16", "amx_tile");

  @Override
  public Integer call() {
    Diagnosis diagnosis = new Diagnosis();
    machine(diagnosis);
    try {
      Class<?> head = Class.forName("dev.headroom.cli.HeadDoctor");
      ((HeadExamination) head.getDeclaredConstructor().newInstance()).examine(diagnosis);
    } catch (ReflectiveOperationException | LinkageError e) {
      diagnosis.bad(
          "head",
          "absent (expected: its jars in cli/target/lib; `mvn -B package` puts them there and"
              + " ./headroom finds them); fit, forecast, check, report and inspect work without");
    }
    emit(json(diagnosis), () -> text(diagnosis));
    return diagnosis.healthy() ? ExitCode.OK : ExitCode.CHECK_FAILED;
  }

  private static void machine(Diagnosis diagnosis) {
    diagnosis.good("headroom", Headroom.VERSION);
    Runtime.Version java = Runtime.version();
    diagnosis.good("java", java + ", " + System.getProperty("java.vm.name"));
    diagnosis.good("system", System.getProperty("os.name") + " " + System.getProperty("os.arch"));
    diagnosis.good("processors", Integer.toString(Runtime.getRuntime().availableProcessors()));
    diagnosis.good("cpu", features(Path.of("/proc/cpuinfo")));
    diagnosis.good("memory", memory(Path.of("/proc/meminfo")));
    diagnosis.good(
        "javaHeap", Figures.of(Runtime.getRuntime().maxMemory() / 1e9, 3) + " GB at most");
  }

  /** Names the processor and those of its features that the kernels can use. */
  private static String features(Path file) {
    String model = "unknown model";
    TreeSet<String> found = new TreeSet<>();
    for (String line : lines(file)) {
      int colon = line.indexOf(':');
      if (line.startsWith("model name") && colon > 0) {
        model = line.substring(colon + 1).strip();
      } else if (line.startsWith("flags") && colon > 0) {
        found.addAll(List.of(line.substring(colon + 1).strip().split("\\s+")));
        found.retainAll(WORTH_NAMING);
        break;
      }
    }
    return model + (found.isEmpty() ? "" : ": " + String.join(" ", found));
  }

  private static String memory(Path file) {
    String total = "unknown";
    String available = "unknown";
    for (String line : lines(file)) {
      if (line.startsWith("MemTotal:")) {
        total = gigabytes(line);
      } else if (line.startsWith("MemAvailable:")) {
        available = gigabytes(line);
      }
    }
    return total + ", " + available + " available";
  }

  private static String gigabytes(String line) {
    String number = line.replaceAll("[^0-9]", "");
    return Figures.of(Double.parseDouble(number) * 1024 / 1e9, 3) + " GB";
  }

  private static List<String> lines(Path file) {
    try {
      return Files.readAllLines(file);
    } catch (IOException e) {
      return List.of();
    }
  }

  private JsonObject json(Diagnosis diagnosis) {
    JsonObject json = json();
    json.addProperty("healthy", diagnosis.healthy());
    JsonObject findings = new JsonObject();
    for (Diagnosis.Item item : diagnosis.items()) {
      JsonObject one = new JsonObject();
      one.addProperty("value", item.value());
      one.addProperty("good", item.good());
      findings.add(item.name(), one);
    }
    json.add("findings", findings);
    return json;
  }

  private static String text(Diagnosis diagnosis) {
    List<String> lines = new ArrayList<>();
    for (Diagnosis.Item item : diagnosis.items()) {
      lines.add(
          String.format("%-12s %s%s", item.name(), item.good() ? "" : "WRONG: ", item.value()));
    }
    lines.add(diagnosis.healthy() ? "All well." : "Something is wrong, see above.");
    return String.join("\n", lines) + "\n";
  }
}
