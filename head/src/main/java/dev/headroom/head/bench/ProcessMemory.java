package dev.headroom.head.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Reads this process's resident memory and its peak from Linux. */
final class ProcessMemory {

  private ProcessMemory() {}

  /** Sets the peak back to what is resident now; false where the system does not allow it. */
  static boolean resetPeak() {
    try {
      Files.writeString(Path.of("/proc/self/clear_refs"), "5");
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  /** Returns resident bytes now. */
  static long residentBytes() {
    return field(Path.of("/proc/self/status"), "VmRSS:");
  }

  /** Returns the largest number of resident bytes since the last reset. */
  static long peakBytes() {
    return field(Path.of("/proc/self/status"), "VmHWM:");
  }

  /** Returns the bytes that the machine can still give without swapping. */
  static long availableBytes() {
    return field(Path.of("/proc/meminfo"), "MemAvailable:");
  }

  private static long field(Path file, String name) {
    try {
      for (String line : Files.readAllLines(file)) {
        if (line.startsWith(name)) {
          return Long.parseLong(line.substring(name.length()).replace("kB", "").trim()) * 1024;
        }
      }
    } catch (IOException e) {
      return -1;
    }
    return -1;
  }
}
