package dev.headroom.scaling.log;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * A folder of files as one input: each file is a line {@code @@path} and its bytes up to the next
 * such line.
 */
final class FuzzFolder {
  private static final int MOST_FILES = 50;
  private static final int DEEPEST = 6;

  private FuzzFolder() {}

  /** Packs files; paths and contents take turns. */
  static byte[] pack(Object... pathsAndBytes) {
    StringBuilder out = new StringBuilder();
    for (int i = 0; i < pathsAndBytes.length; i += 2) {
      out.append("\n@@").append(pathsAndBytes[i]).append('\n');
      Object content = pathsAndBytes[i + 1];
      out.append(
          content instanceof byte[] bytes
              ? new String(bytes, StandardCharsets.ISO_8859_1)
              : content.toString());
    }
    return out.toString().getBytes(StandardCharsets.ISO_8859_1);
  }

  /** Makes the folder, hands it over and deletes it. */
  static void with(byte[] data, FolderReader reader) throws IOException {
    Path folder = Files.createTempDirectory("headroom-fuzz");
    try {
      unpack(data, folder);
      reader.read(folder);
    } finally {
      try (Stream<Path> all = Files.walk(folder)) {
        for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(path);
        }
      }
    }
  }

  /** Writes one file, hands it over and deletes it. */
  static void withFile(byte[] data, FolderReader reader) throws IOException {
    Path file = Files.createTempFile("headroom-fuzz", "");
    try {
      reader.read(Files.write(file, data));
    } finally {
      Files.delete(file);
    }
  }

  /** What is called with a folder or a file. */
  interface FolderReader {
    void read(Path path) throws IOException;
  }

  private static void unpack(byte[] data, Path folder) throws IOException {
    String text = new String(data, StandardCharsets.ISO_8859_1);
    List<String> parts = List.of(text.split("\n@@", MOST_FILES));
    for (String part : parts.subList(1, parts.size())) {
      int end = Math.max(part.indexOf('\n'), 0);
      String[] names = part.substring(0, end).replaceAll("[^A-Za-z0-9_./-]", "_").split("/");
      Path file = folder;
      for (int i = 0; i < Math.min(names.length, DEEPEST); i++) {
        String name = names[i].matches("\\.*") ? "x" : names[i];
        file = file.resolve(name.substring(0, Math.min(name.length(), 50)));
      }
      write(file, part.substring(Math.min(end + 1, part.length())));
    }
  }

  private static void write(Path file, String content) throws IOException {
    try {
      Files.createDirectories(file.getParent());
    } catch (IOException e) {
      return; // a file of that name is where the folder should be
    }
    if (!Files.isDirectory(file)) {
      byte[] bytes = content.getBytes(StandardCharsets.ISO_8859_1);
      Path temporary = Files.write(Path.of(file + "~"), bytes);
      Files.move(temporary, file, StandardCopyOption.REPLACE_EXISTING);
    }
  }
}
