package dev.headroom.scaling.log;

import java.util.List;

/** The CSV that a W&amp;B chart exports: a column of the axis, then one for each run and metric. */
final class WandbChartFormat implements LogFormat {
  private static final List<String> AXES =
      List.of("step", "relative time (process)", "relative time (wall)", "wall time", "_step");

  @Override
  public String name() {
    return "W&B chart CSV";
  }

  @Override
  public boolean recognises(LogInput input) {
    String text = input.headText().stripLeading();
    char separator = CsvFormat.separator(text);
    int lineEnd = text.indexOf('\n');
    if (separator == 0 || lineEnd < 0) {
      return lineEnd < 0 && text.startsWith("\"") && text.contains("__MIN\"");
    }
    String header = text.substring(0, lineEnd);
    if (header.contains("__MIN") && header.contains("__MAX") && header.contains(" - ")) {
      return true;
    }
    String[] names = header.replace("\"", "").strip().split(String.valueOf(separator), -1);
    boolean all = names.length > 1 && AXES.contains(names[0].toLowerCase(java.util.Locale.ROOT));
    for (int i = 1; i < names.length; i++) {
      all &= names[i].contains(" - ");
    }
    return all;
  }

  @Override
  public RowSource open(LogInput input, Cells cells, Faults faults) {
    char separator = CsvFormat.separator(input.headText().stripLeading());
    Cells raw = new Cells();
    RowSource rows = new CsvSource(input.text(), faults, raw, separator);
    return new WandbChartSource(WandbChart.read(rows, raw, input.name()), cells, faults);
  }
}
