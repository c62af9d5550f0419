package dev.headroom.cli.train;

import com.sun.jna.Function;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Looks at and tends to the memory of this process, on Linux; does nothing elsewhere. */
final class ProcessMemory {
  private static final int M_MMAP_THRESHOLD = -3;
  private static final int M_ARENA_MAX = -8;

  private ProcessMemory() {}

  /**
   * Returns the largest resident set so far (VmHWM) in bytes, or -1 where the system does not tell.
   */
  static long peakBytes() {
    try {
      for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
        if (line.startsWith("VmHWM:")) {
          return Long.parseLong(line.substring(6).replace("kB", "").strip()) * 1024;
        }
      }
    } catch (IOException e) {
      return -1;
    }
    return -1;
  }

  /**
   * Makes glibc give large blocks back when they are freed.
   *
   * <p>By itself it learns to keep blocks below 32 MB in its arenas, where the aligned ones of the
   * engine leave holes that the next one does not fit: 8 MB lost a step at V x D of 26 MB.
   */
  static void returnLargeBlocks() {
    try {
      mallopt(M_MMAP_THRESHOLD, 1 << 20);
      mallopt(M_ARENA_MAX, 2);
    } catch (UnsatisfiedLinkError e) {
      // another C library, with other habits
      return;
    }
  }

  private static void mallopt(int name, int value) {
    Function.getFunction("c", "mallopt").invokeInt(new Object[] {name, value});
  }
}
