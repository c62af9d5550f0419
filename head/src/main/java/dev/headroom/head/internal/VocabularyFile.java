package dev.headroom.head.internal;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.function.Supplier;

/** A vocabulary on disk: what may be opened, which ids it may have, and how its faults read. */
final class VocabularyFile {
  /** One more than the highest id: far above any vocabulary, and 2 MiB of bits. */
  static final int LIMIT = 1 << 24;

  /** Several times the longest tokenizer.json in use. */
  private static final long LONGEST = 1L << 28;

  private static final int SHOWN = 80;

  private final Path file;
  private final BitSet seen = new BitSet();
  private int size;

  VocabularyFile(Path file) {
    this.file = file;
  }

  InputStream open() throws IOException {
    if (!Files.exists(file)) {
      throw new NoSuchFileException(file.toString());
    }
    if (!Files.isRegularFile(file)) {
      throw fault("", "not a file", "the file itself, not its folder");
    }
    long bytes = Files.size(file);
    if (bytes > LONGEST) {
      throw fault("", bytes + " bytes", "a vocabulary of at most " + LONGEST + " bytes");
    }
    return Files.newInputStream(file);
  }

  String name() {
    return file.toString();
  }

  /** Returns one more than the highest id so far. */
  int size() {
    return size;
  }

  /** Returns an id, which another part of the file may have given before. */
  int knownId(Supplier<String> where, String text) {
    boolean whole = !text.isEmpty() && text.length() <= 8;
    for (int i = 0; whole && i < text.length(); i++) {
      whole = NumberText.isDigit(text.charAt(i));
    }
    if (!whole || Integer.parseInt(text) >= LIMIT) {
      throw fault(where.get(), text, "a whole number from 0 to " + (LIMIT - 1));
    }
    int id = Integer.parseInt(text);
    size = Math.max(size, id + 1);
    return id;
  }

  /** Returns an id that no other token of the same table may have. */
  int ownId(Supplier<String> where, String text) {
    int id = knownId(where, text);
    if (seen.get(id)) {
      throw fault(where.get(), id + " again", "an id of its own for each token");
    }
    seen.set(id);
    return id;
  }

  /** Returns the exception for a fault at a place in the file. */
  IllegalArgumentException fault(String where, Object actual, String rule) {
    return new IllegalArgumentException(
        file
            + (where.isEmpty() ? "" : " " + shortened(where))
            + ": "
            + shortened(actual.toString())
            + " (expected: "
            + rule
            + ")");
  }

  private static String shortened(String text) {
    String line = text.lines().findFirst().orElse("");
    return line.length() <= SHOWN ? line : line.substring(0, SHOWN) + "...";
  }
}
