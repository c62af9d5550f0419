package dev.headroom.cli.verdict;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A strict reader of the gauges of an OpenMetrics 1.0 exposition, written from the specification's
 * ABNF and its rules in words: ends with {@code # EOF} and a line feed; TYPE, UNIT and HELP before
 * the samples of their family and once each; families not interleaved; a unit ends the name; label
 * names and escapes; no series twice.
 */
final class OpenMetricsText {

  record Sample(String name, Map<String, String> labels, double value) {}

  private static final String NAME = "[a-zA-Z_:][a-zA-Z0-9_:]*";
  private static final Pattern META = Pattern.compile("# (TYPE|UNIT|HELP) (" + NAME + ") (.+)");
  private static final Pattern LABEL =
      Pattern.compile("([a-zA-Z_][a-zA-Z0-9_]*)=\"((?:[^\"\\\\\n]|\\\\[\"\\\\n])*)\"(,|$)");
  private static final Pattern SAMPLE =
      Pattern.compile("(" + NAME + ")(?:\\{((?:[^\"]|\"(?:[^\"\\\\]|\\\\.)*\")*)\\})? (\\S+)");
  private static final Pattern NUMBER =
      Pattern.compile("[+-]?[0-9]+(\\.[0-9]*)?([eE][+-]?[0-9]+)?|[+-]?\\.[0-9]+([eE][+-]?[0-9]+)?");

  private final List<Sample> samples = new ArrayList<>();
  private final Set<String> families = new HashSet<>();
  private final Set<String> seen = new HashSet<>();
  private String family = "";
  private Map<String, String> metadata = new LinkedHashMap<>();
  private boolean sampled;

  private OpenMetricsText() {}

  static List<Sample> parse(String text) {
    require(text.endsWith("# EOF\n"), "ends with # EOF and a line feed");
    require(text.indexOf('\r') < 0, "no carriage return");
    OpenMetricsText parser = new OpenMetricsText();
    String body = text.substring(0, text.length() - "# EOF\n".length());
    for (String line : body.isEmpty() ? new String[0] : body.split("\n", -1)) {
      if (!line.isEmpty()) {
        parser.line(line);
      } else {
        require(body.endsWith("\n") && line.isEmpty(), "no blank lines");
      }
    }
    require(!body.contains("\n\n"), "no blank lines");
    return parser.samples;
  }

  private void line(String line) {
    if (line.startsWith("#")) {
      Matcher meta = META.matcher(line);
      require(meta.matches(), "metadata: " + line);
      begin(meta.group(2));
      require(!sampled, "metadata before the samples: " + line);
      require(metadata.put(meta.group(1), meta.group(3)) == null, "once: " + line);
      if (meta.group(1).equals("UNIT")) {
        require(family.endsWith("_" + meta.group(3)), "unit at the end of the name: " + line);
      }
      if (meta.group(1).equals("TYPE")) {
        require(meta.group(3).equals("gauge"), "only gauges are known here: " + line);
      }
    } else {
      sample(line);
    }
  }

  private void begin(String name) {
    if (!name.equals(family)) {
      require(families.add(name), "families are not interleaved: " + name);
      family = name;
      metadata = new LinkedHashMap<>();
      sampled = false;
    }
  }

  private void sample(String line) {
    Matcher sample = SAMPLE.matcher(line);
    require(sample.matches(), "sample: " + line);
    begin(sample.group(1));
    require("gauge".equals(metadata.get("TYPE")), "type before the samples: " + line);
    sampled = true;
    Map<String, String> labels = new LinkedHashMap<>();
    String rest = sample.group(2) == null ? "" : sample.group(2);
    while (!rest.isEmpty()) {
      Matcher label = LABEL.matcher(rest);
      require(label.lookingAt(), "label: " + rest);
      require(labels.put(label.group(1), unescape(label.group(2))) == null, "label once: " + line);
      rest = rest.substring(label.end());
    }
    require(seen.add(sample.group(1) + labels), "series once: " + line);
    samples.add(new Sample(sample.group(1), labels, number(sample.group(3))));
  }

  private static double number(String text) {
    switch (text) {
      case "NaN":
        return Double.NaN;
      case "+Inf":
        return Double.POSITIVE_INFINITY;
      case "-Inf":
        return Double.NEGATIVE_INFINITY;
      default:
        require(NUMBER.matcher(text).matches(), "number: " + text);
        return Double.parseDouble(text);
    }
  }

  private static String unescape(String text) {
    StringBuilder out = new StringBuilder();
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '\\') {
        char next = text.charAt(++i);
        out.append(next == 'n' ? '\n' : next);
      } else {
        out.append(c);
      }
    }
    return out.toString();
  }

  private static void require(boolean holds, String rule) {
    if (!holds) {
      throw new IllegalArgumentException("OpenMetrics: " + rule);
    }
  }
}
