package dev.headroom.scaling.log;

import java.io.IOException;

/**
 * Reads the number of a {@code tensorflow.TensorProto} with one element.
 *
 * <p>The element stands in {@code tensor_content} (little-endian) or in the list of its type
 * ({@code float_val}, ...), where a missing element is zero. Float, double, half, bfloat16, bool
 * and the integers are read; every other type is no scalar.
 */
final class TensorScalar {
  private static final int FLOAT = 1;
  private static final int DOUBLE = 2;
  private static final int INT32 = 3;
  private static final int UINT8 = 4;
  private static final int INT16 = 5;
  private static final int INT8 = 6;
  private static final int INT64 = 9;
  private static final int BOOL = 10;
  private static final int BFLOAT16 = 14;
  private static final int UINT16 = 17;
  private static final int HALF = 19;
  private static final int UINT32 = 22;
  private static final int UINT64 = 23;

  private int type;
  private long elements;
  private boolean fromContent;
  private long content;
  private int contentBytes;
  private long listed;

  /** Reads a tensor; returns false if it is no numeric scalar. */
  boolean parse(ProtoReader in) throws IOException {
    type = 0;
    elements = 1;
    fromContent = false;
    listed = 0;
    while (in.next()) {
      if (in.is(1, 0)) {
        type = (int) in.bits();
      } else if (in.is(2, 2)) {
        elements = elements(in.inner());
      } else if (in.is(4, 2)) {
        fromContent = in.to() > in.from();
        contentBytes = in.to() - in.from();
        content = fromContent ? in.little(Math.min(8, contentBytes)) : 0;
      } else {
        list(in);
      }
    }
    return elements == 1 && width() > 0 && (!fromContent || contentBytes == width());
  }

  private void list(ProtoReader in) throws IOException {
    if (in.isSlice() && in.from() == in.to()) {
      return;
    }
    switch (in.field()) {
      case 5 -> listed = in.firstFixed(4);
      case 6 -> listed = in.firstFixed(8);
      case 7, 10, 11, 13, 16, 17 -> listed = in.firstVarint();
      default -> {
        // version, strings, complex numbers and resources
      }
    }
  }

  private static long elements(ProtoReader in) throws IOException {
    long out = 1;
    while (in.next()) {
      if (in.is(2, 2)) {
        ProtoReader dim = in.inner();
        long size = 0;
        while (dim.next()) {
          size = dim.is(1, 0) ? dim.bits() : size;
        }
        // Sizes other than 1 are no scalar; their product could overflow.
        out = size == 1 ? out : 0;
      }
    }
    return out;
  }

  private int width() {
    return switch (type) {
      case BOOL, UINT8, INT8 -> 1;
      case INT16, UINT16, HALF, BFLOAT16 -> 2;
      case FLOAT, INT32, UINT32 -> 4;
      case DOUBLE, INT64, UINT64 -> 8;
      default -> 0;
    };
  }

  double value() {
    long bits = fromContent ? content : listed;
    return switch (type) {
      case FLOAT -> Float.intBitsToFloat((int) bits);
      case DOUBLE -> Double.longBitsToDouble(bits);
      case HALF -> half((int) bits);
      case BFLOAT16 -> Float.intBitsToFloat((int) bits << 16);
      case INT8 -> (byte) bits;
      case INT16 -> (short) bits;
      case INT32 -> (int) bits;
      case UINT8, BOOL -> bits & 0xff;
      case UINT16 -> bits & 0xffff;
      case UINT32 -> bits & 0xffff_ffffL;
      case UINT64 -> (bits >>> 1) * 2.0 + (bits & 1);
      default -> bits;
    };
  }

  /** Returns the value of an IEEE half: 1 sign bit, 5 exponent bits, 10 fraction bits. */
  private static double half(int bits) {
    int exponent = bits >> 10 & 0x1f;
    int fraction = bits & 0x3ff;
    double size;
    if (exponent == 0x1f) {
      size = fraction == 0 ? Double.POSITIVE_INFINITY : Double.NaN;
    } else if (exponent == 0) {
      size = Math.scalb((double) fraction, -24);
    } else {
      size = Math.scalb((double) (fraction | 0x400), exponent - 25);
    }
    return (bits & 0x8000) == 0 ? size : -size;
  }
}
