package dev.headroom.head.training;

import ai.djl.ndarray.NDArray;
import ai.djl.nn.Parameter;
import ai.djl.util.Pair;
import ai.djl.util.PairList;
import com.sun.jna.Pointer;
import dev.headroom.head.internal.TorchTensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/**
 * Saves and restores what a training run needs to continue bit for bit: parameters, both moments,
 * the number of updates and the remembered norm of each, and a text of the caller's (step,
 * settings). On the same machine, rung, engine and threads, that is: the native kernels cut their
 * sums to the caches found, so that another machine may continue with other last bits.
 *
 * <p>File: magic, text, then for every parameter its name, updates, remembered norm, size, and
 * three float32 arrays; all little-endian, a CRC-32C of everything at the end. It is written under
 * a temporary name, forced to disk and then moved, so that the file is always a whole checkpoint,
 * the old one or the new one. Extra memory: none beside small buffers. float32 parameters in CPU
 * memory.
 */
public final class Checkpoint {
  private Checkpoint() {}

  /**
   * Writes a checkpoint in place of an older one.
   *
   * @param state what the caller needs to continue, for example as JSON
   * @throws IOException where it cannot be written, for example on a full disk; the older file is
   *     kept
   */
  public static void save(
      Path file, String state, PairList<String, Parameter> parameters, AdamW optimizer)
      throws IOException {
    Path temporary = file.resolveSibling(file.getFileName() + ".tmp");
    try {
      try (CheckpointWriter out = new CheckpointWriter(temporary)) {
        out.text(state);
        out.number(parameters.size());
        for (Pair<String, Parameter> pair : parameters) {
          NDArray array = pair.getValue().getArray();
          Moments moments = optimizer.moments(pair.getValue().getId(), array.size());
          out.text(pair.getKey());
          out.number(moments.step());
          out.number(Double.doubleToRawLongBits(moments.norm()));
          out.number(array.size());
          out.floats(TorchTensors.data(array), array.size());
          out.floats(moments.m(), array.size());
          out.floats(moments.s(), array.size());
        }
        out.finish();
      }
      Files.move(
          temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(temporary);
    }
  }

  /**
   * Reads the caller's text alone.
   *
   * @throws IOException where the file is missing or no checkpoint
   */
  public static String state(Path file) throws IOException {
    try (CheckpointReader in = new CheckpointReader(file)) {
      return in.text();
    }
  }

  /**
   * Puts a checkpoint's parameters and moments in place.
   *
   * @throws IOException where the file is missing, damaged (its checksum is tried before anything
   *     is changed) or of another model
   */
  public static void restore(Path file, PairList<String, Parameter> parameters, AdamW optimizer)
      throws IOException {
    CheckpointReader.verify(file);
    try (CheckpointReader in = new CheckpointReader(file)) {
      in.text();
      expect(file, "parameters", in.number(), parameters.size());
      for (Pair<String, Parameter> pair : parameters) {
        String name = in.text();
        if (!name.equals(pair.getKey())) {
          throw new IOException(
              file + ": parameter " + name + " (expected: " + pair.getKey() + ", the model's)");
        }
        NDArray array = pair.getValue().getArray();
        Moments moments = optimizer.moments(pair.getValue().getId(), array.size());
        moments.step(in.number());
        moments.norm(Double.longBitsToDouble(in.number()));
        expect(file, name + " elements", in.number(), array.size());
        for (Pointer target : new Pointer[] {TorchTensors.data(array), moments.m(), moments.s()}) {
          in.floats(target, array.size());
        }
      }
    }
  }

  private static void expect(Path file, String what, long actual, long expected)
      throws IOException {
    if (actual != expected) {
      throw new IOException(
          file + ": " + what + ": " + actual + " (expected: " + expected + ", the model's)");
    }
  }
}
