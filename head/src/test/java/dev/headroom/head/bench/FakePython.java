package dev.headroom.head.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

/** Shell scripts that speak the lines of {@code peer.py}, so that no test needs PyTorch. */
final class FakePython {

  private FakePython() {}

  /**
   * Writes a script that announces itself and answers every question, {@code run} as told.
   *
   * @param onRun shell lines for {@code run NAME}; {@code $2} is the name, {@code $rows} is N
   * @return the program
   */
  static String answering(Path folder, String onRun) throws IOException {
    return program(
        folder,
        """
        echo "started $*" >> "$log"
        echo "ready PyTorch 9.9, Python 3.99"
        while read -r line; do
          set -- $line
          echo "$line $(ls | tr '\\n' ' ')" >> "$log"
          case $1 in
            weight) wc -c < weight >> "$log"; echo ok ;;
            rows) rows=$2; wc -c < hidden >> "$log"; wc -c < targets >> "$log"; echo ok ;;
            run) %s ;;
          esac
        done
        """
            .formatted(onRun));
  }

  /** Writes any script; {@code $log} is a file for {@link #log}. */
  static String program(Path folder, String lines) throws IOException {
    Path file = folder.resolve("fake-python");
    Files.writeString(file, "#!/bin/sh\nlog='" + folder.resolve("log") + "'\n" + lines);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwx------"));
    return file.toString();
  }

  /** Returns what the script was asked. */
  static String log(Path folder) throws IOException {
    return Files.readString(folder.resolve("log"));
  }
}
