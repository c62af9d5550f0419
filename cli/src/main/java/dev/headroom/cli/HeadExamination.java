package dev.headroom.cli;

/** What {@code doctor} asks of the head module, behind an interface so that it can be absent. */
interface HeadExamination {

  /** Adds what it found. */
  void examine(Diagnosis diagnosis);
}
