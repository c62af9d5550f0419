package dev.headroom.head.internal;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.headroom.head.Backend;
import dev.headroom.head.HeadOptions;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Holds every rung against the reference at the sizes where its tile, block and step end. */
class TileContractTest extends KernelsContract {
  /** The most columns of a tile of the CUDA kernels. */
  private static final int CUDA_TILE = 4096;

  private static int[] around(long size) {
    return new int[] {1, (int) size - 1, (int) size, (int) size + 1};
  }

  /** Sixteen problems that hold every pair of two of the three sizes. */
  @ParameterizedTest
  @MethodSource("rungs")
  void agreesAroundTileBlockAndStepOfThePlan(Rung rung) {
    if (rung.backend() == Backend.CUDA) {
      return; // its tile has a test of its own
    }
    HeadKernels kernels = rung.kernels();
    NativeCpuKernels.Tile tile = rung.tile(kernels, 1);
    int[] rows = around(tile.blockRows());
    int[] widths = around(tile.sumStep());
    for (int i = 0; i < 4; i++) {
      for (int j = 0; j < 4; j++) {
        int d = widths[(i + j) % 4];
        int v = around(rung.tile(kernels, d).columns())[j];
        HeadOptions options = rung.apply(everything(HeadOptions.of(v, d)));
        rung.compare(kernels, Problems.random(manager, rows[i], options, SEED, 0));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("rungs")
  void agreesAroundTheSizesOfVectorsAndUnitsOfRows(Rung rung) {
    HeadKernels kernels = rung.kernels();
    for (int n : new int[] {1, 13, 14, 15, 16, 17}) {
      for (int d : new int[] {1, 31, 32, 33}) {
        int tile = (int) rung.tile(kernels, d).columns();
        for (int v : new int[] {1, 31, 33, tile - 1, tile + 1, 2 * tile + 1}) {
          HeadOptions options = rung.apply(everything(HeadOptions.of(v, d)));
          rung.compare(kernels, Problems.random(manager, n, options, SEED, 5));
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("rungs")
  void agreesAroundTheTileOfADevice(Rung rung) {
    if (rung.backend() != Backend.CUDA) {
      return;
    }
    HeadKernels kernels = rung.kernels();
    // (of fewer columns of dE than these one may be near 0, the sum of thousands of terms)
    for (int v : new int[] {CUDA_TILE - 1, CUDA_TILE, CUDA_TILE + 1, 2 * CUDA_TILE + 1}) {
      HeadOptions options = rung.apply(everything(HeadOptions.of(v, 64)).withBias(true));
      rung.compare(kernels, Problems.random(manager, 33, options, SEED, 5));
    }
  }

  @ParameterizedTest
  @MethodSource("rungs")
  void cutsWholeUnitsOfTheKernels(Rung rung) {
    HeadKernels kernels = rung.kernels();
    for (int d : new int[] {1, 256, 4096, 1 << 20}) {
      NativeCpuKernels.Tile tile = rung.tile(kernels, d);
      String what = "d " + d + ": " + tile;
      assertTrue(tile.columns() >= 224 && tile.columns() % 224 == 0, what);
      boolean own = rung.gemm() == NativeCpuKernels.Gemm.OWN;
      assertTrue(tile.blockRows() > 0 && (!own || tile.blockRows() % 14 == 0), what);
    }
  }
}
