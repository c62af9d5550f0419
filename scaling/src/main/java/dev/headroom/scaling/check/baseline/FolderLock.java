package dev.headroom.scaling.check.baseline;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** The lock of a baseline's folder, against other processes and against threads of this one. */
final class FolderLock {
  private static final String NAME = ".lock";

  private FolderLock() {}

  /** What is done while the lock is held. */
  interface Work<T> {
    T run() throws IOException;
  }

  /**
   * Makes the folder where it is missing, and works in it alone.
   *
   * @throws dev.headroom.scaling.log.LogException if the folder holds other things than a baseline
   */
  static synchronized <T> T hold(Path folder, Work<T> work) {
    if (Files.exists(folder) && !BaselineFolder.isBaseline(folder) && !isEmpty(folder)) {
      throw BaselineFolder.fault(
          folder, "neither empty nor a baseline (expected: a folder of its own)");
    }
    try {
      Files.createDirectories(folder);
      try (FileChannel channel =
              FileChannel.open(
                  folder.resolve(NAME), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
          FileLock lock = channel.lock()) {
        return work.run();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static boolean isEmpty(Path folder) {
    try (var files = Files.list(folder)) {
      return files.allMatch(f -> f.getFileName().toString().equals(NAME));
    } catch (IOException e) {
      return false;
    }
  }
}
