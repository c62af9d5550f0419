package dev.headroom.head.training;

import com.sun.jna.Pointer;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.zip.CRC32C;

/** Writes texts, numbers and float arrays with a running checksum. */
final class CheckpointWriter implements Closeable {
  static final long MAGIC = 0x3230_5450_4b43_5248L; // "HRCKPT02" in little-endian order
  static final int PIECE = 1 << 24;

  private final FileChannel channel;
  private final CRC32C crc = new CRC32C();

  CheckpointWriter(Path file) throws IOException {
    channel =
        FileChannel.open(
            file,
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING,
            StandardOpenOption.WRITE);
    number(MAGIC);
  }

  void number(long value) throws IOException {
    put(ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(value).flip());
  }

  void text(String text) throws IOException {
    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
    number(utf8.length);
    put(ByteBuffer.wrap(utf8));
  }

  /** Writes floats from plain memory, in the machine's order, which is little-endian. */
  void floats(Pointer from, long count) throws IOException {
    for (long at = 0; at < 4 * count; at += PIECE) {
      put(from.getByteBuffer(at, Math.min(PIECE, 4 * count - at)));
    }
  }

  private void put(ByteBuffer bytes) throws IOException {
    crc.update(bytes.duplicate());
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }

  /** Writes the checksum and forces everything to disk. */
  void finish() throws IOException {
    long sum = crc.getValue();
    number(sum);
    channel.force(true);
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
