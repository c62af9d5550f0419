package dev.headroom.cli.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.knuddels.jtokkit.Encodings;
import com.knuddels.jtokkit.api.EncodingType;
import dev.headroom.cli.CommandException;
import dev.headroom.cli.ExitCode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CorpusReaderTest {
  @TempDir Path folder;

  private Path file(String name, String text) throws IOException {
    return Files.writeString(folder.resolve(name), text);
  }

  private static int[] ids(String text) {
    return Encodings.newLazyEncodingRegistry()
        .getEncoding(EncodingType.O200K_BASE)
        .encodeOrdinary(text)
        .toArray();
  }

  private static CommandException refused(Path path, String... fields) {
    CommandException e =
        assertThrows(CommandException.class, () -> CorpusReader.read(path, List.of(fields)));
    assertEquals(ExitCode.INPUT, e.exitCode());
    return e;
  }

  @Test
  void readsTextAndEndsItsDocument() throws IOException {
    String text = "Tom paid $12.50.\nThe change was $7.50, caf\u00e9 \u4e16\u754c \ud83d\ude00.\n";
    TokenCorpus corpus = CorpusReader.read(file("a.txt", text), List.of());
    int[] expected = ids(text);
    assertArrayEquals(expected, Arrays.copyOf(corpus.tokens(), expected.length));
    assertEquals(expected.length + 1, corpus.tokens().length);
    assertEquals(TokenSink.END_OF_TEXT, corpus.tokens()[expected.length]);
    assertEquals(1, corpus.documents());
    assertEquals(text.getBytes(StandardCharsets.UTF_8).length, corpus.bytes());
  }

  @Test
  void joinsTheFieldsOfRecords() throws IOException {
    Path file =
        file("a.jsonl", "{\"q\":\"one?\",\"a\":\"two\"}\n\n{\"a\":\"4\",\"q\":\"three\"}\n");
    TokenCorpus corpus = CorpusReader.read(file, List.of("q", "a"));
    assertEquals(2, corpus.documents());
    int[] first = ids("one?\ntwo");
    assertArrayEquals(first, Arrays.copyOf(corpus.tokens(), first.length));
  }

  @Test
  void readsAFolderInTheOrderOfNames() throws IOException {
    file("b.txt", "second");
    file("a.txt", "first");
    file(".hidden", "no");
    TokenCorpus corpus = CorpusReader.read(folder, List.of());
    assertEquals(2, corpus.documents());
    assertEquals(ids("first")[0], corpus.tokens()[0]);
  }

  @Test
  void cutsNoLongTextApartWhereItMatters() throws IOException {
    String line = "The 12 hens laid 345 eggs in 6 days.\n";
    TokenCorpus corpus = CorpusReader.read(file("long.txt", line.repeat(8000)), List.of());
    int[] one = ids(line);
    assertEquals(8000 * one.length + 1, corpus.tokens().length);
  }

  @Test
  void refusesWhatIsNoCorpus() throws IOException {
    assertTrue(refused(file("e.txt", "")).getMessage().contains("is empty"));
    assertTrue(refused(folder.resolve("none")).getMessage().contains("no such file"));
    assertTrue(
        refused(Files.createDirectory(folder.resolve("d"))).getMessage().contains("no file"));
    Path latin = folder.resolve("latin.txt");
    Files.write(latin, new byte[] {'c', 'a', 'f', (byte) 0xe9, '\n'});
    assertTrue(refused(latin).getMessage().contains("is not UTF-8"));
    Path cut = file("cut.jsonl", "{\"text\":\"x\"}\n{\"text\":");
    assertTrue(refused(cut).getMessage().contains("line 2 is not JSON"));
    Path other = file("o.jsonl", "{\"body\":\"x\",\"n\":1}");
    assertTrue(
        refused(other)
            .getMessage()
            .contains("no field text (expected: --fields with some of body,n)"));
    assertTrue(refused(file("l.jsonl", "[1]"), "a").getMessage().contains("no JSON object"));
    assertTrue(
        refused(file("n.jsonl", "{\"a\":{}}"), "a").getMessage().contains("no text in field a"));
  }

  @Test
  void readsRealRecords() {
    Path real = Path.of("../../shared/data/text-gsm8k/test.jsonl");
    Assumptions.assumeTrue(Files.exists(real), "no " + real + " here: skipped");
    TokenCorpus corpus = CorpusReader.read(real, List.of("question", "answer"));
    assertEquals(1319, corpus.documents());
    assertTrue(Arrays.stream(corpus.tokens()).max().getAsInt() < TokenSink.CLASSES);
  }
}
