package dev.headroom.scaling.check.baseline;

import dev.headroom.scaling.log.ColumnMap;
import dev.headroom.scaling.log.LogException;
import dev.headroom.scaling.log.LogReader;
import dev.headroom.scaling.log.Run;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/**
 * A folder of golden runs: one canonical log each, and {@value #MANIFEST}, which holds their
 * hashes.
 *
 * <p>A golden run is named after the hash of its log, so that none is replaced silently, and read
 * only while the hash is right. Logs and manifest take their names when they are complete; adding
 * and removing hold a lock on the folder. Faults are {@link LogException}s with the file.
 */
public final class BaselineFolder {
  /** Name of the manifest. */
  public static final String MANIFEST = "baseline.json";

  static final String ENDING = ".jsonl";
  private static final int NAME_LENGTH = 12;

  private final Path folder;
  private final Manifest manifest;

  private BaselineFolder(Path folder, Manifest manifest) {
    this.folder = folder;
    this.manifest = manifest;
  }

  /** Says whether a path is a folder with a manifest. */
  public static boolean isBaseline(Path folder) {
    return Files.isRegularFile(folder.resolve(MANIFEST));
  }

  /**
   * Opens a baseline.
   *
   * @throws LogException if there is none, or its manifest is no manifest
   */
  public static BaselineFolder open(Path folder) {
    if (!isBaseline(folder)) {
      throw fault(
          folder,
          Files.isDirectory(folder)
              ? "no " + MANIFEST + " in it (expected: a baseline; headroom baseline add makes one)"
              : "no such folder (expected: a baseline; headroom baseline add makes one)");
    }
    return new BaselineFolder(folder, Manifest.read(folder.resolve(MANIFEST)));
  }

  /** Returns the name of the case, empty where none was given. */
  public String caseName() {
    return manifest.caseName();
  }

  /** Returns what the manifest says of the golden runs, in the order they were added. */
  public List<Golden> golden() {
    return manifest.golden();
  }

  /**
   * Reads the golden runs.
   *
   * @throws LogException if there is none, or a log is missing or not what was added
   */
  public List<GoldenRun> read() {
    if (manifest.golden().isEmpty()) {
      throw fault(folder, "no golden run in it (expected: one; headroom baseline add adds them)");
    }
    List<GoldenRun> out = new ArrayList<>();
    for (Golden golden : manifest.golden()) {
      out.add(new GoldenRun(run(golden), golden.hardware()));
    }
    return out;
  }

  /** Reads one golden run after checking its hash. */
  public Run run(Golden golden) {
    Path file = folder.resolve(golden.file());
    byte[] bytes;
    try {
      bytes = Files.readAllBytes(file);
    } catch (IOException e) {
      throw fault(
          file,
          "the golden run is gone or cannot be read (expected: the file that was added; restore"
              + " it, or headroom baseline remove "
              + folder
              + " "
              + golden.id()
              + ")");
    }
    String hash = hash(bytes);
    if (!hash.equals(golden.sha256())) {
      throw fault(
          file,
          "sha256 "
              + hash.substring(0, NAME_LENGTH)
              + "... (expected: "
              + golden.sha256().substring(0, NAME_LENGTH)
              + "...; the golden run was changed on disk: restore it, or remove it and add the new"
              + " one)");
    }
    return LogReader.readRun(file, ColumnMap.none());
  }

  /**
   * Adds a run, and makes the folder where it is missing.
   *
   * @param folder the folder
   * @param run the run
   * @param hardware hardware class, empty for not stated
   * @param caseName name of the case; empty to keep the one there
   * @param version version of Headroom
   * @return what the manifest now says of it
   * @throws IllegalArgumentException if a loss is not finite, the run is in the baseline already,
   *     or the folder is of another case
   * @throws LogException if the folder holds other things than a baseline
   */
  public static Golden add(Path folder, Run run, String hardware, String caseName, String version) {
    requireGood(run);
    byte[] bytes = GoldenText.of(run, version).getBytes(StandardCharsets.UTF_8);
    String hash = hash(bytes);
    int last = run.size() - 1;
    Golden golden =
        new Golden(
            hash.substring(0, NAME_LENGTH) + ENDING,
            hash,
            run.name(),
            hardware,
            version,
            run.size(),
            run.step()[last],
            run.loss()[last],
            run.settings());
    return FolderLock.hold(folder, () -> add(folder, golden, bytes, caseName));
  }

  private static Golden add(Path folder, Golden golden, byte[] bytes, String caseName)
      throws IOException {
    Manifest before =
        isBaseline(folder) ? open(folder).manifest : new Manifest(caseName, List.of());
    if (!caseName.isEmpty() && !caseName.equals(before.caseName())) {
      throw new IllegalArgumentException(
          "case: "
              + caseName
              + " (expected: "
              + before.caseName()
              + ", the case of "
              + folder
              + ")");
    }
    for (Golden other : before.golden()) {
      if (other.sha256().equals(golden.sha256())) {
        throw new IllegalArgumentException(
            golden.source()
                + ": in the baseline already, as "
                + other.id()
                + " (expected: another run)");
      }
    }
    write(folder.resolve(golden.file()), bytes);
    List<Golden> more = new ArrayList<>(before.golden());
    more.add(golden);
    new Manifest(before.caseName(), more).write(folder.resolve(MANIFEST));
    return golden;
  }

  /**
   * Removes golden runs, from the manifest first.
   *
   * @param folder the folder
   * @param ids their names as {@code list} shows them
   * @throws IllegalArgumentException if a name is not there; nothing is removed then
   */
  public static void remove(Path folder, List<String> ids) {
    open(folder);
    FolderLock.hold(
        folder,
        () -> {
          Manifest before = open(folder).manifest;
          List<Golden> kept = new ArrayList<>(before.golden());
          List<Golden> gone = new ArrayList<>();
          for (String id : ids) {
            gone.add(named(before, folder, id));
          }
          kept.removeAll(gone);
          new Manifest(before.caseName(), kept).write(folder.resolve(MANIFEST));
          for (Golden golden : gone) {
            Files.deleteIfExists(folder.resolve(golden.file()));
          }
          return null;
        });
  }

  private static Golden named(Manifest manifest, Path folder, String id) {
    return manifest.golden().stream()
        .filter(g -> g.id().equals(id) || g.file().equals(id))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "golden run: "
                        + id
                        + " (expected: one of "
                        + String.join(", ", manifest.golden().stream().map(Golden::id).toList())
                        + " in "
                        + folder
                        + ")"));
  }

  private static void requireGood(Run run) {
    if (run.size() == 0) {
      throw new IllegalArgumentException(run.name() + ": no rows (expected: at least one)");
    }
    for (int i = 0; i < run.size(); i++) {
      if (!(Math.abs(run.loss()[i]) <= Double.MAX_VALUE)) {
        throw new IllegalArgumentException(
            run.name()
                + ": loss "
                + run.loss()[i]
                + " at step "
                + run.step()[i]
                + " (expected: finite losses; a run that failed is no golden run)");
      }
    }
  }

  static void write(Path target, byte[] bytes) throws IOException {
    Path part = target.resolveSibling("." + target.getFileName() + ".part");
    try {
      Files.write(part, bytes);
      try {
        Files.move(part, target, StandardCopyOption.ATOMIC_MOVE);
      } catch (AtomicMoveNotSupportedException e) {
        Files.move(part, target, StandardCopyOption.REPLACE_EXISTING);
      }
    } finally {
      Files.deleteIfExists(part);
    }
  }

  private static String hash(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("SHA-256: every Java has it", e);
    }
  }

  static LogException fault(Path file, String what) {
    return new LogException(file.toString(), 0, LogException.Kind.UNREADABLE, what);
  }
}
