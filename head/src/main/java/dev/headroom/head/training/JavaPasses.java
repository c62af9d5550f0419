package dev.headroom.head.training;

import com.sun.jna.Pointer;
import dev.headroom.head.internal.NativeLibrary;

/**
 * The two passes in Java, a slice at a time, for machines without the native library.
 *
 * <p>Every operation is the one of {@code adamw.cpp} in the same order and precision, so the bits
 * are the same; {@code AdamWTest} holds that.
 */
final class JavaPasses {
  private static final int SLICE = 1 << 16;
  private static final int BLOCK = 4096;
  private static final int LANES = 8;

  private JavaPasses() {}

  static void adamw(NativeLibrary.AdamW u) {
    float[] param = new float[SLICE];
    float[] grad = new float[SLICE];
    float[] m = new float[SLICE];
    float[] s = new float[SLICE];
    for (long from = 0; from < u.count; from += SLICE) {
      int n = (int) Math.min(SLICE, u.count - from);
      u.param.read(4 * from, param, 0, n);
      u.grad.read(4 * from, grad, 0, n);
      u.m.read(4 * from, m, 0, n);
      u.s.read(4 * from, s, 0, n);
      update(u, new float[][] {param, grad, m, s}, n);
      u.param.write(4 * from, param, 0, n);
      u.m.write(4 * from, m, 0, n);
      u.s.write(4 * from, s, 0, n);
    }
    if (u.zeroGrad != 0 && u.count > 0) {
      u.grad.setMemory(0, 4 * u.count, (byte) 0);
    }
  }

  private static void update(NativeLibrary.AdamW u, float[][] arrays, int n) {
    float[] param = arrays[0];
    float[] grad = arrays[1];
    float[] m = arrays[2];
    float[] s = arrays[3];
    float scale = (float) u.scale;
    float keep = (float) (1.0 - u.lr * u.decay);
    float beta1 = (float) u.beta1;
    float rest1 = (float) (1.0 - u.beta1);
    float beta2 = (float) u.beta2;
    float rest2 = (float) (1.0 - u.beta2);
    float rate = (float) (u.lr / (1.0 - Math.pow(u.beta1, u.step)));
    float root = (float) (1.0 / Math.sqrt(1.0 - Math.pow(u.beta2, u.step)));
    float eps = (float) u.eps;
    for (int i = 0; i < n; i++) {
      float g = scale * grad[i];
      m[i] = beta1 * m[i] + rest1 * g;
      s[i] = beta2 * s[i] + rest2 * (g * g);
      param[i] = param[i] * keep - rate * m[i] / ((float) Math.sqrt(s[i]) * root + eps);
    }
  }

  static double sumSquares(Pointer x, long count) {
    float[] block = new float[BLOCK];
    double total = 0;
    for (long from = 0; from < count; from += BLOCK) {
      int n = (int) Math.min(BLOCK, count - from);
      x.read(4 * from, block, 0, n);
      total += blockSum(block, n);
    }
    return total;
  }

  private static double blockSum(float[] x, int count) {
    double[] lane = new double[LANES];
    for (int i = 0; i < count; i++) {
      lane[i % LANES] += (double) x[i] * x[i];
    }
    return ((lane[0] + lane[4]) + (lane[1] + lane[5]))
        + ((lane[2] + lane[6]) + (lane[3] + lane[7]));
  }
}
