package dev.headroom.head;

/** How the classifier's gradient reaches the parameter. */
public enum Delivery {
  /** Through autograd: exact for any upstream gradient, at the price of two more V x D arrays. */
  AUTOGRAD,
  /**
   * Added by the kernel straight into the parameter's gradient buffer: no extra V x D array. The
   * loss must be the root of the backward pass (an upstream gradient of 1; weights are set on the
   * head), which is checked. Where there is no such buffer, as for a classifier that operations
   * made of other parameters, AUTOGRAD serves.
   */
  FUSED
}
