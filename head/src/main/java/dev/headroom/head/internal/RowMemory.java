package dev.headroom.head.internal;

import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.Pointer;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;

/** Memory where a call's rows lie for its length; closing it gives all of it back. */
interface RowMemory extends AutoCloseable {

  /** Takes so many bytes, whose contents are not defined. */
  Pointer take(long bytes);

  /** Copies elements {@code first} to {@code end} into the same places of an array there. */
  void write(Pointer to, float[] from, int first, int end);

  /** Copies a whole array. */
  void write(Pointer to, long[] from);

  /** Copies elements {@code first} to {@code end} of an array there into the same places. */
  void read(Pointer from, float[] into, int first, int end);

  /** Copies elements {@code first} to {@code end} of an array there into the same places. */
  void read(Pointer from, long[] into, int first, int end);

  /** Returns where results for a direct buffer are to be written. */
  Pointer place(FloatBuffer into);

  /** Brings those results into the buffer. */
  void fetch(Pointer from, FloatBuffer into);

  @Override
  void close();

  /** The memory of the process, outside the Java heap. */
  final class Host implements RowMemory {
    private final List<Memory> blocks = new ArrayList<>();

    @Override
    public Pointer take(long bytes) {
      Memory memory = new Memory(Math.max(8, bytes));
      blocks.add(memory);
      return memory;
    }

    @Override
    public void write(Pointer to, float[] from, int first, int end) {
      to.write(4L * first, from, first, end - first);
    }

    @Override
    public void write(Pointer to, long[] from) {
      to.write(0, from, 0, from.length);
    }

    @Override
    public void read(Pointer from, float[] into, int first, int end) {
      from.read(4L * first, into, first, end - first);
    }

    @Override
    public void read(Pointer from, long[] into, int first, int end) {
      from.read(8L * first, into, first, end - first);
    }

    @Override
    public Pointer place(FloatBuffer into) {
      return Native.getDirectBufferPointer(into);
    }

    @Override
    public void fetch(Pointer from, FloatBuffer into) {
      // they were written there
    }

    @Override
    public void close() {
      blocks.forEach(Memory::close);
    }
  }
}
