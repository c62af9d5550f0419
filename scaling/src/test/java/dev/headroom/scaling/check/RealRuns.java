package dev.headroom.scaling.check;

import dev.headroom.scaling.log.ColumnMap;
import dev.headroom.scaling.log.LogReader;
import dev.headroom.scaling.log.RowFilter;
import dev.headroom.scaling.log.Run;
import dev.headroom.scaling.log.Table;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;

/** Reads the public runs beside the repository, for tests of the checks. */
final class RealRuns {
  static final Path DATA = Path.of("../../shared/data");

  private RealRuns() {}

  static boolean present() {
    return Files.isDirectory(DATA);
  }

  static List<Path> files(String folder, String suffix) throws IOException {
    try (Stream<Path> all = Files.walk(DATA.resolve(folder))) {
      return all.filter(p -> Files.isRegularFile(p) && p.toString().endsWith(suffix))
          .sorted()
          .toList();
    }
  }

  static List<Run> each(String folder, String suffix, ColumnMap map) throws IOException {
    List<Run> out = new ArrayList<>();
    for (Path file : files(folder, suffix)) {
      out.add(LogReader.readRun(file, map));
    }
    return out;
  }

  /** Splits a numeric table by the value of one column. */
  static List<Run> by(Path file, String group, ColumnMap map) {
    List<Run> out = new ArrayList<>();
    Table table = LogReader.readTable(file);
    double[] keys = Arrays.stream(table.column(group)).distinct().toArray();
    for (double key : keys) {
      out.add(LogReader.readRun(file, map, RowFilter.parse(group + " == " + key)));
    }
    return out;
  }

  /** Splits a plain CSV by the text of some columns. */
  static List<Run> byText(Path file, List<String> group, String step, String loss, double scale)
      throws IOException {
    List<String> lines = lines(file);
    List<String> head = Arrays.asList(lines.get(0).split(",", -1));
    Map<String, TreeMap<Long, Double>> runs = new LinkedHashMap<>();
    for (String line : lines.subList(1, lines.size())) {
      String[] cells = line.split(",", -1);
      StringBuilder key = new StringBuilder();
      for (String g : group) {
        key.append(cells[head.indexOf(g)]).append(' ');
      }
      String value = cells[head.indexOf(loss)];
      if (!value.isEmpty()) {
        long at = Math.round(scale * Double.parseDouble(cells[head.indexOf(step)]));
        runs.computeIfAbsent(key.toString(), k -> new TreeMap<>())
            .put(at, Double.parseDouble(value));
      }
    }
    List<Run> out = new ArrayList<>();
    runs.forEach((name, points) -> out.add(run(file.getFileName() + " " + name, points)));
    return out;
  }

  /** Takes the pairs of step and loss that a pattern finds in a text log. */
  static Run text(Path file, String pattern) throws IOException {
    TreeMap<Long, Double> points = new TreeMap<>();
    Pattern pair = Pattern.compile(pattern);
    for (String line : lines(file)) {
      Matcher m = pair.matcher(line);
      if (m.find()) {
        points.put(Long.parseLong(m.group(1)), Double.parseDouble(m.group(2)));
      }
    }
    return run(file.getFileName().toString(), points);
  }

  static List<Run> wandb(Path file) {
    List<Run> out = new ArrayList<>();
    for (String column : LogReader.readTable(file).columns()) {
      if (!column.equals("Step") && !column.contains("__M")) {
        out.add(
            LogReader.readRun(file, ColumnMap.none().with("step", "Step").with("loss", column)));
      }
    }
    return out;
  }

  static List<String> lines(Path file) throws IOException {
    try (InputStream raw = Files.newInputStream(file);
        InputStream in = file.toString().endsWith(".gz") ? new GZIPInputStream(raw) : raw;
        BufferedReader reader =
            new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8))) {
      return reader.lines().toList();
    }
  }

  static Run run(String name, Map<Long, Double> points) {
    long[] step = points.keySet().stream().mapToLong(Long::longValue).toArray();
    double[] loss = points.values().stream().mapToDouble(Double::doubleValue).toArray();
    return new Run(name, step, loss, Map.of(), List.of());
  }
}
