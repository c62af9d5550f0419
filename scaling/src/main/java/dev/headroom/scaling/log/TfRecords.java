package dev.headroom.scaling.log;

import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.zip.CRC32C;

/**
 * Reads the records of a TFRecord file one after another.
 *
 * <p>A record is its length (8 bytes, little-endian), the masked CRC32C of these 8 bytes, the
 * payload and the masked CRC32C of the payload; {@code masked = rotateRight(crc, 15) + 0xa282ead8}.
 * A wrong checksum of the payload costs this record; a wrong checksum of the length costs the rest
 * of the file, because where the next record begins is unknown then. A record longer than 64 MiB is
 * passed over. Memory: the longest record met, and never more than was read of it.
 */
final class TfRecords {
  /** Longest record that is read; pictures and graphs may be longer, scalars never are. */
  static final int LONGEST = 1 << 26;

  private static final int HEADER = 12;

  private final InputStream in;
  private final String name;
  private final Faults faults;
  private final byte[] frame = new byte[HEADER];
  private final CRC32C crc = new CRC32C();
  private byte[] payload = new byte[1 << 10];
  private int length;
  private long records;
  private long bytesRead;

  TfRecords(InputStream in, String name, Faults faults) {
    this.in = in;
    this.name = name;
    this.faults = faults;
  }

  /** Says whether a file begins with the frame of a record. */
  static boolean begins(byte[] head) {
    return head.length >= HEADER
        && masked(new CRC32C(), head, 8) == (int) ProtoReader.little(head, 8, 4);
  }

  private static int masked(CRC32C crc, byte[] bytes, int length) {
    crc.reset();
    crc.update(bytes, 0, length);
    return Integer.rotateRight((int) crc.getValue(), 15) + 0xa282ead8;
  }

  /** Loads the next good record, or returns false at the end. */
  boolean next() throws IOException {
    while (true) {
      int got = in.readNBytes(frame, 0, HEADER);
      if (got == 0) {
        return false;
      }
      records++;
      long start = bytesRead;
      bytesRead += got;
      if (got < HEADER) {
        cut(start);
        return false;
      }
      long claimed = ProtoReader.little(frame, 0, 8);
      if (masked(crc, frame, 8) != (int) ProtoReader.little(frame, 8, 4)) {
        faults.malformed(
            "record length with a wrong checksum, so that the rest of the file is lost",
            records,
            "at byte " + start);
        return false;
      }
      if (claimed < 0 || claimed > LONGEST) {
        faults.malformed(
            "record longer than 64 MiB", records, Long.toUnsignedString(claimed) + " bytes");
        if (!skip(claimed)) {
          cut(start);
          return false;
        }
      } else if (!load((int) claimed)) {
        cut(start);
        return false;
      } else if (good()) {
        return true;
      } else {
        faults.malformed("record with a wrong checksum", records, "at byte " + start);
      }
    }
  }

  /** Reads a payload and its checksum; the array grows with what is there, not what is claimed. */
  private boolean load(int claimed) throws IOException {
    length = claimed;
    int whole = claimed + 4;
    int have = 0;
    while (have < whole) {
      int room = Math.min(whole, Math.max(1 << 16, 2 * have));
      if (payload.length < room) {
        payload = Arrays.copyOf(payload, room);
      }
      int got = in.readNBytes(payload, have, Math.min(whole, payload.length) - have);
      bytesRead += got;
      have += got;
      if (have < Math.min(whole, payload.length)) {
        return false;
      }
    }
    return true;
  }

  private boolean good() {
    return masked(crc, payload, length) == (int) ProtoReader.little(payload, length, 4);
  }

  private boolean skip(long claimed) throws IOException {
    if (claimed < 0 || claimed > Long.MAX_VALUE - 4) {
      return false;
    }
    for (long left = claimed + 4; left > 0; ) {
      int got = in.readNBytes(payload, 0, (int) Math.min(payload.length, left));
      bytesRead += got;
      left -= got;
      if (got == 0) {
        return false;
      }
    }
    return true;
  }

  private void cut(long start) {
    faults.note(
        "the last record is cut and was left out ("
            + name
            + ", record "
            + records
            + " at byte "
            + start
            + ")");
  }

  /** Returns the array that begins with the record just loaded; the next one overwrites it. */
  byte[] payload() {
    return payload;
  }

  int length() {
    return length;
  }

  /** Returns the number of the record just loaded, from 1. */
  long number() {
    return records;
  }
}
