package dev.headroom.cli;

import java.io.File;
import java.nio.file.Path;
import java.util.Map;

/** Chooses the Python whose PyTorch is measured. */
final class BenchPython {
  private static final String VARIABLE = "HEADROOM_PYTHON";
  private static final String NONE = "none";

  private BenchPython() {}

  /**
   * Returns the program: the option, else the variable HEADROOM_PYTHON, else python3; null for the
   * word none.
   */
  static String chosen(String option, Map<String, String> environment) {
    String variable = environment.getOrDefault(VARIABLE, "");
    String program = option != null ? option : variable.isBlank() ? "python3" : variable;
    if (program.equals(NONE)) {
      return null;
    }
    // it is started in another folder, where a relative path would lead elsewhere
    return program.contains(File.separator)
        ? Path.of(program).toAbsolutePath().toString()
        : program;
  }
}
