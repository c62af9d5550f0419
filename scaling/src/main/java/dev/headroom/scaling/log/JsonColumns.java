package dev.headroom.scaling.log;

import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** Gathers columns of a JSON document, each from step to value, and gives them row by row. */
final class JsonColumns {
  private static final int MOST_VALUES = 1 << 22;

  private static final class Column {
    final String name;
    long[] step = new long[16];
    double[] value = new double[16];
    int size;
    int at;

    Column(String name) {
      this.name = name;
    }

    void add(long key, double number) {
      if (size == step.length) {
        step = Arrays.copyOf(step, 2 * size);
        value = Arrays.copyOf(value, 2 * size);
      }
      step[size] = key;
      value[size++] = number;
    }
  }

  private final Faults faults;
  private final List<Column> columns = new ArrayList<>();
  private int values;
  private boolean surplus;
  private int stepCell = -1;
  private boolean ownSteps;
  private boolean begun;
  private boolean unmade;
  private long row;

  JsonColumns(Faults faults) {
    this.faults = faults;
  }

  /** Returns how many values were gathered. */
  int size() {
    return values;
  }

  private void add(Column column, long key, JsonReader json) throws IOException {
    JsonToken token = json.peek();
    if (token != JsonToken.NUMBER && token != JsonToken.STRING) {
      json.skipValue();
      return;
    }
    double number = Cells.number(json.nextString());
    if (Run.isAbsent(number)) {
      return;
    }
    if (values == MOST_VALUES) {
      if (!surplus) {
        surplus = true;
        faults.note("more than " + MOST_VALUES + " values in columns: the rest was left out");
      }
      return;
    }
    values++;
    column.add(key, number);
  }

  /** Reads the rest of an array of values, {@code first + i * interval} the step of each. */
  void array(JsonReader json, String name, long first, long interval) throws IOException {
    Column column = new Column(name);
    columns.add(column);
    for (long i = 0; json.hasNext(); i++) {
      add(column, first + i * interval, json);
    }
    json.endArray();
  }

  /**
   * Reads an object: from step to value, or with its values in a member {@code values} as
   * Megatron's golden values have them; any other is one of settings.
   */
  void object(JsonReader json, String name, Map<String, String> settings) throws IOException {
    json.beginObject();
    Column column = new Column(name);
    long first = 0;
    long interval = 1;
    while (json.hasNext()) {
      String inner = json.nextName();
      JsonToken token = json.peek();
      if (isStep(inner)) {
        add(column, Long.parseLong(inner), json);
      } else if (inner.equals("values") && token == JsonToken.BEGIN_OBJECT) {
        json.beginObject();
        while (json.hasNext()) {
          String step = json.nextName();
          if (isStep(step)) {
            add(column, Long.parseLong(step), json);
          } else {
            json.skipValue();
          }
        }
        json.endObject();
      } else if (token == JsonToken.BEGIN_ARRAY) {
        json.beginArray();
        boolean golden = inner.equals("values") || inner.equals("data");
        array(json, golden ? name : name + "." + inner, first, interval);
      } else if (inner.equals("start_step") && token == JsonToken.NUMBER) {
        first = (long) json.nextDouble();
      } else if (inner.equals("step_interval") && token == JsonToken.NUMBER) {
        interval = Math.max(1, (long) json.nextDouble());
      } else {
        JsonCells.read(json, name + "." + inner, settings::put);
      }
    }
    json.endObject();
    if (column.size > 0) {
      columns.add(column);
    }
  }

  private static boolean isStep(String name) {
    return name.length() < 18 && name.matches("[0-9]+");
  }

  /** Loads the next row, steps rising; a column of steps of its own comes before the keys. */
  boolean next(Cells cells) {
    if (!begun) {
      begin(cells);
    }
    long least = Long.MAX_VALUE;
    for (Column column : columns) {
      if (column.at < column.size) {
        least = Math.min(least, column.step[column.at]);
      }
    }
    if (least == Long.MAX_VALUE) {
      return false;
    }
    cells.line = ++row;
    if (!ownSteps) {
      cells.set(stepCell, (double) least);
    }
    for (Column column : columns) {
      if (column.at < column.size && column.step[column.at] == least) {
        cells.set(cells.add(column.name), column.value[column.at++]);
      }
    }
    return true;
  }

  private void begin(Cells cells) {
    begun = true;
    List<String> names = new ArrayList<>();
    for (Column column : columns) {
      names.add(column.name);
      sort(column);
      skipUnmade(column);
    }
    ownSteps = RunColumns.usual("step", names) != null;
    if (!ownSteps && !columns.isEmpty()) {
      stepCell = cells.add("step");
    }
  }

  /** Golden values of a resumed run fill the steps that an earlier run made with "nan". */
  private void skipUnmade(Column column) {
    while (column.at < column.size && Double.isNaN(column.value[column.at])) {
      column.at++;
    }
    if (column.at == column.size) {
      column.at = 0;
    } else if (column.at > 0 && !unmade) {
      unmade = true;
      faults.note(
          "'"
              + column.name
              + "' is NaN up to step "
              + column.step[column.at - 1]
              + " and begins after it, as in a resumed run: left out there");
    }
  }

  /** Sorts by step where the document did not, the last value of a step behind the others. */
  private static void sort(Column column) {
    boolean rising = true;
    for (int i = 1; i < column.size; i++) {
      rising &= column.step[i] >= column.step[i - 1];
    }
    if (rising) {
      return;
    }
    Integer[] order = new Integer[column.size];
    Arrays.setAll(order, i -> i);
    long[] step = column.step.clone();
    double[] value = column.value.clone();
    Arrays.sort(order, (a, b) -> Long.compare(step[a], step[b]));
    for (int i = 0; i < order.length; i++) {
      column.step[i] = step[order[i]];
      column.value[i] = value[order[i]];
    }
  }
}
