package dev.headroom.scaling.log;

import java.io.IOException;
import java.nio.file.FileVisitOption;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;

/**
 * Lists the files below a folder that something is wanted of, in the order of their paths.
 *
 * <p>Looks at {@value #MOST_LOOKED_AT} files and {@value #DEEPEST} levels at most; links are not
 * followed below the folder itself.
 */
final class FolderListing extends SimpleFileVisitor<Path> {
  static final int MOST_LOOKED_AT = 100_000;
  static final int DEEPEST = 8;

  private final Predicate<Path> wanted;
  private final List<Path> found = new ArrayList<>();
  private int looked;
  private boolean complete = true;

  private FolderListing(Predicate<Path> wanted) {
    this.wanted = wanted;
  }

  /** Looks through a folder. */
  static FolderListing of(Path folder, Predicate<Path> wanted) {
    FolderListing out = new FolderListing(wanted);
    try {
      Path real = folder.toRealPath();
      Set<FileVisitOption> followNoLinks = EnumSet.noneOf(FileVisitOption.class);
      Files.walkFileTree(real, followNoLinks, DEEPEST, out);
      out.found.replaceAll(file -> folder.resolve(real.relativize(file)));
    } catch (IOException e) {
      throw new LogException(
          folder.toString(),
          0,
          LogException.Kind.UNREADABLE,
          "cannot be listed: " + e.getMessage());
    }
    Collections.sort(out.found);
    return out;
  }

  @Override
  public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
    if (++looked > MOST_LOOKED_AT) {
      complete = false;
      return FileVisitResult.TERMINATE;
    }
    if (attributes.isRegularFile() && wanted.test(file)) {
      found.add(file);
    }
    return FileVisitResult.CONTINUE;
  }

  @Override
  public FileVisitResult visitFileFailed(Path file, IOException e) {
    return FileVisitResult.CONTINUE;
  }

  List<Path> files() {
    return found;
  }

  /** Notes where the folder holds more files than were looked at. */
  void tell(Faults faults) {
    if (!complete) {
      faults.note("only the first " + MOST_LOOKED_AT + " files of the folder were looked at");
    }
  }
}
