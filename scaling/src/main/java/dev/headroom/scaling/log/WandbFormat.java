package dev.headroom.scaling.log;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads a W&amp;B run: the binary {@code run-*.wandb} file, or the folder of an offline run or of
 * its files, with that file or {@code wandb-history.jsonl} in it.
 */
final class WandbFormat implements LogFormat {
  private static final String HISTORY = "wandb-history.jsonl";

  @Override
  public String name() {
    return "Weights & Biases run";
  }

  @Override
  public boolean recognises(LogInput input) {
    return input.isFolder() ? !runs(input.path()).isEmpty() : WandbRecords.begins(input.head());
  }

  /** Finds the files of runs below a folder, or beside it where it is a run's {@code files}. */
  private static List<Path> runs(Path folder) {
    List<Path> binary = new ArrayList<>();
    List<Path> text = new ArrayList<>();
    FolderListing listing =
        FolderListing.of(
            folder, file -> isRun(file) || file.getFileName().toString().equals(HISTORY));
    for (Path file : listing.files()) {
      (isRun(file) ? binary : text).add(file);
    }
    if (!binary.isEmpty() || !text.isEmpty()) {
      return binary.isEmpty() ? text : binary;
    }
    Path full = folder.toAbsolutePath().normalize();
    if (full.getFileName() == null || !full.getFileName().toString().equals("files")) {
      return List.of();
    }
    return FolderListing.of(full.getParent(), WandbFormat::isRun).files();
  }

  private static boolean isRun(Path file) {
    return file.getFileName().toString().endsWith(".wandb");
  }

  @Override
  public RowSource open(LogInput input, Cells cells, Faults faults) {
    if (!input.isFolder()) {
      return open(input, input.path() != null && Files.isRegularFile(input.path()), cells, faults);
    }
    List<Path> runs = runs(input.path());
    if (runs.size() != 1) {
      throw new LogException(
          input.name(),
          0,
          LogException.Kind.UNREADABLE,
          Names.several("W&B runs", runs) + " (expected: the folder of one run)");
    }
    LogInput run = LogInput.of(runs.get(0));
    faults.note("read from " + run.name());
    return isRun(runs.get(0))
        ? open(run, true, cells, faults)
        : new LookAhead(new JsonlSource(run.text(), faults), cells);
  }

  private static RowSource open(LogInput input, boolean canReadTwice, Cells cells, Faults faults) {
    faults.count("record");
    if (!canReadTwice) {
      return new LookAhead(
          new WandbSource(input.bytes(), input.name(), cells, faults, false), cells);
    }
    try (LogInput again = LogInput.of(input.path());
        InputStream in = again.bytes()) {
      // The names of all columns, wherever they turn up.
      WandbSource first = new WandbSource(in, input.name(), cells, new Faults(input.name()), true);
      while (first.next(cells)) {
        cells.clear();
      }
    } catch (IOException e) {
      throw new LogException(
          input.name(), 0, LogException.Kind.UNREADABLE, "cannot be read: " + e.getMessage());
    }
    return new WandbSource(input.bytes(), input.name(), cells, faults, true);
  }
}
