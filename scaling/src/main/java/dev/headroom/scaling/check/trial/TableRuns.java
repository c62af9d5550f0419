package dev.headroom.scaling.check.trial;

import dev.headroom.scaling.log.Run;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.GZIPInputStream;

/**
 * Splits a published table of many curves, plain CSV without quotes, into runs.
 *
 * @param group columns that tell the curves apart
 * @param step column of the step
 * @param loss column of the loss
 * @param scale what a step is multiplied by to become whole
 */
record TableRuns(List<String> group, String step, String loss, double scale) {

  List<Run> read(Path file) throws IOException {
    Map<String, TreeMap<Long, Double>> curves = new LinkedHashMap<>();
    try (InputStream raw = Files.newInputStream(file);
        InputStream in = file.toString().endsWith(".gz") ? new GZIPInputStream(raw) : raw;
        BufferedReader lines =
            new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8))) {
      List<String> head = List.of(lines.readLine().split(",", -1));
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        String[] row = line.split(",", -1);
        String value = row[head.indexOf(loss)];
        if (!value.isEmpty()) {
          StringBuilder key = new StringBuilder(file.getFileName().toString());
          group.forEach(g -> key.append(' ').append(row[head.indexOf(g)]));
          long at = Math.round(scale * Double.parseDouble(row[head.indexOf(step)]));
          curves
              .computeIfAbsent(key.toString(), k -> new TreeMap<>())
              .put(at, Double.parseDouble(value));
        }
      }
    }
    List<Run> out = new ArrayList<>();
    curves.forEach((name, points) -> out.add(run(name, points)));
    return out;
  }

  private static Run run(String name, TreeMap<Long, Double> points) {
    long[] steps = points.keySet().stream().mapToLong(Long::longValue).toArray();
    double[] losses = points.values().stream().mapToDouble(Double::doubleValue).toArray();
    return new Run(name, steps, losses, Map.of(), List.of());
  }
}
