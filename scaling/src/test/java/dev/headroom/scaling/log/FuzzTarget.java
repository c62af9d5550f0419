package dev.headroom.scaling.log;

import com.sun.management.ThreadMXBean;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.zip.GZIPInputStream;

/**
 * One thing that reads what others wrote, and what it may do with any bytes at all: succeed, or
 * refuse them by a {@link LogException} or an {@link IllegalArgumentException} that says why,
 * within bounds of time and memory.
 *
 * @param name name of the target and of the folder of its corpus
 * @param seeds inputs to start from, beside those of the corpus
 * @param reader what is called
 */
record FuzzTarget(String name, List<byte[]> seeds, Reader reader) {
  private static final long MOST_SECONDS = 10;
  private static final long MOST_BYTES = 96L << 20;
  private static final long MOST_BYTES_INSTRUMENTED = 512L << 20;
  private static final long MOST_BYTES_A_BYTE = 4096;

  /** What is called with each input. */
  interface Reader {
    void read(byte[] data) throws IOException;
  }

  /** Calls the reader; throws {@link AssertionError} where it breaks a promise. */
  void feed(byte[] data) {
    feed(data, MOST_BYTES);
  }

  /** The same under Jazzer, which allocates too when it instruments a class on its first use. */
  void feedInstrumented(byte[] data) {
    feed(data, MOST_BYTES_INSTRUMENTED);
  }

  private void feed(byte[] data, long mostBytes) {
    ThreadMXBean thread = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long bytes = thread.getCurrentThreadAllocatedBytes();
    long nanos = thread.getCurrentThreadCpuTime();
    try {
      reader.read(data);
    } catch (LogException | IllegalArgumentException e) {
      boolean leaked =
          !(e instanceof LogException) && e.getClass() != IllegalArgumentException.class;
      if (leaked || e.getMessage() == null || e.getMessage().isBlank()) {
        throw new AssertionError(name + ": " + e + " (expected: a refusal in words)", e);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    nanos = thread.getCurrentThreadCpuTime() - nanos;
    bytes = thread.getCurrentThreadAllocatedBytes() - bytes;
    if (nanos > MOST_SECONDS * 1_000_000_000L) {
      throw new AssertionError(
          name + ": " + nanos / 1_000_000 + " ms for " + data.length + " bytes");
    }
    if (bytes > mostBytes + MOST_BYTES_A_BYTE * unpacked(data)) {
      throw new AssertionError(name + ": " + bytes + " bytes allocated for " + data.length);
    }
  }

  /** Counts the bytes that gzip data unpack to; other data as they are. */
  private static long unpacked(byte[] data) {
    long size = data.length;
    try (InputStream in = new GZIPInputStream(new ByteArrayInputStream(data))) {
      size += in.transferTo(java.io.OutputStream.nullOutputStream());
    } catch (IOException e) {
      return size;
    }
    return size;
  }

  @Override
  public String toString() {
    return name;
  }
}
