package dev.headroom.scaling.schedule;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;

/** Reads {@code name(key=value,...)}. */
final class ScheduleText {
  private static final String SHAPES =
      "constant, linear, cosine, wsd, multistep, inverse_sqrt, cyclic or rates";
  private final String text;
  private final Map<String, String> args = new LinkedHashMap<>();
  private final Map<String, Integer> position = new LinkedHashMap<>();
  private final TreeSet<String> known = new TreeSet<>();
  private String list = "";

  private ScheduleText(String text) {
    this.text = text;
  }

  static Schedule parse(String text) {
    if (text == null || text.isBlank()) {
      throw new IllegalArgumentException(
          "schedule: empty (expected: for example cosine(peak=3e-4,warmup=2000,total=24000))");
    }
    ScheduleText reader = new ScheduleText(text.trim());
    try {
      return reader.read();
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(e.getMessage() + reader.where(e.getMessage()), e);
    }
  }

  /** Says where in the text the argument stands that a message begins with. */
  private String where(String message) {
    for (Map.Entry<String, Integer> at : position.entrySet()) {
      boolean named =
          message.startsWith(at.getKey() + ":")
              || message.contains("argument: " + at.getKey() + " ");
      if (named) {
        return "; at character " + (at.getValue() + 1) + " of " + text;
      }
    }
    return "";
  }

  private Schedule read() {
    int open = text.indexOf('(');
    if (open < 0 || !text.endsWith(")")) {
      throw new IllegalArgumentException(
          "schedule: " + text + " (expected: NAME(key=value,...) with NAME one of " + SHAPES + ")");
    }
    String name = text.substring(0, open).trim().toLowerCase(Locale.ROOT).replace('-', '_');
    String inside = text.substring(open + 1, text.length() - 1);
    if (name.equals("rates")) {
      return Schedule.ofRates(numbers("rates", inside));
    }
    split(inside);
    Schedule schedule = shape(name);
    for (String key : args.keySet()) {
      if (!known.contains(key)) {
        throw new IllegalArgumentException(
            name + " argument: " + key + " (expected: one of " + String.join(", ", known) + ")");
      }
    }
    return schedule;
  }

  private void split(String inside) {
    int at = text.indexOf('(') + 1;
    for (String part : inside.split(",", -1)) {
      int eq = part.indexOf('=');
      if (eq < 1 || part.substring(eq + 1).isBlank()) {
        throw new IllegalArgumentException(
            "schedule argument: '"
                + part.trim()
                + "' in "
                + text
                + " (expected: key=value; at character "
                + (at + 1)
                + ")");
      }
      String key = part.substring(0, eq).trim().toLowerCase(Locale.ROOT);
      position.put(key, at);
      at += part.length() + 1;
      if (args.put(key, part.substring(eq + 1).trim()) != null) {
        throw new IllegalArgumentException(
            "schedule argument: " + key + " given twice (expected: once)");
      }
    }
  }

  private Schedule shape(String name) {
    switch (name) {
      case "constant":
        return after(name, c -> s -> c.peak);
      case "linear":
        return after(name, c -> s -> c.end + (c.peak - c.end) * (1 - c.part(s)));
      case "cosine":
        return after(
            name, c -> s -> c.end + (c.peak - c.end) * (1 + Math.cos(Math.PI * c.part(s))) / 2);
      case "wsd":
        return after(name, this::wsd);
      case "multistep":
        return after(name, this::multistep);
      case "inverse_sqrt":
      case "rsqrt":
        return after("inverse_sqrt", this::inverseSqrt);
      case "cyclic":
        return after(name, this::cyclic);
      default:
        throw new IllegalArgumentException("schedule: " + name + " (expected: " + SHAPES + ")");
    }
  }

  /** Common arguments of the shapes; start is where the decay begins. */
  private record Common(double peak, double end, long start, long total) {
    double part(long step) {
      if (step <= start) {
        return 0;
      }
      return total == start ? 1 : (double) (step - start) / (total - start);
    }
  }

  private interface Maker {
    Shape.Curve curve(Common common);
  }

  private Schedule after(String name, Maker maker) {
    double peak = number("peak", need("peak"));
    long total = count("total", need("total"), -1);
    long warmup = args.containsKey("warmup") ? count("warmup", args.get("warmup"), total) : 0;
    known.add("warmup");
    double end = 0;
    boolean decays = List.of("linear", "cosine", "wsd", "cyclic").contains(name);
    if (decays) {
      known.add("final");
      end = ending(peak);
    }
    // Checks peak, total and warm-up before the curve is made from them.
    Shape bare = new Shape(name, peak, warmup, total, s -> peak, "");
    Shape.Curve curve = maker.curve(new Common(peak, end, bare.warmup(), total));
    String rest = (decays && end != 0 ? ",final=" + end : "") + list;
    return new Shape(name, peak, warmup, total, curve, rest);
  }

  private double ending(double peak) {
    String value = args.get("final");
    if (value == null) {
      return 0;
    }
    double end =
        value.endsWith("%")
            ? peak * number("final", value.substring(0, value.length() - 1)) / 100
            : number("final", value);
    if (!(end >= 0) || end > peak) {
      throw new IllegalArgumentException(
          "final: " + value + " (expected: a rate from 0 to the peak of " + peak + ")");
    }
    return end;
  }

  private Shape.Curve wsd(Common c) {
    long decay = count("decay", need("decay"), c.total);
    if (decay > c.total - c.start) {
      throw new IllegalArgumentException(
          "decay: "
              + decay
              + " steps (expected: at most "
              + (c.total - c.start)
              + ", the steps after warm-up)");
    }
    known.add("shape");
    String shape = args.getOrDefault("shape", "linear").toLowerCase(Locale.ROOT);
    list = ",decay=" + decay + ",shape=" + shape;
    Common d = new Common(c.peak, c.end, c.total - decay, c.total);
    switch (shape) {
      case "linear":
        return s -> d.end + (d.peak - d.end) * (1 - d.part(s));
      case "sqrt":
      case "1-sqrt":
        return s -> d.end + (d.peak - d.end) * (1 - Math.sqrt(d.part(s)));
      case "exponential":
      case "exp":
        if (d.end <= 0) {
          throw new IllegalArgumentException(
              "final: 0 (expected: above 0 for the exponential decay; give final=10%)");
        }
        return s -> Math.pow(d.peak, 1 - d.part(s)) * Math.pow(d.end, d.part(s));
      default:
        throw new IllegalArgumentException(
            "shape: " + shape + " (expected: linear, exponential or sqrt)");
    }
  }

  private Shape.Curve multistep(Common c) {
    String[] marks = pieces(need("at"));
    double[] factors = numbers("factor", need("factor"));
    if (factors.length != 1 && factors.length != marks.length) {
      throw new IllegalArgumentException(
          "factor: "
              + factors.length
              + " values (expected: 1, or "
              + marks.length
              + ", one for each step in at)");
    }
    for (double factor : factors) {
      if (!(factor > 0 && factor <= 1)) {
        throw new IllegalArgumentException("factor: " + factor + " (expected: above 0, up to 1)");
      }
    }
    long[] at = new long[marks.length];
    for (int i = 0; i < at.length; i++) {
      at[i] = count("at", marks[i], c.total);
      if (i > 0 && at[i] <= at[i - 1]) {
        throw new IllegalArgumentException("at: " + marks[i] + " (expected: rising steps)");
      }
    }
    list = ",at=" + args.get("at") + ",factor=" + args.get("factor");
    return s -> {
      double lr = c.peak;
      for (int i = 0; i < at.length && s >= at[i]; i++) {
        lr *= factors[factors.length == 1 ? 0 : i];
      }
      return lr;
    };
  }

  private Shape.Curve cyclic(Common c) {
    long period = count("period", need("period"), c.total);
    if (period < 2) {
      throw new IllegalArgumentException("period: " + period + " (expected: at least 2 steps)");
    }
    known.add("shape");
    String shape = args.getOrDefault("shape", "cosine").toLowerCase(Locale.ROOT);
    if (!shape.equals("cosine") && !shape.equals("linear")) {
      throw new IllegalArgumentException("shape: " + shape + " (expected: cosine or linear)");
    }
    list = ",period=" + period + ",shape=" + shape;
    return s -> {
      double part = (double) ((s - c.start - 1) % period) / (period - 1);
      double high = shape.equals("linear") ? 1 - part : (1 + Math.cos(Math.PI * part)) / 2;
      return c.end + (c.peak - c.end) * high;
    };
  }

  private Shape.Curve inverseSqrt(Common c) {
    known.add("timescale");
    String given = args.get("timescale");
    long scale = given == null ? c.start : count("timescale", given, c.total);
    if (scale < 1) {
      throw new IllegalArgumentException(
          "timescale: " + scale + " (expected: at least 1; give timescale=STEPS or a warm-up)");
    }
    list = given == null ? "" : ",timescale=" + scale;
    return s -> c.peak * Math.sqrt((double) scale / (scale + s - c.start));
  }

  private String need(String key) {
    known.add(key);
    String value = args.get(key);
    if (value == null) {
      throw new IllegalArgumentException(
          key + ": missing in " + text + " (expected: " + key + "=)");
    }
    return value;
  }

  private static String[] pieces(String value) {
    List<String> out = new ArrayList<>();
    for (String piece : value.split("[;|]", -1)) {
      out.add(piece.trim());
    }
    return out.toArray(new String[0]);
  }

  private static double[] numbers(String key, String value) {
    String[] pieces = pieces(value);
    double[] out = new double[pieces.length];
    for (int i = 0; i < out.length; i++) {
      out[i] = number(key, pieces[i]);
    }
    return out;
  }

  private static double number(String key, String value) {
    try {
      double x = Double.parseDouble(value.trim());
      if (Math.abs(x) <= Double.MAX_VALUE) {
        return x;
      }
    } catch (NumberFormatException e) {
      // said below, together with NaN and infinity
    }
    throw new IllegalArgumentException(key + ": " + value + " (expected: a finite number)");
  }

  /** Reads steps: a whole number, with k or M, or a percentage of the total where one is known. */
  private static long count(String key, String value, long total) {
    String digits = value.trim();
    char last = digits.isEmpty() ? 0 : digits.charAt(digits.length() - 1);
    double unit = last == 'k' || last == 'K' ? 1e3 : last == 'M' || last == 'm' ? 1e6 : 1;
    if (last == '%' && total >= 0) {
      unit = total / 100.0;
    }
    String rule = total < 0 ? "whole steps such as 24000 or 24k" : "steps such as 2000, 2k or 20%";
    if (unit != 1 || last == '%') {
      digits = digits.substring(0, digits.length() - 1);
    }
    double steps;
    try {
      steps = last == '%' && total < 0 ? Double.NaN : Double.parseDouble(digits.trim()) * unit;
    } catch (NumberFormatException e) {
      steps = Double.NaN;
    }
    long whole = Math.round(steps);
    boolean exact = last == '%' || Math.abs(steps - whole) < 1e-6;
    if (!(steps >= 0 && steps < 1e15) || !exact) {
      throw new IllegalArgumentException(key + ": " + value + " (expected: " + rule + ")");
    }
    return whole;
  }
}
