package dev.headroom.head;

/** How the losses of the rows become the loss that is returned, as in PyTorch. */
public enum Reduction {
  /** The sum over kept rows, divided by their number; 0 when every row is ignored. */
  MEAN,
  /** The sum over kept rows. */
  SUM,
  /** One loss a row, 0 on ignored rows; any upstream gradient per row is honoured exactly. */
  NONE
}
