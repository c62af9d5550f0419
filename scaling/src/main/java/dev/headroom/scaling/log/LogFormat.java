package dev.headroom.scaling.log;

/** One kind of log: how it begins and how its rows are read. */
interface LogFormat {

  /** Returns the name that {@code inspect} shows, such as {@code Megatron-LM text}. */
  String name();

  /** Says whether a log is of this kind, by its first bytes or a folder's listing, not its name. */
  boolean recognises(LogInput input);

  /** Returns the particular kind of a log that {@link #recognises} is true of. */
  default LogFormat refine(LogInput input) {
    return this;
  }

  /**
   * Begins to read.
   *
   * @param input the log, nothing of it read yet
   * @param cells where the names of the columns that are known from the start are put
   * @param faults where what is wrong with the log is counted
   */
  RowSource open(LogInput input, Cells cells, Faults faults);
}
