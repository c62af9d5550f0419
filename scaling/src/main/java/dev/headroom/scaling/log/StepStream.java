package dev.headroom.scaling.log;

/** Gives the values of one file of a folder, step after step. */
interface StepStream {
  /** Goes to the next values, or returns false at the end; faults are counted and passed over. */
  boolean advance();

  /** Returns the step of the values met last. */
  long step();

  /** Returns a step that none of the values comes before, so that the file need not be open yet. */
  long firstStep();

  /** Says whether the row already holds one of the values, so that they belong to a second row. */
  boolean clashes(Cells cells);

  /** Lays the values into the row. */
  void lay(Cells cells);

  /** Closes the file, if it is open. */
  void close();
}
