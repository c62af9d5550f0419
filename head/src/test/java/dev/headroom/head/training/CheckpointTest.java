package dev.headroom.head.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;
import ai.djl.nn.core.Linear;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CheckpointTest {
  @TempDir Path folder;
  private NDManager manager;

  @BeforeEach
  void open() {
    manager = NDManager.newBaseManager();
  }

  @AfterEach
  void close() {
    manager.close();
  }

  private Linear layer(long units) {
    Linear layer = Linear.builder().setUnits(units).build();
    layer.initialize(manager, DataType.FLOAT32, new Shape(1, 7));
    return layer;
  }

  private static AdamW adamw() {
    return AdamW.builder(step -> 0.01).build();
  }

  private void update(Linear layer, AdamW adamw, int times) {
    for (int i = 0; i < times; i++) {
      for (Parameter parameter : layer.getParameters().values()) {
        NDArray array = parameter.getArray();
        adamw.update(parameter.getId(), array, manager.ones(array.getShape()).mul(i + 1));
      }
    }
  }

  private static float[] weights(Linear layer) {
    return layer.getParameters().get("weight").getArray().toFloatArray();
  }

  @Test
  void continuesWithTheSameBits() throws IOException {
    Path file = folder.resolve("c.bin");
    Linear first = layer(5);
    AdamW adamw = adamw();
    update(first, adamw, 3);
    Checkpoint.save(file, "{\"step\":3}", first.getParameters(), adamw);
    update(first, adamw, 2);

    Linear second = layer(5);
    AdamW other = adamw();
    assertEquals("{\"step\":3}", Checkpoint.state(file));
    Checkpoint.restore(file, second.getParameters(), other);
    update(second, other, 2);
    assertArrayEquals(weights(first), weights(second));
    assertFalse(Files.exists(folder.resolve("c.bin.tmp")));
  }

  @Test
  void continuesWithTheSameBitsWhereEachParameterIsClipped() throws IOException {
    Path file = folder.resolve("c.bin");
    AdaptiveNorm clipping = new AdaptiveNorm(1.05, 0.9, 2);
    Linear first = layer(5);
    AdamW adamw = AdamW.builder(step -> 0.01).adaptiveNorm(clipping).build();
    // growing gradients: every update after the warm-up is clipped by what is remembered
    update(first, adamw, 4);
    Checkpoint.save(file, "", first.getParameters(), adamw);
    update(first, adamw, 3);

    Linear second = layer(5);
    AdamW other = AdamW.builder(step -> 0.01).adaptiveNorm(clipping).build();
    Checkpoint.restore(file, second.getParameters(), other);
    update(second, other, 3);
    assertArrayEquals(weights(first), weights(second));
    String id = first.getParameters().get("weight").getId();
    String otherId = second.getParameters().get("weight").getId();
    double norm = adamw.moments(id, 35).norm();
    assertTrue(norm > 0);
    assertEquals(norm, other.moments(otherId, 35).norm(), 0);
  }

  @Test
  void refusesAFileThatWasChangedAnywhere() throws IOException {
    Path file = folder.resolve("c.bin");
    Linear layer = layer(5);
    AdamW adamw = adamw();
    update(layer, adamw, 1);
    Checkpoint.save(file, "state", layer.getParameters(), adamw);
    byte[] good = Files.readAllBytes(file);
    float[] before = weights(layer);
    for (int at = 0; at < good.length; at += 13) {
      byte[] bad = good.clone();
      bad[at] ^= 0x10;
      Files.write(file, bad);
      assertThrows(IOException.class, () -> Checkpoint.restore(file, layer.getParameters(), adamw));
    }
    for (int length : new int[] {0, 5, 8, 20, good.length / 2, good.length - 1}) {
      Files.write(file, java.util.Arrays.copyOf(good, length));
      assertThrows(IOException.class, () -> Checkpoint.restore(file, layer.getParameters(), adamw));
    }
    assertArrayEquals(before, weights(layer), "nothing is changed by a damaged file");
  }

  @Test
  void refusesAnotherModel() throws IOException {
    Path file = folder.resolve("c.bin");
    Checkpoint.save(file, "", layer(5).getParameters(), adamw());
    IOException e =
        assertThrows(
            IOException.class, () -> Checkpoint.restore(file, layer(6).getParameters(), adamw()));
    assertTrue(e.getMessage().contains("expected: 42"), e.getMessage());
  }

  @Test
  void keepsTheOldFileWhenTheNewOneCannotBeWritten() throws IOException {
    Path file = folder.resolve("c.bin");
    Linear layer = layer(5);
    Checkpoint.save(file, "old", layer.getParameters(), adamw());
    // a folder where the temporary file should go
    Files.createDirectories(folder.resolve("c.bin.tmp").resolve("in-the-way"));
    assertThrows(
        IOException.class, () -> Checkpoint.save(file, "new", layer.getParameters(), adamw()));
    assertEquals("old", Checkpoint.state(file));
  }
}
