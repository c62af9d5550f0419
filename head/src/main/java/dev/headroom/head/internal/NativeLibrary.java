package dev.headroom.head.internal;

import com.sun.jna.Callback;
import com.sun.jna.CallbackReference;
import com.sun.jna.Library;
import com.sun.jna.Native;
import com.sun.jna.Pointer;
import com.sun.jna.Structure;
import com.sun.jna.ptr.DoubleByReference;
import dev.headroom.head.HeadException;
import java.nio.Buffer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Locale;

/** Binds {@code headroom.h} through JNA; names and order of fields are those of the header. */
public interface NativeLibrary extends Library {
  /** The version of the binary interface this class was written for. */
  int ABI = 6;

  /** Status: a target outside [0,V) that is not the ignore index. */
  int TARGET_RANGE = 2;

  /** Status: an argument breaks a rule. */
  int INVALID = 1;

  /** Compute code of float32. */
  int FLOAT32 = 0;

  /** Compute code of bfloat16. */
  int BFLOAT16 = 2;

  /** Compute code of tfloat32. */
  int TFLOAT32 = 5;

  /** Device code of NVIDIA GPUs. */
  int CUDA = 1;

  /** Dtype code of float16 arrays. */
  int FLOAT16 = 1;

  /** Dtype code of 64-bit targets. */
  int INT64 = 4;

  /** Addresses of the matrix products, as in {@code headroom_blas}. */
  @Structure.FieldOrder({"sgemm", "gemmBf16", "setThreadsLocal"})
  class Blas extends Structure {
    public Pointer sgemm;
    public Pointer gemmBf16;
    public Pointer setThreadsLocal;
  }

  /** Called between statistics and gradients of so many rows, as {@code headroom_between}. */
  interface Between extends Callback {
    /** Takes the numbers of the rows, int64. */
    void invoke(Pointer context, Pointer rows, long count);
  }

  /** The arguments of a call, as in {@code headroom_head}. */
  final class Head {
    private static final int BYTES = 504;

    public int abi = ABI;
    public int device;
    public Pointer stream;
    public Pointer blas;
    public long n;
    public long d;
    public long v;
    public Pointer e;
    public long eStride;
    public Pointer c;
    public long cStride;
    public Pointer b;
    public Pointer t;
    public int eDtype;
    public int cDtype;
    public int tDtype = INT64;
    public int compute;
    public long ignoreIndex;
    public Pointer classWeight;
    public double labelSmoothing;
    public double logitScale;
    public double softCap;
    public double zLoss;
    public long softCount;
    public Pointer softIds;
    public Pointer softWeights;
    public Pointer r;
    public Pointer rZ;
    public Pointer uLse;
    public Pointer uEntropy;
    public Pointer uLogProb;
    public long listedCount;
    public long listedKind;
    public Pointer listedIds;
    public Pointer listedPlaces;
    public Pointer listedLogits;
    public Pointer uListed;
    public Pointer lseRest;
    public Pointer uRest;
    public Between between;
    public Pointer betweenContext;
    public Pointer nll;
    public Pointer lse;
    public Pointer entropy;
    public Pointer squares;
    public Pointer variance;
    public Pointer smooth;
    public Pointer soft;
    public long topCount;
    public Pointer topIds;
    public Pointer topLogits;
    public Pointer de;
    public long deStride;
    public Pointer dc;
    public long dcStride;
    public Pointer db;
    public int addDc;
    public int filterFullC;
    public double filterTau;
    public double filterMass;
    public Pointer dropped;
    public int engine;
    public int gemm;
    public int threads;
    public int stableMax;
    public Pointer workspace;
    public long workspaceBytes;
    public Pointer kept;
    public long keptCount;

    /**
     * Returns the fields as the header lays them out; it has no gaps, since 32-bit fields come in
     * pairs. By hand: a {@code Structure} of this size costs more than a small call.
     */
    Buffer laidOut() {
      ByteBuffer at = ByteBuffer.allocateDirect(BYTES).order(ByteOrder.nativeOrder());
      at.putInt(abi).putInt(device);
      put(at, stream, blas);
      at.putLong(n).putLong(d).putLong(v);
      put(at, e).putLong(eStride);
      put(at, c).putLong(cStride);
      put(at, b, t);
      at.putInt(eDtype).putInt(cDtype).putInt(tDtype).putInt(compute).putLong(ignoreIndex);
      put(at, classWeight).putDouble(labelSmoothing);
      at.putDouble(logitScale).putDouble(softCap).putDouble(zLoss).putLong(softCount);
      put(at, softIds, softWeights, r, rZ, uLse, uEntropy, uLogProb)
          .putLong(listedCount)
          .putLong(listedKind);
      put(at, listedIds, listedPlaces, listedLogits, uListed, lseRest, uRest);
      put(at, CallbackReference.getFunctionPointer(between), betweenContext);
      put(at, nll, lse, entropy, squares, variance, smooth, soft).putLong(topCount);
      put(at, topIds, topLogits);
      put(at, de).putLong(deStride);
      put(at, dc).putLong(dcStride);
      put(at, db).putInt(addDc).putInt(filterFullC).putDouble(filterTau).putDouble(filterMass);
      put(at, dropped).putInt(engine).putInt(gemm).putInt(threads).putInt(stableMax);
      put(at, workspace).putLong(workspaceBytes);
      return put(at, kept).putLong(keptCount).flip();
    }

    private static ByteBuffer put(ByteBuffer at, Pointer... pointers) {
      for (Pointer pointer : pointers) {
        at.putLong(Pointer.nativeValue(pointer));
      }
      return at;
    }
  }

  /** What a call will do, as in {@code headroom_plan}. */
  @Structure.FieldOrder({
    "engine",
    "gemm",
    "chunkRows",
    "tileColumns",
    "leastWorkspaceBytes",
    "usedWorkspaceBytes",
    "blockRows",
    "sumStep",
    "secondCacheBytes",
    "thirdCacheBytes"
  })
  class Plan extends Structure {
    public int engine;
    public int gemm;
    public long chunkRows;
    public long tileColumns;
    public long leastWorkspaceBytes;
    public long usedWorkspaceBytes;
    public long blockRows;
    public long sumStep;
    public long secondCacheBytes;
    public long thirdCacheBytes;

    /** Makes room for an answer. */
    public Plan() {
      setAutoWrite(false);
    }
  }

  /** The arguments of a call of the spherical family, as in {@code headroom_spherical}. */
  @Structure.FieldOrder({
    "abi",
    "device",
    "blas",
    "n",
    "d",
    "v",
    "e",
    "eStride",
    "c",
    "cStride",
    "eDtype",
    "cDtype",
    "t",
    "targetCount",
    "ignoreIndex",
    "mean",
    "mu",
    "spread",
    "y",
    "uMean",
    "uSpread",
    "uTarget",
    "de",
    "deStride",
    "dc",
    "dcStride",
    "addDc",
    "gemm",
    "threads",
    "reserved",
    "workspace",
    "workspaceBytes"
  })
  class Spherical extends Structure {
    public int abi = ABI;
    public int device;
    public Pointer blas;
    public long n;
    public long d;
    public long v;
    public Pointer e;
    public long eStride;
    public Pointer c;
    public long cStride;
    public int eDtype;
    public int cDtype;
    public Pointer t;
    public long targetCount;
    public long ignoreIndex;
    public Pointer mean;
    public Pointer mu;
    public Pointer spread;
    public Pointer y;
    public Pointer uMean;
    public Pointer uSpread;
    public Pointer uTarget;
    public Pointer de;
    public long deStride;
    public Pointer dc;
    public long dcStride;
    public int addDc;
    public int gemm;
    public int threads;
    public int reserved;
    public Pointer workspace;
    public long workspaceBytes;
  }

  /** The arguments of one update, as in {@code headroom_adamw}. */
  @Structure.FieldOrder({
    "count",
    "param",
    "grad",
    "m",
    "s",
    "scale",
    "lr",
    "beta1",
    "beta2",
    "eps",
    "decay",
    "step",
    "zeroGrad",
    "threads"
  })
  class AdamW extends Structure {
    public long count;
    public Pointer param;
    public Pointer grad;
    public Pointer m;
    public Pointer s;
    public double scale;
    public double lr;
    public double beta1;
    public double beta2;
    public double eps;
    public double decay;
    public long step;
    public int zeroGrad;
    public int threads;
  }

  String headroom_last_error();

  String headroom_version();

  String headroom_cpu_isa();

  Pointer headroom_alloc(long bytes);

  void headroom_free(Pointer memory, long bytes);

  int headroom_cuda_describe(byte[] text, long length);

  int headroom_cuda_release();

  int headroom_cuda_write(Pointer device, Pointer host, long bytes, Pointer stream);

  int headroom_cuda_read(Pointer host, Pointer device, long bytes, Pointer stream);

  int headroom_head_plan(Buffer head, Plan plan);

  int headroom_head_forward(Buffer head);

  int headroom_head_logits(Buffer head, Pointer z, long zStride);

  int headroom_head_backward(Buffer head);

  int headroom_head_forward_backward(Buffer head);

  int headroom_spherical_plan(Spherical head, Plan plan);

  int headroom_spherical_forward(Spherical head);

  int headroom_spherical_backward(Spherical head);

  int headroom_adamw_step(AdamW update);

  int headroom_sum_squares(Pointer x, long count, int threads, DoubleByReference sum);

  /**
   * Throws where a call returned another status than 0.
   *
   * @param sizes n, d, v and bytes of the workspace
   */
  static void check(int status, String kernel, long... sizes) {
    if (status == 0) {
      return;
    }
    String text = load().headroom_last_error();
    if (status == INVALID || status == TARGET_RANGE) {
      throw new IllegalArgumentException(text);
    }
    throw new HeadException(
        status,
        String.format(
            Locale.ROOT,
            "kernel %s on the CPU with n %d, d %d, v %d, workspace %d bytes: %s",
            kernel,
            sizes[0],
            sizes[1],
            sizes[2],
            sizes[3],
            text),
        null);
  }

  /** The library of this platform, or the reason why there is none; tried once. */
  static NativeLibrary load() {
    return Loaded.LIBRARY;
  }

  /** Returns why {@link #load} gave null, or null. */
  static String refusal() {
    return Loaded.REFUSAL;
  }

  /** Holds the library once it is asked for. */
  final class Loaded {
    private static final NativeLibrary LIBRARY;
    private static final String REFUSAL;

    static {
      NativeLibrary library = null;
      String refusal = null;
      try {
        library = Native.load("headroom", NativeLibrary.class);
      } catch (UnsatisfiedLinkError e) {
        refusal = "libheadroom.so is not in the jar: built without cmake and g++";
      }
      LIBRARY = library;
      REFUSAL = refusal;
    }

    private Loaded() {}
  }
}
