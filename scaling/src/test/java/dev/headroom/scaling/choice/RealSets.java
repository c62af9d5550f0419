package dev.headroom.scaling.choice;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Public tables of runs over n and d that lie beside the repository, not in it. */
final class RealSets {

  static final Path ROOT = Path.of("../../shared/data");

  /** The five losses from here on are outliers, as those say who read them off the figure. */
  private static final double HIGHEST = 3.446995;

  private RealSets() {}

  /** All sets that are there, by name. */
  static Map<String, Runs> all() {
    Map<String, Runs> sets = new LinkedHashMap<>();
    put(
        sets,
        "chinchilla-fig4",
        "chinchilla-fig4/chinchilla_fig4.csv",
        "N",
        "D",
        "loss",
        r -> Double.parseDouble(r.get("loss")) < HIGHEST);
    put(sets, "misfitting", "misfitting/final.csv", "N", "D", "loss", r -> true);
    for (String set : List.of("c4_original", "rpj", "rw_original")) {
      put(
          sets,
          "overtraining " + set,
          "overtraining/models.csv",
          "N",
          "D",
          "loss_c4_val",
          r -> r.get("train_set").equals(set));
    }
    for (String data :
        List.of("fineweb-100b", "fineweb-edu-100b", "slimpajama-chunk1", "starcoder")) {
      put(
          sets,
          "loss-to-loss " + data,
          "loss-to-loss/sweep.csv",
          "params",
          "tokens",
          "val_loss",
          r -> r.get("data").equals(data));
    }
    put(
        sets,
        "isoflops marin",
        "isoflops/isoflops.csv",
        "params",
        "tokens",
        "loss",
        r -> r.get("source").startsWith("marin"));
    for (String tuned : List.of("rw-tuned-warmup_short-decay_const-params_standard-val")) {
      put(
          sets,
          "porian tuned",
          "kaplan-vs-chinchilla/isoflop_points.csv",
          "n",
          "tokens",
          "loss",
          r -> r.get("condition").equals(tuned));
    }
    put(
        sets,
        "data-constrained 1 epoch",
        "data-constrained/c4_runs.csv",
        "N",
        "D",
        "loss",
        r -> r.get("D").equals(r.get("U")));
    gemstones(sets);
    olmo(sets);
    return sets;
  }

  private static void put(
      Map<String, Runs> sets,
      String name,
      String file,
      String n,
      String d,
      String loss,
      Predicate<Map<String, String>> kept) {
    Path path = ROOT.resolve(file);
    if (!Files.isReadable(path)) {
      return;
    }
    List<double[]> rows = new ArrayList<>();
    for (Map<String, String> row : csv(path)) {
      if (kept.test(row) && !row.get(loss).isEmpty()) {
        rows.add(
            new double[] {
              Double.parseDouble(row.get(n)),
              Double.parseDouble(row.get(d)),
              Double.parseDouble(row.get(loss))
            });
      }
    }
    if (!rows.isEmpty()) {
      sets.put(name, runs(best(rows)));
    }
  }

  /** Of runs with the same n and d, which differ in their tuning, the best counts. */
  private static List<double[]> best(List<double[]> rows) {
    Map<String, double[]> best = new LinkedHashMap<>();
    for (double[] row : rows) {
      best.merge(row[0] + " " + row[1], row, (a, b) -> a[2] <= b[2] ? a : b);
    }
    return new ArrayList<>(best.values());
  }

  static Runs runs(List<double[]> rows) {
    double[] n = rows.stream().mapToDouble(r -> r[0]).toArray();
    double[] d = rows.stream().mapToDouble(r -> r[1]).toArray();
    double[] loss = rows.stream().mapToDouble(r -> r[2]).toArray();
    double[] scale = rows.stream().mapToDouble(r -> 6 * r[0] * r[1]).toArray();
    int[] group = new int[loss.length];
    Arrays.setAll(group, i -> i);
    return new Runs(Map.of("n", n, "d", d), loss, scale, group);
  }

  private static List<Map<String, String>> csv(Path path) {
    try {
      List<String> lines = Files.readAllLines(path);
      String[] header = lines.get(0).split(",", -1);
      List<Map<String, String>> rows = new ArrayList<>();
      for (String line : lines.subList(1, lines.size())) {
        String[] cells = line.split(",", -1);
        Map<String, String> row = new TreeMap<>();
        for (int k = 0; k < header.length; k++) {
          row.put(header[k], cells[k]);
        }
        rows.add(row);
      }
      return rows;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Constant learning rate; of each shape the losses from 10 billion tokens on, every fifth. */
  private static void gemstones(Map<String, Runs> sets) {
    Path path = ROOT.resolve("gemstones/hot_477.jsonl");
    if (!Files.isReadable(path)) {
      return;
    }
    Pattern line =
        Pattern.compile(
            "params_active_precise\":(\\d+).*\"tokens\":(\\d+).*\"final_loss\":([0-9.]+)");
    List<double[]> rows = new ArrayList<>();
    Map<Double, Integer> seen = new TreeMap<>();
    try {
      for (String text : Files.readAllLines(path)) {
        Matcher m = line.matcher(text);
        if (m.find()) {
          double n = Double.parseDouble(m.group(1));
          int count = seen.merge(n, 1, Integer::sum);
          if (count % 5 == 0) {
            rows.add(
                new double[] {n, Double.parseDouble(m.group(2)), Double.parseDouble(m.group(3))});
          }
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    sets.put("gemstones", runs(rows));
  }

  private static final Map<String, Double> OLMO =
      Map.of("190M", 190354176., "370M", 371262464., "760M", 758220288., "1B", 1279395840.);

  /** Last losses of the ladder's runs on C4. */
  private static void olmo(Map<String, Runs> sets) {
    Path folder = ROOT.resolve("olmo-ladder");
    if (!Files.isDirectory(folder)) {
      return;
    }
    List<double[]> rows = new ArrayList<>();
    for (String size : List.of("190M", "370M", "760M", "1B")) {
      for (String length : List.of("0.5xC", "1xC", "5xC", "10xC")) {
        Path path = folder.resolve(size + "-" + length + ".csv");
        if (Files.isReadable(path)) {
          List<Map<String, String>> all = csv(path);
          Map<String, String> last = all.get(all.size() - 1);
          double multiple = Double.parseDouble(length.substring(0, length.indexOf('x')));
          rows.add(
              new double[] {
                OLMO.get(size),
                20 * multiple * OLMO.get(size),
                Double.parseDouble(last.get("c4_en_loss"))
              });
        }
      }
    }
    sets.put("olmo-ladder", runs(rows));
  }
}
