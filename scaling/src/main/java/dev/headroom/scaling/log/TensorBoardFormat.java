package dev.headroom.scaling.log;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads TensorBoard event files: one, or all below a folder as one run.
 *
 * <p>A series of a folder below is named by it, such as {@code eval/loss}; what all folders have in
 * common is left off. The files are gone through twice, first for what they hold.
 */
final class TensorBoardFormat implements LogFormat {
  private static final int MOST_FILES = 10_000;
  private static final int MOST_OPEN = 256;

  @Override
  public String name() {
    return "TensorBoard events";
  }

  @Override
  public boolean recognises(LogInput input) {
    return input.isFolder()
        ? !listing(input.path()).files().isEmpty()
        : TfRecords.begins(input.head());
  }

  /** Lists the event files; TensorBoard too knows them by this part of their name. */
  private static FolderListing listing(Path folder) {
    return FolderListing.of(folder, file -> file.getFileName().toString().contains("tfevents"));
  }

  @Override
  public RowSource open(LogInput input, Cells cells, Faults faults) {
    faults.count("record");
    if (input.isFolder()) {
      FolderListing listing = listing(input.path());
      listing.tell(faults);
      return new Opener(input.name(), cells, faults).open(listing.files());
    }
    if (input.path() != null && Files.isRegularFile(input.path())) {
      return new Opener(input.name(), cells, faults).open(List.of(input.path()));
    }
    EventColumns columns = new EventColumns(cells, "", faults);
    EventFile file =
        new EventFile(
            input.name(), input::bytes, faults, columns, EventPurge.nothing(), Long.MIN_VALUE);
    return new LookAhead(new StepMerge(input.name(), List.of(file), Map.of(), 1), cells);
  }

  /** Opens the files of one run. */
  private static final class Opener {
    private final String name;
    private final Cells cells;
    private final Faults faults;
    private final List<EventFile> files = new ArrayList<>();
    private final SeriesLoss loss = new SeriesLoss();
    private final long[] purged = new long[2];
    private boolean anyEvents;

    Opener(String name, Cells cells, Faults faults) {
      this.name = name;
      this.cells = cells;
      this.faults = faults;
    }

    RowSource open(List<Path> paths) {
      if (paths.size() > MOST_FILES) {
        throw new LogException(
            name,
            0,
            LogException.Kind.UNREADABLE,
            paths.size() + " event files (expected: the folder of one run)");
      }
      Map<Path, List<Path>> folders = new LinkedHashMap<>();
      for (Path path : paths) {
        folders.computeIfAbsent(path.getParent(), f -> new ArrayList<>()).add(path);
      }
      Path top = common(folders.keySet());
      for (Map.Entry<Path, List<Path>> e : folders.entrySet()) {
        folder(top == null ? "" : prefix(top, e.getKey()), e.getValue());
      }
      if (!anyEvents) {
        throw new LogException(
            name,
            0,
            LogException.Kind.MALFORMED,
            "records that are no TensorBoard events (expected: event files with scalars)");
      }
      loss.tell(faults);
      return new EventRows(
          new StepMerge(name, files, Map.of(), MOST_OPEN), loss.columns(), purged, faults);
    }

    private void folder(String prefix, List<Path> paths) {
      EventColumns columns = new EventColumns(cells, prefix, faults);
      List<EventScan> scans = new ArrayList<>();
      for (Path path : paths) {
        scans.add(scan(path));
      }
      EventPurge[] purges = EventPurge.of(scans, purged);
      for (int i = 0; i < scans.size(); i++) {
        EventScan scan = scans.get(i);
        anyEvents |= scan.isEvents;
        for (Map.Entry<String, EventScan.Series> e : scan.series.entrySet()) {
          if (columns.add(e.getKey(), 0) >= 0) {
            loss.see(columns.name(e.getKey()), e.getValue().values, e.getValue().least);
          }
        }
        Path path = paths.get(i);
        files.add(
            new EventFile(
                path.toString(), () -> stream(path), faults, columns, purges[i], scan.firstStep));
      }
    }

    private static EventScan scan(Path path) {
      try (InputStream in = stream(path)) {
        return EventScan.of(in, path.toString());
      } catch (IOException e) {
        throw new LogException(
            path.toString(), 0, LogException.Kind.UNREADABLE, "cannot be read: " + e.getMessage());
      }
    }

    private static InputStream stream(Path path) {
      return LogInput.of(path).bytes();
    }

    private static Path common(Iterable<Path> folders) {
      Path out = null;
      for (Path folder : folders) {
        out = out == null ? folder : out;
        while (out != null && !folder.startsWith(out)) {
          out = out.getParent();
        }
      }
      return out;
    }

    private static String prefix(Path top, Path folder) {
      StringBuilder out = new StringBuilder();
      for (Path part : top.relativize(folder)) {
        out.append(part.toString().isEmpty() ? "" : part + "/");
      }
      return out.toString();
    }
  }
}
