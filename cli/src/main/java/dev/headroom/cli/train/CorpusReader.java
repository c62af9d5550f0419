package dev.headroom.cli.train;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import dev.headroom.cli.CommandException;
import dev.headroom.cli.ExitCode;
import dev.headroom.fixtures.corpus.Corpus;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;

/**
 * Reads a corpus: a text file, JSONL with named fields, a folder of such files, or the packaged
 * one.
 */
final class CorpusReader {
  private final TokenSink sink = new TokenSink();
  private final MessageDigest digest = sha256();
  private final List<String> fields;
  private long bytes;

  private CorpusReader(List<String> fields) {
    this.fields = fields;
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  /**
   * Reads and encodes a corpus.
   *
   * @param path a file or a folder; null for the packaged corpus
   * @param fields of JSONL records, joined by a line break; empty where not given
   * @throws CommandException with exit code 3 where it is missing, unreadable, empty, not UTF-8 or
   *     lacks a field
   */
  static TokenCorpus read(Path path, List<String> fields) {
    CorpusReader reader = new CorpusReader(List.copyOf(fields));
    if (path == null) {
      byte[] packaged = Corpus.utf8();
      reader.digest.update(packaged);
      reader.bytes = packaged.length;
      reader.sink.text(new String(packaged, StandardCharsets.UTF_8));
      reader.sink.endDocument();
      return reader.corpus("packaged");
    }
    for (Path file : files(path)) {
      reader.file(file);
    }
    return reader.corpus(path.toString());
  }

  private TokenCorpus corpus(String source) {
    int[] tokens = sink.tokens();
    if (tokens.length == 0) {
      throw unusable("corpus: " + source + " is empty (expected: text in UTF-8)");
    }
    return new TokenCorpus(
        source, tokens, sink.documents(), bytes, HexFormat.of().formatHex(digest.digest()));
  }

  private static List<Path> files(Path path) {
    if (!Files.exists(path)) {
      throw unusable("corpus: " + path + ": no such file or folder");
    }
    if (!Files.isDirectory(path)) {
      return List.of(path);
    }
    try (Stream<Path> walk = Files.walk(path)) {
      List<Path> files = walk.filter(CorpusReader::isCorpusFile).sorted().toList();
      if (files.isEmpty()) {
        throw unusable("corpus: " + path + " has no file in it (expected: text files in UTF-8)");
      }
      return files;
    } catch (IOException | java.io.UncheckedIOException e) {
      throw unusable("corpus: " + path + " cannot be read: " + e.getMessage());
    }
  }

  private static boolean isCorpusFile(Path file) {
    return Files.isRegularFile(file) && !file.getFileName().toString().startsWith(".");
  }

  private void file(Path file) {
    try (InputStream in = new DigestInputStream(Files.newInputStream(file), digest);
        BufferedReader reader =
            new BufferedReader(
                new InputStreamReader(in, StandardCharsets.UTF_8.newDecoder()), 1 << 16)) {
      if (isJsonLines(file)) {
        jsonLines(file, reader);
      } else {
        plainText(reader);
      }
      bytes += Files.size(file);
    } catch (CharacterCodingException e) {
      throw unusable(
          "corpus: " + file + " is not UTF-8 (expected: text in UTF-8; convert it with iconv)");
    } catch (AccessDeniedException e) {
      throw unusable("corpus: " + file + ": permission denied");
    } catch (IOException e) {
      throw unusable("corpus: " + file + " cannot be read: " + e.getMessage());
    }
  }

  private boolean isJsonLines(Path file) {
    String name = file.getFileName().toString();
    return name.endsWith(".jsonl") || name.endsWith(".ndjson") || !fields.isEmpty();
  }

  private void plainText(Reader reader) throws IOException {
    char[] buffer = new char[1 << 16];
    boolean first = true;
    for (int n = reader.read(buffer); n >= 0; n = reader.read(buffer)) {
      // a byte order mark is no text
      int from = first && n > 0 && buffer[0] == '\uFEFF' ? 1 : 0;
      sink.text(new String(buffer, from, n - from));
      first = false;
    }
    sink.endDocument();
  }

  private void jsonLines(Path file, BufferedReader reader) throws IOException {
    long number = 0;
    for (String line = reader.readLine(); line != null; line = reader.readLine()) {
      number++;
      if (!line.isBlank()) {
        sink.text(record(file + " line " + number, line));
        sink.endDocument();
      }
    }
  }

  private String record(String where, String line) {
    JsonObject object;
    try {
      JsonElement element = JsonParser.parseString(line);
      if (!element.isJsonObject()) {
        throw unusable("corpus: " + where + " is no JSON object (expected: {\"field\":\"text\"})");
      }
      object = element.getAsJsonObject();
    } catch (JsonParseException e) {
      throw unusable("corpus: " + where + " is not JSON (expected: one object a line)");
    }
    StringBuilder text = new StringBuilder();
    for (String field : fields.isEmpty() ? List.of("text") : fields) {
      JsonElement value = object.get(field);
      if (value == null || !value.isJsonPrimitive()) {
        throw unusable(
            "corpus: "
                + where
                + (value == null ? " has no field " : " has no text in field ")
                + field
                + " (expected: --fields with some of "
                + String.join(",", object.keySet())
                + ")");
      }
      text.append(text.length() == 0 ? "" : "\n").append(value.getAsString());
    }
    return text.toString();
  }

  private static CommandException unusable(String message) {
    return new CommandException(ExitCode.INPUT, message);
  }
}
