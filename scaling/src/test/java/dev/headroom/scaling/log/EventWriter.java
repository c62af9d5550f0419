package dev.headroom.scaling.log;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.CRC32C;

/** Writes TensorBoard event files for tests, apart from the code that reads them. */
final class EventWriter {
  static final double TIME = 1.7e9;

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  /** Begins with the version record that every writer writes. */
  EventWriter() {
    record(new ProtoWriter().fixed64(1, TIME).text(3, "brain.Event:2"));
  }

  static ProtoWriter scalar(String tag, double value) {
    return new ProtoWriter().text(1, tag).fixed32(2, (float) value);
  }

  EventWriter scalar(long step, String tag, double value) {
    return values(step, scalar(tag, value));
  }

  EventWriter tensor(long step, String tag, ProtoWriter tensor) {
    return values(step, new ProtoWriter().text(1, tag).message(8, tensor));
  }

  EventWriter values(long step, ProtoWriter... values) {
    ProtoWriter summary = new ProtoWriter();
    for (ProtoWriter value : values) {
      summary.message(1, value);
    }
    return record(event(step).message(5, summary));
  }

  EventWriter start(long step) {
    return record(event(step).message(7, new ProtoWriter().varint(1, 1)));
  }

  private static ProtoWriter event(long step) {
    ProtoWriter event = new ProtoWriter().fixed64(1, TIME + step);
    return step == 0 ? event : event.varint(2, step);
  }

  EventWriter record(ProtoWriter event) {
    return record(event.toBytes());
  }

  EventWriter record(byte[] payload) {
    frame(payload.length);
    out.writeBytes(payload);
    crc(payload);
    return this;
  }

  /** Writes a length and its checksum, and no payload. */
  EventWriter frame(long length) {
    byte[] bytes = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(length).array();
    out.writeBytes(bytes);
    crc(bytes);
    return this;
  }

  private void crc(byte[] bytes) {
    CRC32C crc = new CRC32C();
    crc.update(bytes);
    long value = crc.getValue();
    int masked = (int) ((value >>> 15 | value << 17) + 0xa282ead8L);
    out.writeBytes(ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(masked).array());
  }

  byte[] toBytes() {
    return out.toByteArray();
  }

  Path to(Path folder, String name) throws IOException {
    Files.createDirectories(folder);
    return Files.write(folder.resolve("events.out.tfevents." + name), toBytes());
  }
}
