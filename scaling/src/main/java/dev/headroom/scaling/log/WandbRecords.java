package dev.headroom.scaling.log;

import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.zip.CRC32;

/**
 * Reads the records of a W&amp;B {@code run-*.wandb} file one after another.
 *
 * <p>The file begins with {@code :W&B}, 0xBEE1 (little-endian) and a version. It is a log of blocks
 * of 32 KiB as LevelDB writes it: a chunk is CRC-32 (4 bytes, little-endian), length (2 bytes),
 * type (1 full, 2 first, 3 middle, 4 last) and payload; less than 7 bytes at a block's end are
 * zeros. The checksum is the plain CRC-32 of zip, not LevelDB's masked CRC32C, and covers type and
 * payload.
 *
 * <p>A chunk with a wrong checksum or an impossible length costs the rest of its block; reading
 * goes on at the next block with the next record that begins there. A record longer than 64 MiB is
 * passed over. Memory: the longest record met and one block.
 */
final class WandbRecords {
  static final int BLOCK = 1 << 15;
  static final int HEADER = 7;

  private static final int FULL = 1;
  private static final int FIRST = 2;
  private static final int LAST = 4;
  private static final int LONGEST = 1 << 26;

  private final InputStream in;
  private final String name;
  private final Faults faults;
  private final CRC32 crc = new CRC32();
  private final byte[] block = new byte[BLOCK];
  private long blocks;
  private int filled;
  private int at;
  private byte[] record = new byte[1 << 12];
  private int length;
  private boolean inside;
  private boolean tooLong;
  private long records;

  /**
   * Begins to read.
   *
   * @throws LogException if the version is not 0
   */
  WandbRecords(InputStream in, String name, Faults faults) throws IOException {
    this.in = in;
    this.name = name;
    this.faults = faults;
    fill();
    if (filled < HEADER || !begins(block)) {
      throw new LogException(
          name, 0, LogException.Kind.UNREADABLE, "no W&B run file (expected: :W&B and 0xBEE1)");
    }
    if (block[6] != 0) {
      throw new LogException(
          name,
          0,
          LogException.Kind.UNREADABLE,
          "W&B run file of version " + block[6] + " (expected: 0; export the history as CSV)");
    }
    at = HEADER;
  }

  /** Says whether a file begins as a W&amp;B run file does. */
  static boolean begins(byte[] head) {
    return head.length >= HEADER
        && head[0] == ':'
        && head[1] == 'W'
        && head[2] == '&'
        && head[3] == 'B'
        && ProtoReader.little(head, 4, 2) == 0xbee1;
  }

  private boolean fill() throws IOException {
    at = 0;
    filled = in.readNBytes(block, 0, BLOCK);
    blocks++;
    return filled > 0;
  }

  /** Loads the next good record, or returns false at the end. */
  boolean next() throws IOException {
    while (true) {
      if (BLOCK - at < HEADER && !fill()) {
        return end(inside);
      }
      if (filled - at < HEADER) {
        return end(inside || filled > at);
      }
      int type = block[at + 6];
      int size = (int) ProtoReader.little(block, at + 4, 2);
      if (at + HEADER + size > filled && filled < BLOCK) {
        return end(true);
      }
      if (at + HEADER + size > BLOCK || type < FULL || type > LAST || !good(size)) {
        damaged();
      } else if (take(type, size)) {
        return true;
      }
    }
  }

  private boolean good(int size) {
    crc.reset();
    crc.update(block, at + 6, size + 1);
    return (int) crc.getValue() == (int) ProtoReader.little(block, at, 4);
  }

  private void damaged() {
    faults.malformed(
        "damaged block of records",
        records + 1,
        "at byte " + ((blocks - 1) * BLOCK + at) + ", the rest of its 32 KiB is lost");
    inside = false;
    at = filled;
  }

  /** Adds a chunk to the record; returns true when it is whole. */
  private boolean take(int type, int size) {
    boolean begins = type == FULL || type == FIRST;
    if (begins) {
      length = 0;
      tooLong = false;
    }
    boolean lost = !begins && !inside;
    if (!lost && length + size > LONGEST) {
      tooLong = true;
    }
    if (!lost && !tooLong) {
      if (record.length < length + size) {
        record = Arrays.copyOf(record, Math.max(2 * record.length, length + size));
      }
      System.arraycopy(block, at + HEADER, record, length, size);
      length += size;
    }
    at += HEADER + size;
    boolean ends = type == FULL || type == LAST;
    inside = !lost && !ends;
    if (lost || !ends) {
      return false;
    }
    records++;
    if (tooLong) {
      faults.malformed("record longer than 64 MiB", records, "more than " + length + " bytes");
      return false;
    }
    return true;
  }

  private boolean end(boolean isCut) {
    if (isCut) {
      faults.note(
          "the last record is cut and was left out (" + name + ", record " + (records + 1) + ")");
    }
    at = filled;
    inside = false;
    return false;
  }

  /** Returns the array that begins with the record just loaded; the next one overwrites it. */
  byte[] record() {
    return record;
  }

  int length() {
    return length;
  }

  /** Returns the number of the record just loaded, from 1. */
  long number() {
    return records;
  }
}
