package dev.headroom.scaling.schedule;

import java.util.List;
import java.util.Locale;

/** Reads {@code name(key=value,...)}. */
final class ScheduleText {
  private static final String SHAPES =
      "constant, linear, cosine, wsd, multistep, inverse_sqrt, cyclic or rates";
  private final String text;
  private final ScheduleArguments args;
  private String list = "";

  private ScheduleText(String text) {
    this.text = text;
    args = new ScheduleArguments(text);
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
      throw new IllegalArgumentException(e.getMessage() + reader.args.where(e.getMessage()), e);
    }
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
      return Schedule.ofRates(ScheduleArguments.numbers("rates", inside));
    }
    args.split(inside);
    Schedule schedule = shape(name);
    args.requireKnown(name);
    return schedule;
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
    double peak = ScheduleArguments.number("peak", args.need("peak"));
    long total = args.count("total", -1);
    long warmup = args.get("warmup") == null ? 0 : args.count("warmup", total);
    double end = 0;
    boolean decays = List.of("linear", "cosine", "wsd", "cyclic").contains(name);
    if (decays) {
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
            ? peak * ScheduleArguments.number("final", value.substring(0, value.length() - 1)) / 100
            : ScheduleArguments.number("final", value);
    if (!(end >= 0) || end > peak) {
      throw new IllegalArgumentException(
          "final: " + value + " (expected: a rate from 0 to the peak of " + peak + ")");
    }
    return end;
  }

  private Shape.Curve wsd(Common c) {
    long decay = args.count("decay", c.total);
    if (decay > c.total - c.start) {
      throw new IllegalArgumentException(
          "decay: "
              + decay
              + " steps (expected: at most "
              + (c.total - c.start)
              + ", the steps after warm-up)");
    }
    String shape = args.word("shape", "linear");
    list = ",decay=" + decay + ",shape=" + shape;
    return decay(shape, new Common(c.peak, c.end, c.total - decay, c.total));
  }

  private static Shape.Curve decay(String shape, Common d) {
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
    String[] marks = ScheduleArguments.pieces(args.need("at"));
    double[] factors = ScheduleArguments.numbers("factor", args.need("factor"));
    checkFactors(factors, marks.length);
    long[] at = new long[marks.length];
    for (int i = 0; i < at.length; i++) {
      at[i] = ScheduleArguments.count("at", marks[i], c.total);
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

  private static void checkFactors(double[] factors, int marks) {
    if (factors.length != 1 && factors.length != marks) {
      throw new IllegalArgumentException(
          "factor: "
              + factors.length
              + " values (expected: 1, or "
              + marks
              + ", one for each step in at)");
    }
    for (double factor : factors) {
      if (!(factor > 0 && factor <= 1)) {
        throw new IllegalArgumentException("factor: " + factor + " (expected: above 0, up to 1)");
      }
    }
  }

  private Shape.Curve cyclic(Common c) {
    long period = args.count("period", c.total);
    if (period < 2) {
      throw new IllegalArgumentException("period: " + period + " (expected: at least 2 steps)");
    }
    String shape = args.word("shape", "cosine");
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
    String given = args.get("timescale");
    long scale = given == null ? c.start : args.count("timescale", c.total);
    if (scale < 1) {
      throw new IllegalArgumentException(
          "timescale: " + scale + " (expected: at least 1; give timescale=STEPS or a warm-up)");
    }
    list = given == null ? "" : ",timescale=" + scale;
    return s -> c.peak * Math.sqrt((double) scale / (scale + s - c.start));
  }
}
