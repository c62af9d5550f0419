package dev.headroom.head.training;

import com.sun.jna.Pointer;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.zip.CRC32C;

/** Reads what {@link CheckpointWriter} wrote; never trusts a length that the file cannot hold. */
final class CheckpointReader implements Closeable {
  private final Path file;
  private final FileChannel channel;

  CheckpointReader(Path file) throws IOException {
    this.file = file;
    channel = FileChannel.open(file, StandardOpenOption.READ);
    try {
      if (channel.size() < 8 || number() != CheckpointWriter.MAGIC) {
        throw new IOException(file + ": not a checkpoint of this version of Headroom");
      }
    } catch (IOException e) {
      channel.close();
      throw e;
    }
  }

  /** Checks the checksum of a whole file. */
  static void verify(Path file) throws IOException {
    try (CheckpointReader in = new CheckpointReader(file)) {
      in.channel.position(0);
      long left = in.channel.size() - 8;
      CRC32C crc = new CRC32C();
      ByteBuffer buffer = ByteBuffer.allocateDirect(CheckpointWriter.PIECE);
      while (left > 0) {
        buffer.clear().limit((int) Math.min(buffer.capacity(), left));
        in.fill(buffer);
        left -= buffer.limit();
        crc.update(buffer.flip());
      }
      if (left < 0 || in.number() != crc.getValue()) {
        throw new IOException(file + ": damaged: its checksum does not agree with its content");
      }
    }
  }

  long number() throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
    fill(bytes);
    return bytes.getLong(0);
  }

  String text() throws IOException {
    long length = number();
    if (length < 0 || length > channel.size() - channel.position()) {
      throw new IOException(file + ": damaged: a text of " + length + " bytes");
    }
    ByteBuffer bytes = ByteBuffer.allocate((int) length);
    fill(bytes);
    return new String(bytes.array(), StandardCharsets.UTF_8);
  }

  void floats(Pointer to, long count) throws IOException {
    for (long at = 0; at < 4 * count; at += CheckpointWriter.PIECE) {
      fill(to.getByteBuffer(at, Math.min(CheckpointWriter.PIECE, 4 * count - at)));
    }
  }

  private void fill(ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      if (channel.read(bytes) < 0) {
        throw new EOFException(file + ": damaged: it ends too early");
      }
    }
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
