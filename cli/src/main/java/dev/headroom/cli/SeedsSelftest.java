package dev.headroom.cli;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import dev.headroom.scaling.check.baseline.BaselineSettings;
import dev.headroom.scaling.check.baseline.RepeatStudy;
import dev.headroom.scaling.check.baseline.RepeatStudy.Injection;
import dev.headroom.scaling.check.baseline.RepeatStudy.Rate;
import dev.headroom.scaling.check.baseline.RepeatStudy.Rule;
import dev.headroom.scaling.check.baseline.SyntheticRepeats;
import dev.headroom.scaling.log.ColumnMap;
import dev.headroom.scaling.log.LogException;
import dev.headroom.scaling.log.LogReader;
import dev.headroom.scaling.log.RowFilter;
import dev.headroom.scaling.log.Run;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Measures the rule {@code baseline} on repeats: false alarms, and how often regressions of 0.1 to
 * 5 % are found, for 1 to 10 golden runs, beside the rules of thumb.
 */
final class SeedsSelftest {
  private static final List<Integer> GOLDEN = List.of(1, 2, 3, 5, 10);
  private static final List<Double> SIZES = List.of(0.001, 0.002, 0.003, 0.005, 0.01, 0.02, 0.05);
  private static final long SEED = 20_261_121;
  private static final double MOST_ALARMS = 0.015;
  private static final double LEAST_FOUND = 0.99;

  /**
   * What was measured.
   *
   * @param json the rates
   * @param text the tables in Markdown
   * @param failures where alarms are not as rare as promised or regressions of 5 % are not found
   */
  record Part(JsonObject json, String text, List<String> failures) {}

  private SeedsSelftest() {}

  /**
   * Measures.
   *
   * @param folder CSV files with columns run, step and val_loss, one a configuration; null for
   *     repeats made here
   * @param draws draws of golden runs for each configuration
   */
  static Part measure(Path folder, int draws) {
    Map<String, List<Run>> repeats =
        folder == null ? SyntheticRepeats.configurations(SEED) : read(folder);
    List<Rate> rates =
        new RepeatStudy(draws, SEED, BaselineSettings.defaults()).measure(repeats, GOLDEN, SIZES);
    JsonArray list = new JsonArray();
    rates.forEach(r -> list.add(json(r)));
    JsonObject json = new JsonObject();
    json.addProperty("draws", draws);
    json.add("rates", list);
    List<String> failures = new ArrayList<>();
    for (int k : GOLDEN) {
      List<Rate> these = rates.stream().filter(r -> r.golden() == k).toList();
      if (mean(these, null, 0, Rule.DIFFERENT) > MOST_ALARMS) {
        failures.add("false alarms beside golden runs: " + k);
      }
      for (Injection injection : Injection.values()) {
        if (mean(these, injection, 0.05, Rule.WORSE) < LEAST_FOUND) {
          failures.add("not found beside golden runs: " + k + ": 5 % " + word(injection));
        }
      }
    }
    String text = alarms(rates) + "\n" + power(rates) + "\n" + each(rates);
    return new Part(json, text, List.copyOf(failures));
  }

  private static Map<String, List<Run>> read(Path folder) {
    Map<String, List<Run>> out = new LinkedHashMap<>();
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.filter(f -> f.toString().endsWith(".csv")).sorted().toList()) {
        double[] keys = LogReader.readTable(file).column("run");
        List<Run> runs = new ArrayList<>();
        for (double key : Arrays.stream(keys).distinct().toArray()) {
          ColumnMap map = ColumnMap.none().with("step", "step").with("loss", "val_loss");
          runs.add(LogReader.readRun(file, map, RowFilter.parse("run == " + key)));
        }
        String name = file.getFileName().toString();
        out.put(name.substring(0, name.length() - ".csv".length()), runs);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    if (out.isEmpty()) {
      throw new LogException(
          folder.toString(),
          0,
          LogException.Kind.EMPTY,
          "no repeats (expected: CSV files with columns run, step and val_loss)");
    }
    return out;
  }

  private static JsonObject json(Rate rate) {
    JsonObject json = new JsonObject();
    json.addProperty("configuration", rate.configuration());
    json.addProperty("repeats", rate.repeats());
    json.addProperty("spreadPercent", 100 * rate.spread());
    json.addProperty("goldenRuns", rate.golden());
    json.addProperty("injection", word(rate.injection()));
    json.addProperty("percent", 100 * rate.size());
    rate.rates()
        .forEach((rule, share) -> json.addProperty(rule.name().toLowerCase(Locale.ROOT), share));
    return json;
  }

  private static String word(Injection injection) {
    return injection.name().toLowerCase(Locale.ROOT);
  }

  private static double mean(List<Rate> rates, Injection injection, double size, Rule rule) {
    return rates.stream()
        .filter(r -> r.size() == size && (injection == null || r.injection() == injection))
        .mapToDouble(r -> r.rates().get(rule))
        .average()
        .orElse(Double.NaN);
  }

  /** Healthy repeats: how often each rule fires, mean of the configurations. */
  private static String alarms(List<Rate> rates) {
    List<String[]> rows = new ArrayList<>();
    rows.add(
        new String[] {
          "healthy repeats, golden runs",
          "worse",
          "different",
          "equivalent",
          "t interval",
          "3 sigma",
          "0.2 % band",
          "exact"
        });
    for (int k : GOLDEN) {
      List<Rate> these = rates.stream().filter(r -> r.golden() == k).toList();
      Rule[] rules = {
        Rule.WORSE,
        Rule.DIFFERENT,
        Rule.EQUIVALENT,
        Rule.T_INTERVAL,
        Rule.THREE_SIGMA,
        Rule.BAND_02,
        Rule.EXACT
      };
      rows.add(
          row(Integer.toString(k), Arrays.stream(rules).mapToDouble(r -> mean(these, null, 0, r))));
    }
    return markdown(rows);
  }

  private static String power(List<Rate> rates) {
    List<String[]> rows = new ArrayList<>();
    List<String> head = new ArrayList<>(List.of("regressions found, golden runs"));
    SIZES.forEach(s -> head.add(Figures.percent(s)));
    rows.add(head.toArray(String[]::new));
    for (int k : GOLDEN) {
      List<Rate> these = rates.stream().filter(r -> r.golden() == k).toList();
      for (Injection i : Injection.values()) {
        rows.add(
            row(k + " " + word(i), SIZES.stream().mapToDouble(s -> mean(these, i, s, Rule.WORSE))));
      }
      rows.add(
          row(
              k + " t interval, last point",
              SIZES.stream()
                  .mapToDouble(s -> mean(these, Injection.CONSTANT, s, Rule.T_INTERVAL))));
    }
    return markdown(rows);
  }

  /** With five golden runs, each configuration by itself. */
  private static String each(List<Rate> rates) {
    List<String[]> rows = new ArrayList<>();
    rows.add(
        new String[] {
          "5 golden runs",
          "repeats",
          "spread",
          "alarms",
          "t interval",
          "0.3 % constant",
          "halfway",
          "growing",
          "t interval"
        });
    for (Rate r : rates) {
      if (r.golden() != 5 || r.size() != 0) {
        continue;
      }
      List<Rate> same =
          rates.stream()
              .filter(o -> o.golden() == 5 && o.configuration().equals(r.configuration()))
              .toList();
      rows.add(
          new String[] {
            r.configuration(),
            Integer.toString(r.repeats()),
            Figures.percent(r.spread()),
            share(r.rates().get(Rule.DIFFERENT)),
            share(r.rates().get(Rule.T_INTERVAL)),
            share(mean(same, Injection.CONSTANT, 0.003, Rule.WORSE)),
            share(mean(same, Injection.HALFWAY, 0.003, Rule.WORSE)),
            share(mean(same, Injection.GROWING, 0.003, Rule.WORSE)),
            share(mean(same, Injection.CONSTANT, 0.003, Rule.T_INTERVAL))
          });
    }
    return markdown(rows);
  }

  private static String markdown(List<String[]> rows) {
    StringBuilder out = new StringBuilder();
    for (String[] row : rows) {
      out.append("| ").append(String.join(" | ", row)).append(" |\n");
      out.append(row == rows.get(0) ? "|" + "---|".repeat(row.length) + "\n" : "");
    }
    return out.toString();
  }

  private static String[] row(String name, java.util.stream.DoubleStream shares) {
    return Stream.concat(Stream.of(name), shares.mapToObj(SeedsSelftest::share))
        .toArray(String[]::new);
  }

  private static String share(double share) {
    return Double.isNaN(share) ? "-" : String.format(Locale.ROOT, "%.4f", share);
  }
}
