package dev.headroom.head.internal;

import com.sun.jna.Library;
import com.sun.jna.Native;
import com.sun.jna.Pointer;
import com.sun.jna.Structure;

/** Binds the divergence of {@code headroom.h} through JNA; names and order are the header's. */
public interface NativeDivergence extends Library {

  /** One of the two heads, as in {@code headroom_side}. */
  @Structure.FieldOrder({
    "d",
    "v",
    "e",
    "eStride",
    "c",
    "cStride",
    "b",
    "eDtype",
    "cDtype",
    "logitScale",
    "softCap"
  })
  class Side extends Structure {
    public long d;
    public long v;
    public Pointer e;
    public long eStride;
    public Pointer c;
    public long cStride;
    public Pointer b;
    public int eDtype;
    public int cDtype;
    public double logitScale;
    public double softCap;
  }

  /** The arguments of a call, as in {@code headroom_divergence}. */
  @Structure.FieldOrder({
    "abi",
    "device",
    "stream",
    "blas",
    "n",
    "student",
    "teacher",
    "t",
    "ignoreIndex",
    "withoutTarget",
    "kind",
    "beta",
    "compute",
    "addDc",
    "r",
    "value",
    "de",
    "deStride",
    "dc",
    "dcStride",
    "db",
    "engine",
    "gemm",
    "threads",
    "reserved",
    "workspace",
    "workspaceBytes"
  })
  class Call extends Structure {
    public int abi = NativeLibrary.ABI;
    public int device;
    public Pointer stream;
    public Pointer blas;
    public long n;
    public Side student;
    public Side teacher;
    public Pointer t;
    public long ignoreIndex;
    public int withoutTarget;
    public int kind;
    public double beta;
    public int compute;
    public int addDc;
    public Pointer r;
    public Pointer value;
    public Pointer de;
    public long deStride;
    public Pointer dc;
    public long dcStride;
    public Pointer db;
    public int engine;
    public int gemm;
    public int threads;
    public int reserved;
    public Pointer workspace;
    public long workspaceBytes;
  }

  String headroom_last_error();

  int headroom_divergence_plan(Call call, NativeLibrary.Plan plan);

  int headroom_divergence_forward(Call call);

  int headroom_divergence_forward_backward(Call call);

  /** Returns the library, which {@link NativeLibrary} has found to be there. */
  static NativeDivergence load() {
    return Native.load("headroom", NativeDivergence.class);
  }
}
