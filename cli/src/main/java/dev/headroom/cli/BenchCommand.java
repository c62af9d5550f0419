package dev.headroom.cli;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import dev.headroom.cli.report.MemoryChart;
import dev.headroom.head.HeadOptions;
import dev.headroom.head.bench.HeadBench;
import dev.headroom.head.bench.HeadMeasurement;
import dev.headroom.head.bench.HeadShape;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Measures the head against DJL's plain one. */
@Command(
    name = "headroom bench",
    sortOptions = false,
    header = {
      "Measures loss and both gradients: Headroom's heads against DJL's matMul with softmax",
      "cross-entropy, taking turns in one run. Time (median of 5 after 2 warm-ups), peak memory above",
      "inputs and gradients, and the error of the loss against float64.",
      "",
      "Examples:",
      "  headroom bench --shape 1024,512,32000",
      "  headroom bench --shape 1024,512,32000 --shape 2048,256,200064 --json -o bench.json \\",
      "      --chart memory.svg",
      ""
    },
    footer = {
      "",
      "Where the machine has too little memory for the N x V arrays of the plain head, that one is",
      "left out and its fields are null. Exit codes: 0 good; 2 usage."
    })
final class BenchCommand extends HeadroomCommand {

  @Option(
      names = "--shape",
      paramLabel = "N,D,V",
      description =
          "Rows (tokens), width and classes; may be repeated (default: 1024,512,32000, then"
              + " 1024,2304,64000, then 2048,256,200064).")
  List<String> shapes = List.of("1024,512,32000", "1024,2304,64000", "2048,256,200064");

  @Option(
      names = "--workspace",
      paramLabel = "MIB",
      description = "Scratch memory of Headroom's heads (default: 256).")
  long workspaceMebibytes = HeadOptions.DEFAULT_WORKSPACE_BYTES >> 20;

  @Option(
      names = "--chart",
      paramLabel = "FILE",
      description = "Also draw the peak memory to FILE.svg or FILE.png.")
  Path chart;

  @Override
  public Integer call() {
    ChartFile.check(chart);
    if (workspaceMebibytes < 1 || workspaceMebibytes > 1 << 20) {
      throw new IllegalArgumentException(
          "--workspace: " + workspaceMebibytes + " (expected: 1 to 1048576 MiB)");
    }
    List<HeadShape> parsed = shapes.stream().map(HeadShape::parse).toList();
    List<HeadMeasurement> results = new ArrayList<>();
    for (HeadShape shape : parsed) {
      results.addAll(HeadBench.measure(shape, workspaceMebibytes << 20, this::note));
    }
    emit(json(results), () -> text(results));
    if (chart != null) {
      ChartFile.write(chart, MemoryChart.of(bars(results)));
    }
    return ExitCode.OK;
  }

  private static List<MemoryChart.Bar> bars(List<HeadMeasurement> results) {
    return results.stream()
        .filter(m -> m.peakExtraBytes() >= 0)
        .map(m -> new MemoryChart.Bar(m.shape().toString(), m.head(), m.peakExtraBytes()))
        .toList();
  }

  private JsonObject json(List<HeadMeasurement> results) {
    JsonObject json = json();
    json.addProperty("workspaceBytes", workspaceMebibytes << 20);
    json.addProperty("processors", Runtime.getRuntime().availableProcessors());
    JsonArray list = new JsonArray();
    for (HeadMeasurement m : results) {
      JsonObject one = new JsonObject();
      one.addProperty("shape", m.shape().toString());
      one.addProperty("head", m.head());
      one.addProperty("engine", m.engine());
      one.add("seconds", Json.number(m.seconds()));
      one.add("speedup", Json.number(m.speedup()));
      one.add(
          "peakExtraBytes", Json.number(m.peakExtraBytes() < 0 ? Double.NaN : m.peakExtraBytes()));
      one.add("lossError", Json.number(m.lossError()));
      one.addProperty("note", m.note());
      list.add(one);
    }
    json.add("results", list);
    return json;
  }

  private static String text(List<HeadMeasurement> results) {
    List<String[]> rows = new ArrayList<>();
    rows.add(
        new String[] {"shape", "head", "engine", "seconds", "speedup", "extra MiB", "loss error"});
    for (HeadMeasurement m : results) {
      rows.add(
          new String[] {
            m.shape().toString(),
            m.head(),
            m.engine(),
            Figures.of(m.seconds(), 3),
            Figures.of(m.speedup(), 3),
            m.peakExtraBytes() < 0 ? "?" : Figures.of(m.peakExtraBytes() / 1048576.0, 4),
            Figures.of(m.lossError(), 2)
          });
    }
    StringBuilder text = new StringBuilder(Figures.table(rows));
    for (HeadMeasurement m : results) {
      if (!m.note().isEmpty()) {
        text.append(m.shape()).append(' ').append(m.head()).append(": ").append(m.note());
        text.append('\n');
      }
    }
    return text.toString();
  }
}
