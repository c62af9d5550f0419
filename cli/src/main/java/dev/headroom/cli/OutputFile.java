package dev.headroom.cli;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
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
    write(target, out -> out.write(bytes));
  }

  /** What writes a result. */
  interface Content {
    void to(OutputStream out) throws IOException;
  }

  /** Writes the file from a stream, and its folder where that is missing, as the other does. */
  static void write(Path target, Content content) {
    try {
      if (Files.exists(target) && !Files.isRegularFile(target)) {
        if (Files.isDirectory(target)) {
          throw new CommandException(
              ExitCode.USAGE, "output: " + target + " is a folder (expected: a file)");
        }
        try (OutputStream out = Files.newOutputStream(target, StandardOpenOption.WRITE)) {
          content.to(out);
        }
        return;
      }
      Path real = Files.exists(target) ? target.toRealPath() : target.toAbsolutePath();
      Path folder = real.getParent();
      Files.createDirectories(folder);
      replace(real, folder, content);
    } catch (IOException | UncheckedIOException e) {
      throw new CommandException(
          ExitCode.INPUT,
          "output: cannot write "
              + target
              + ": "
              + reason(cause(e))
              + "; nothing there was changed");
    }
  }

  private static void replace(Path target, Path folder, Content content) throws IOException {
    Path temporary =
        folder.resolve("." + target.getFileName() + "." + ProcessHandle.current().pid() + ".tmp");
    try {
      try (OutputStream out = Files.newOutputStream(temporary)) {
        content.to(out);
      }
      try {
        Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
      } catch (AtomicMoveNotSupportedException e) {
        Files.move(temporary, target, StandardCopyOption.REPLACE_EXISTING);
      }
    } finally {
      Files.deleteIfExists(temporary);
    }
  }

  private static IOException cause(Exception e) {
    return e instanceof UncheckedIOException unchecked ? unchecked.getCause() : (IOException) e;
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
