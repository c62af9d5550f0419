package dev.headroom.scaling.fit;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.headroom.scaling.law.Law;
import dev.headroom.scaling.law.Laws;
import dev.headroom.scaling.law.text.OwnLaw;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import jdk.jshell.JShell;
import jdk.jshell.Snippet;
import jdk.jshell.SnippetEvent;
import org.junit.jupiter.api.Test;

/** Uses the module as a program of its own would: a shell, a stream of objects, no engine. */
class LibraryUseTest {

  @Test
  void theFiveLinesOfTheReadmeRunInJshell() throws IOException {
    String readme = Files.readString(Path.of("README.md"));
    String[] parts = readme.split("```java\n", 2);
    String lines = parts[1].substring(0, parts[1].indexOf("```"));
    assertEquals(5, lines.lines().count());
    try (JShell shell = JShell.builder().executionEngine("local").build()) {
      shell.addToClasspath(Path.of("target", "classes").toString());
      SnippetEvent last = null;
      for (String line : lines.lines().toList()) {
        for (SnippetEvent event : shell.eval(line)) {
          assertEquals(Snippet.Status.VALID, event.status(), line);
          assertEquals(null, event.exception(), line);
          last = event;
        }
      }
      double loss = Double.parseDouble(last.value());
      assertTrue(loss > 1 && loss < 2.27, last.value());
    }
  }

  @Test
  void lawsAndFitsCanBeWrittenAndRead() throws IOException, ClassNotFoundException {
    for (Law law : Laws.all()) {
      assertEquals(law, copy(law), law.name());
    }
    SplittableRandom random = new SplittableRandom(1);
    OwnLaw own = OwnLaw.of("E + A*x^-a", "x");
    double[][] x = new double[30][];
    double[] loss = new double[30];
    for (int i = 0; i < 30; i++) {
      x[i] = new double[] {1 + 99 * random.nextDouble()};
      loss[i] = 1 + 2 / Math.sqrt(x[i][0]) + .001 * random.nextGaussian();
    }
    Fit fit = Fitter.fit(own, new Observations(x, loss), FitOptions.defaults());
    Fit read = (Fit) copy(fit);
    assertEquals(own, read.law());
    assertArrayEquals(fit.theta(), read.theta());
    assertEquals(fit.predict(7), read.predict(7));
  }

  private static Object copy(Object object) throws IOException, ClassNotFoundException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
      out.writeObject(object);
    }
    try (ObjectInputStream in =
        new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
      return in.readObject();
    }
  }

  @Test
  void theEngineIsNotOnTheClassPath() {
    for (String name : List.of("ai.djl.Device", "com.sun.jna.Native")) {
      assertThrows(ClassNotFoundException.class, () -> Class.forName(name));
    }
  }

  @Test
  void everyLawPassesItsOwnCheck() {
    for (LawCheck check : LawCheck.all()) {
      assertTrue(check.passed(), check.toString());
    }
  }
}
