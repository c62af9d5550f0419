package dev.headroom.scaling.check;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.networknt.schema.InputFormat;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RulesFileTest {
  private static final Path RESOURCE =
      Path.of("src/main/resources/dev/headroom/scaling/check", RulesSchema.RESOURCE);

  private static final String[] GOOD = {
    "{}",
    "{\"profile\": \"smoke\", \"fail_on\": \"warning\"}",
    "{\"only\": [\"finite\", \"spike\"], \"rules\": {\"spike\": {\"mads\": 10.5, \"window\": 20}}}",
    "{\"rules\": {\"baseline\": {\"margin\": 0.01, \"alpha\": 0.002, \"by\": \"tokens\"}}}",
    "{\"rules\": {\"spike\": \"off\", \"final\": {\"max_loss\": 3, \"severity\": \"warning\"}}}",
  };

  private static final String[] BAD = {
    "[]",
    "{\"profiles\": \"smoke\"}",
    "{\"profile\": \"huge\"}",
    "{\"profile\": 3}",
    "{\"fail_on\": \"info\"}",
    "{\"only\": [\"spikes\"]}",
    "{\"only\": \"spike\"}",
    "{\"rules\": []}",
    "{\"rules\": {\"spikes\": {}}}",
    "{\"rules\": {\"spike\": {\"mads\": 0}}}",
    "{\"rules\": {\"spike\": {\"window\": 7.5}}}",
    "{\"rules\": {\"spike\": {\"window\": 100000}}}",
    "{\"rules\": {\"spike\": {\"depth\": 1}}}",
    "{\"rules\": {\"spike\": {\"mads\": [1]}}}",
    "{\"rules\": {\"spike\": {\"severity\": \"fatal\"}}}",
    "{\"rules\": {\"spike\": \"on\"}}",
    "{\"rules\": {\"spike\": null}}",
    "{\"rules\": {\"baseline\": {\"margin\": 0.5}}}",
    "{\"rules\": {\"baseline\": {\"by\": \"epochs\"}}}",
    "{\"rules\": {\"baseline\": {\"by\": 1}}}",
  };

  @TempDir Path folder;

  private CheckOptions read(String json) throws IOException {
    Path file = Files.writeString(folder.resolve("rules.json"), json);
    return RulesFile.read(file, CheckOptions.defaults(), false);
  }

  @Test
  void theShippedSchemaIsWhatTheDeclarationsSay() throws IOException {
    if (System.getProperty("headroom.golden.write") != null) {
      Files.createDirectories(RESOURCE.getParent());
      Files.writeString(RESOURCE, RulesSchema.generate());
    }
    assertEquals(
        Files.readString(RESOURCE),
        RulesSchema.generate(),
        "write it again with -Dheadroom.golden.write");
    assertEquals(RulesSchema.generate(), RulesSchema.text());
  }

  @Test
  void theReaderAndAnIndependentValidatorAgree() throws IOException {
    JsonSchema schema =
        JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V202012)
            .getSchema(RulesSchema.text());
    for (String good : GOOD) {
      assertEquals(0, schema.validate(good, InputFormat.JSON).size(), good);
      read(good);
    }
    for (String bad : BAD) {
      assertFalse(schema.validate(bad, InputFormat.JSON).isEmpty(), bad);
      IllegalArgumentException e =
          assertThrows(IllegalArgumentException.class, () -> read(bad), bad);
      assertTrue(e.getMessage().contains("rules.json: "), e.getMessage());
      assertTrue(e.getMessage().contains("(expected: "), e.getMessage());
    }
    for (String broken : new String[] {"", "{", "{}{}", "nonsense", "{'a': 1}"}) {
      assertThrows(IllegalArgumentException.class, () -> read(broken), broken);
    }
  }

  @Test
  void setsWhatTheFileSays() throws IOException {
    CheckOptions options = read(GOOD[2]);
    assertEquals(java.util.Set.of("finite", "spike"), options.rules());
    assertEquals(10.5, options.values().get("spike.mads"));
    assertEquals(FailOn.WARNING, read(GOOD[1]).failOn());
    assertEquals(0.01, read(GOOD[1]).values().get("final.min_fall"));
    assertEquals(0.01, read(GOOD[3]).number("baseline.margin"));
    assertEquals(0.005, read(GOOD[3]).number("baseline.hardware_margin"));
    assertEquals("tokens", read(GOOD[3]).text("baseline.by"));
    assertEquals("step", read(GOOD[0]).text("baseline.by"));
    assertFalse(read(GOOD[4]).has("spike"));
    assertEquals(Severity.WARNING, read(GOOD[4]).severities().get("final"));
  }
}
