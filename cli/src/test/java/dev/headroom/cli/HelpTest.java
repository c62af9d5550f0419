package dev.headroom.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HelpTest {

  @Test
  void listsTheCommands() throws IOException {
    Ran ran = Ran.headroom("--help");
    assertEquals(0, ran.code());
    assertEquals("", ran.err());
    Golden.compare("help/headroom.txt", ran.out());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "fit",
        "compare",
        "plan",
        "forecast",
        "check",
        "baseline",
        "report",
        "inspect",
        "convert",
        "bench",
        "doctor",
        "demo",
        "train",
        "selftest"
      })
  void showsTheHelpOfACommandWithExamplesBeforeAllElse(String command) throws IOException {
    Ran ran = Ran.headroom(command, "--help");
    assertEquals(0, ran.code(), ran.err());
    int examples = ran.out().indexOf("Examples:");
    assertTrue(examples > 0 && examples < ran.out().indexOf("Usage:"), ran.out());
    Golden.compare("help/" + command + ".txt", ran.out());
    assertEquals(ran.out(), Ran.headroom("help", command).out());
  }

  @Test
  void saysTheVersionOfThePom() throws IOException {
    String pom = Files.readString(Path.of("pom.xml"));
    assertTrue(pom.contains("<version>" + Headroom.VERSION + "</version>"));
    assertEquals("headroom " + Headroom.VERSION + "\n", Ran.headroom("--version").out());
  }

  @Test
  void showsTheHelpOnStandardErrorWhenNothingWasAsked() {
    Ran ran = Ran.headroom();
    assertEquals(2, ran.code());
    assertEquals("", ran.out());
    assertTrue(ran.err().contains("Commands:"));
  }

  @Test
  void suggestsTheNearestCommand() {
    Ran ran = Ran.headroom("forcast");
    assertEquals(2, ran.code());
    assertTrue(ran.err().contains("did you mean forecast?"), ran.err());
  }

  @Test
  void namesAnUnknownOption() {
    Ran ran = Ran.headroom("check", "run.csv", "--jsn");
    assertEquals(2, ran.code());
    assertTrue(ran.err().contains("--jsn"), ran.err());
    assertTrue(ran.err().contains("Try: headroom check --help"), ran.err());
  }
}
