package dev.headroom.head;

/**
 * Tells that a kernel failed: with its status, its name, the sizes it was called with and the
 * cause.
 */
public class HeadException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final int status;

  /**
   * Creates an exception.
   *
   * @param status the kernel's status code, 0 where there is none
   * @param message what failed, with kernel, sizes and device
   * @param cause what led to it, or null
   */
  public HeadException(int status, String message, Throwable cause) {
    super(message, cause);
    this.status = status;
  }

  /** Returns the status code of {@code headroom.h}, 0 where there is none. */
  public int status() {
    return status;
  }
}
