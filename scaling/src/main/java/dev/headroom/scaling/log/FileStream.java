package dev.headroom.scaling.log;

import java.io.FileInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** The bytes of a file as long as it was when it was opened, though it grow. */
final class FileStream extends FilterInputStream {
  private static final int PIPE_SECONDS = 10;

  private long left;

  private FileStream(InputStream in, long size) {
    super(in);
    left = size;
  }

  /** Opens a file; what has no size (a pipe, a file of the system) is read to its end. */
  static InputStream open(Path path) throws IOException {
    if (Files.isRegularFile(path)) {
      long size = Files.size(path);
      InputStream in = Files.newInputStream(path);
      return size == 0 ? in : new FileStream(in, size);
    }
    if (!Files.exists(path)) {
      throw new NoSuchFileException(path.toString());
    }
    return pipe(path);
  }

  /** Opens a pipe, which waits for its writer, here not for ever. */
  private static InputStream pipe(Path path) throws IOException {
    CompletableFuture<InputStream> opening = new CompletableFuture<>();
    Thread opener = new Thread(() -> open(path, opening), "opens a pipe");
    opener.setDaemon(true);
    opener.start();
    try {
      return opening.get(PIPE_SECONDS, TimeUnit.SECONDS);
    } catch (TimeoutException e) {
      throw new IOException("nobody wrote to this pipe for " + PIPE_SECONDS + " s", e);
    } catch (ExecutionException e) {
      throw new IOException(e.getCause().getMessage(), e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }

  private static void open(Path path, CompletableFuture<InputStream> opening) {
    try {
      opening.complete(new FileInputStream(path.toFile()));
    } catch (IOException e) {
      opening.completeExceptionally(e);
    }
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] out, int off, int len) throws IOException {
    if (left == 0 && len > 0) {
      return -1;
    }
    int n = super.read(out, off, (int) Math.min(len, left));
    left -= Math.max(0, n);
    return n;
  }
}
