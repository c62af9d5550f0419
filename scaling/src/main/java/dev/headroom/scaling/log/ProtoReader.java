package dev.headroom.scaling.log;

import java.io.IOException;
import java.nio.charset.StandardCharsets;

/**
 * Walks the fields of one protobuf message that lies in a byte array.
 *
 * <p>Nothing is copied and nothing is allocated for a length that the message claims: a field that
 * reaches past the message's end is refused. Source: the wire format of Protocol Buffers.
 */
final class ProtoReader {
  private final byte[] bytes;
  private final int end;
  private int at;
  private int field;
  private int wire;
  private long bits;
  private int from;
  private int to;

  ProtoReader(byte[] bytes, int from, int to) {
    this.bytes = bytes;
    this.at = from;
    this.end = to;
  }

  /**
   * Goes to the next field; returns false at the end of the message.
   *
   * @throws IOException if the message is no protobuf
   */
  boolean next() throws IOException {
    if (at == end) {
      return false;
    }
    long tag = varint();
    field = (int) (tag >>> 3);
    wire = (int) tag & 7;
    if (field <= 0 || tag >>> 32 != 0) {
      throw new IOException("field number " + (tag >>> 3));
    }
    switch (wire) {
      case 0 -> bits = varint();
      case 1 -> bits = fixed(8);
      case 2 -> slice();
      case 5 -> bits = fixed(4);
      default -> throw new IOException("wire type " + wire);
    }
    return true;
  }

  private void slice() throws IOException {
    long length = varint();
    if (length < 0 || length > end - at) {
      throw new IOException("a field of " + Long.toUnsignedString(length) + " bytes is cut");
    }
    from = at;
    to = at + (int) length;
    at = to;
  }

  private long varint() throws IOException {
    long out = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      if (at == end) {
        throw new IOException("a number is cut");
      }
      byte b = bytes[at++];
      out |= (long) (b & 0x7f) << shift;
      if (b >= 0) {
        return out;
      }
    }
    throw new IOException("a number of more than 10 bytes");
  }

  private long fixed(int width) throws IOException {
    if (end - at < width) {
      throw new IOException("a number is cut");
    }
    at += width;
    return little(bytes, at - width, width);
  }

  /** Returns the little-endian number of some bytes. */
  static long little(byte[] bytes, int from, int width) {
    long out = 0;
    for (int i = width - 1; i >= 0; i--) {
      out = out << 8 | (bytes[from + i] & 0xff);
    }
    return out;
  }

  /** Returns the number of the field just met. */
  int field() {
    return field;
  }

  /** Says whether the field just met has this number and this wire type. */
  boolean is(int number, int type) {
    return field == number && wire == type;
  }

  /** Says whether the field just met is a string, bytes, a message or packed numbers. */
  boolean isSlice() {
    return wire == 2;
  }

  /** Returns a varint, or the bits of a fixed number. */
  long bits() {
    return bits;
  }

  double asDouble() {
    return Double.longBitsToDouble(bits);
  }

  float asFloat() {
    return Float.intBitsToFloat((int) bits);
  }

  int from() {
    return from;
  }

  int to() {
    return to;
  }

  /** Returns the little-endian number of the first bytes of the field just met. */
  long little(int width) {
    return little(bytes, from, width);
  }

  String text() {
    return new String(bytes, from, to - from, StandardCharsets.UTF_8);
  }

  /** Returns a reader of the message in the field just met. */
  ProtoReader inner() {
    return new ProtoReader(bytes, from, to);
  }

  /** Returns the first varint of a field that holds one, or several packed. */
  long firstVarint() throws IOException {
    return wire == 2 ? new ProtoReader(bytes, from, to).varint() : bits;
  }

  /** Returns the first fixed number of a field that holds one, or several packed. */
  long firstFixed(int width) throws IOException {
    return wire == 2 ? new ProtoReader(bytes, from, to).fixed(width) : bits;
  }
}
