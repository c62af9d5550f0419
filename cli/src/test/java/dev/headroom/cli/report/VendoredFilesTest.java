package dev.headroom.cli.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;

class VendoredFilesTest {

  private static final Path FOLDER = Path.of("src/main/resources/dev/headroom/cli/report/vendor");

  @Test
  void haveTheirRecordedChecksums() throws Exception {
    List<String> lines = Files.readAllLines(FOLDER.resolve("SHA256SUMS"));
    assertEquals(3, lines.size());
    for (String line : lines) {
      String[] parts = line.split("  ");
      byte[] bytes = Files.readAllBytes(FOLDER.resolve(parts[1]));
      byte[] digest = MessageDigest.getInstance("SHA-256").digest(bytes);
      assertEquals(parts[0], HexFormat.of().formatHex(digest), parts[1]);
    }
  }

  @Test
  void carryTheirLicence() throws Exception {
    assertTrue(Files.readString(FOLDER.resolve("uPlot.LICENSE")).startsWith("The MIT License"));
  }
}
