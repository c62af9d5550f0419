package dev.headroom.scaling.log;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.CRC32;

/** Writes W&amp;B run files for tests, apart from the code that reads them. */
final class WandbWriter {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  WandbWriter() {
    out.writeBytes(new byte[] {':', 'W', '&', 'B', (byte) 0xe1, (byte) 0xbe, 0});
  }

  static ProtoWriter item(String value, String... keys) {
    ProtoWriter out = new ProtoWriter();
    for (String key : keys) {
      out.text(keys.length == 1 ? 1 : 2, key);
    }
    return out.text(16, value);
  }

  WandbWriter history(ProtoWriter... items) {
    return record(new ProtoWriter().message(2, message(items)));
  }

  WandbWriter run(String id, ProtoWriter... config) {
    ProtoWriter run = new ProtoWriter().text(1, id).message(4, message(config));
    return record(new ProtoWriter().message(17, run));
  }

  static ProtoWriter message(ProtoWriter... items) {
    ProtoWriter out = new ProtoWriter();
    for (ProtoWriter item : items) {
      out.message(1, item);
    }
    return out;
  }

  WandbWriter record(ProtoWriter record) {
    byte[] bytes = record.toBytes();
    int from = 0;
    boolean first = true;
    do {
      int left = 32768 - out.size() % 32768;
      if (left < 7) {
        out.writeBytes(new byte[left]);
        left = 32768;
      }
      int size = Math.min(left - 7, bytes.length - from);
      boolean last = from + size == bytes.length;
      chunk(bytes, from, size, first ? (last ? 1 : 2) : (last ? 4 : 3));
      from += size;
      first = false;
    } while (from < bytes.length);
    return this;
  }

  private void chunk(byte[] bytes, int from, int size, int type) {
    CRC32 crc = new CRC32();
    crc.update(type);
    crc.update(bytes, from, size);
    ByteBuffer header = ByteBuffer.allocate(7).order(ByteOrder.LITTLE_ENDIAN);
    header.putInt((int) crc.getValue()).putShort((short) size).put((byte) type);
    out.writeBytes(header.array());
    out.write(bytes, from, size);
  }

  int size() {
    return out.size();
  }

  byte[] toBytes() {
    return out.toByteArray();
  }
}
