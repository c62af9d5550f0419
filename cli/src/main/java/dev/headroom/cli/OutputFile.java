package dev.headroom.cli;

import java.io.IOException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/**
 * Writes a result so that its file is either the old one or the new one, never half of it.
 *
 * <p>The bytes go to a temporary file beside the target, which then takes the target's name in one
 * step. Devices and pipes are written directly.
 */
final class OutputFile {

  private OutputFile() {}

  /**
   * Writes the file, and its folder where that is missing.
   *
   * @throws CommandException with exit code 3 where it cannot be written; the old file is kept
   */
  static void write(Path target, byte[] bytes) {
    try {
      if (Files.exists(target) && !Files.isRegularFile(target)) {
        if (Files.isDirectory(target)) {
          throw new CommandException(
              ExitCode.USAGE, "output: " + target + " is a folder (expected: a file)");
        }
        Files.write(target, bytes, StandardOpenOption.WRITE);
        return;
      }
      Path real = Files.exists(target) ? target.toRealPath() : target.toAbsolutePath();
      Path folder = real.getParent();
      Files.createDirectories(folder);
      replace(real, folder, bytes);
    } catch (IOException e) {
      throw new CommandException(
          ExitCode.INPUT,
          "output: cannot write " + target + ": " + reason(e) + "; nothing there was changed");
    }
  }

  private static void replace(Path target, Path folder, byte[] bytes) throws IOException {
    Path temporary =
        folder.resolve("." + target.getFileName() + "." + ProcessHandle.current().pid() + ".tmp");
    try {
      Files.write(temporary, bytes);
      try {
        Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
      } catch (AtomicMoveNotSupportedException e) {
        Files.move(temporary, target, StandardCopyOption.REPLACE_EXISTING);
      }
    } finally {
      Files.deleteIfExists(temporary);
    }
  }

  /** Says why a file operation failed, without Java's class names. */
  static String reason(IOException e) {
    if (e instanceof NoSuchFileException) {
      return "no such file";
    }
    if (e instanceof java.nio.file.AccessDeniedException) {
      return "permission denied";
    }
    if (e instanceof FileSystemException system && system.getReason() != null) {
      return system.getReason();
    }
    return e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
  }
}
