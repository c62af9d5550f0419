package dev.headroom.scaling.log;

/** JSON objects, one a line: the canonical log and its relatives. */
final class JsonlFormat implements LogFormat {
  @Override
  public String name() {
    return "JSONL";
  }

  @Override
  public boolean recognises(LogInput input) {
    return input.headText().stripLeading().startsWith("{");
  }

  @Override
  public RowSource open(LogInput input, Cells cells, Faults faults) {
    return new LookAhead(new JsonlSource(input.text(), faults), cells);
  }
}
