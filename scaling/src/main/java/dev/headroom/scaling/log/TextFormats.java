package dev.headroom.scaling.log;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;

/**
 * The logs that trainers print as text. A log is of the first family of which its beginning holds a
 * row with a loss; where a long beginning (a script, a list of settings) holds none, the first row
 * that turns up later decides.
 */
final class TextFormats implements LogFormat {
  /** One trainer: the family of its lines, and columns that it alone has in that family. */
  private record Kind(String name, Supplier<LineParser> parser, List<String> columns) {}

  private static final List<List<Kind>> FAMILIES =
      List.of(
          family(
              BarFields::new,
              new String[][] {
                {"GPT-NeoX text", "lm_loss", "samples/sec"},
                {"Nanotron text", "lm_loss", "consumed_tokens"},
                {"NeMo text", "reduced_train_loss"},
                {"Megatron-DeepSpeed text", "lm loss", "consumed tokens"},
                {"Megatron-LM text", "lm loss"},
                {"llm.c text", "norm", "tok/s"},
                {"nanochat text", "lrm"},
                {"text with fields between bars"}
              }),
          family(
              ProgressBars::new,
              new String[][] {
                {"NeMo progress bar", "reduced_train_loss"}, {"Lightning progress bar"}
              }),
          family(PythonDicts::new, new String[][] {{"Hugging Face Trainer text"}}),
          family(OlmoBlocks::new, new String[][] {{"OLMo text"}}),
          family(
              ColonFields::new,
              new String[][] {
                {"modded-nanogpt text", "train_time"},
                {"torchtitan text", "memory"},
                {"DeepSpeed engine text", "iter time"},
                {"text with step and loss"}
              }),
          family(CommaFields::new, new String[][] {{"nanoGPT text"}}),
          family(LlmcLines::new, new String[][] {{"llm.c main.log"}}),
          family(StepLossPairs::new, new String[][] {{"pairs of step and loss"}}),
          family(DeepSpeedLines::new, new String[][] {{"DeepSpeed text"}}));

  private static final String LATE = "training log";

  private static List<Kind> family(Supplier<LineParser> parser, String[][] kinds) {
    List<Kind> out = new ArrayList<>();
    for (String[] kind : kinds) {
      out.add(new Kind(kind[0], parser, List.of(kind).subList(1, kind.length)));
    }
    return out;
  }

  @Override
  public String name() {
    return LATE;
  }

  @Override
  public boolean recognises(LogInput input) {
    return family(input.headText()) != null || isLong(input);
  }

  @Override
  public LogFormat refine(LogInput input) {
    List<Kind> family = family(input.headText());
    if (family == null || family.get(0).parser.get().isWeak()) {
      return new OneOf(family == null ? LATE : family.get(0).name, all());
    }
    Head head = new Head(input.headText(), family.get(0).parser.get());
    for (Kind kind : family) {
      if (head.has(kind.columns)) {
        return new OneOf(kind.name, List.of(kind.parser.get()));
      }
    }
    throw new IllegalStateException(family.get(0).name + ": no kind without columns");
  }

  @Override
  public RowSource open(LogInput input, Cells cells, Faults faults) {
    return refine(input).open(input, cells, faults);
  }

  private static List<LineParser> all() {
    List<LineParser> out = new ArrayList<>();
    for (List<Kind> family : FAMILIES) {
      out.add(family.get(0).parser.get());
    }
    return out;
  }

  private static List<Kind> family(String text) {
    for (List<Kind> family : FAMILIES) {
      if (!text.isEmpty() && new Head(text, family.get(0).parser.get()).isOfIt()) {
        return family;
      }
    }
    return null;
  }

  /** Says whether a text is longer than its head, and no JSON and no table. */
  private static boolean isLong(LogInput input) {
    String text = input.headText();
    String body = text.stripLeading();
    if (input.head().length < 1 << 16 || body.isEmpty() || "{[".indexOf(body.charAt(0)) >= 0) {
      return false;
    }
    char separator = CsvFormat.separator(body);
    List<Long> counts =
        body.lines().limit(20).map(s -> s.chars().filter(c -> c == separator).count()).toList();
    long like = counts.stream().filter(c -> c.equals(counts.get(0))).count();
    return separator == 0 || 2 * like < counts.size();
  }

  /** What a parser finds in the beginning of a log. */
  private static final class Head {
    private final LineParser parser;
    private final Set<String> names;
    private long rows;
    private long losses;
    private long lines;

    Head(String text, LineParser parser) {
      this.parser = parser;
      TextLines walk = new TextLines(text);
      Fields row = new Fields(new Cells());
      boolean again = false;
      while (again || walk.next()) {
        lines += again || walk.from == walk.to ? 0 : 1;
        LineParser.Found found = parser.parse(walk, row);
        again = found == LineParser.Found.ROW_BEFORE;
        count(again || found == LineParser.Found.ROW, row);
      }
      count(parser.finish(row), row);
      names = row.names();
    }

    private void count(boolean isRow, Fields row) {
      rows += isRow ? 1 : 0;
      losses += isRow && row.loss ? 1 : 0;
    }

    boolean isOfIt() {
      return parser instanceof StepLossPairs
          ? losses > 1 && 2 * losses > lines
          : losses > 0 || (parser.isWeak() && rows > 0);
    }

    boolean has(List<String> columns) {
      return columns.stream().allMatch(c -> names.stream().anyMatch(n -> n.startsWith(c)));
    }
  }

  /** A log whose family is known, or that is of the first family of which a row turns up. */
  private record OneOf(String name, List<LineParser> parsers) implements LogFormat {
    @Override
    public boolean recognises(LogInput input) {
      return new TextFormats().recognises(input);
    }

    @Override
    public RowSource open(LogInput input, Cells cells, Faults faults) {
      return new LineRows(new TextLines(input.text()), faults, cells, parsers);
    }
  }
}
