package dev.headroom.head.internal;

import com.sun.jna.Pointer;
import dev.headroom.head.HeadException;
import java.lang.ref.Cleaner;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Lends scratch memory outside the Java heap; the last block that came back is kept for the next
 * call.
 */
final class Workspaces {
  private static final Cleaner CLEANER = Cleaner.create();

  private final AtomicReference<Block> idle = new AtomicReference<>();

  /** A block of scratch memory; closing it gives it back. */
  final class Block implements NativeKernels.Scratch {
    final Pointer memory;
    final long bytes;
    private final Cleaner.Cleanable release;

    private Block(Pointer memory, long bytes) {
      this.memory = memory;
      this.bytes = bytes;
      this.release = CLEANER.register(this, new Release(memory, bytes));
    }

    @Override
    public Pointer memory() {
      return memory;
    }

    @Override
    public long bytes() {
      return bytes;
    }

    @Override
    public void close() {
      if (!idle.compareAndSet(null, this)) {
        release.clean();
      }
    }
  }

  private record Release(Pointer memory, long bytes) implements Runnable {
    @Override
    public void run() {
      NativeLibrary.load().headroom_free(memory, bytes);
    }
  }

  /**
   * Lends at least so many bytes, and not far more: a block more than twice too large is given back
   * to the system.
   */
  Block borrow(long bytes) {
    Block block = idle.getAndSet(null);
    if (block != null && block.bytes >= bytes && block.bytes / 2 <= bytes) {
      return block;
    }
    if (block != null) {
      block.release.clean();
    }
    Pointer memory = NativeLibrary.load().headroom_alloc(bytes);
    if (memory == null) {
      throw new HeadException(
          3,
          "workspace: no "
              + bytes
              + " bytes to be had (give less with HeadOptions.withWorkspaceBytes)",
          null);
    }
    return new Block(memory, bytes);
  }

  /** Gives the idle block back to the system. */
  void release() {
    Block block = idle.getAndSet(null);
    if (block != null) {
      block.release.clean();
    }
  }
}
