package dev.headroom.cli.train;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Reads the largest resident set this process has had, from Linux. */
final class PeakMemory {

  private PeakMemory() {}

  /** Returns VmHWM in bytes, or -1 where the system does not tell. */
  static long bytes() {
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
}
