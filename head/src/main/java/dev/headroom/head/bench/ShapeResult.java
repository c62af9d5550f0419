package dev.headroom.head.bench;

import java.util.List;

/**
 * What was measured of one shape.
 *
 * @param shape N, D, V
 * @param heads a measurement for each head, DJL's plain one first
 * @param productSeconds median of the three bare matrix products in float32, NaN where they could
 *     not be measured
 * @param lossRows the rows whose loss was compared with float64; fewer than N for large shapes
 * @param peer versions of Python and PyTorch, empty where they took no part
 * @param notes what the reader has to know, one sentence each
 */
public record ShapeResult(
    HeadShape shape,
    List<HeadMeasurement> heads,
    double productSeconds,
    int lossRows,
    String peer,
    List<String> notes) {

  /** Copies the lists. */
  public ShapeResult {
    heads = List.copyOf(heads);
    notes = List.copyOf(notes);
  }

  /** Returns the rate of something that took so long, counting 6 N D V operations, in GFLOP/s. */
  public double gigaflops(double seconds) {
    return 6.0 * shape.n() * shape.d() * shape.v() / seconds / 1e9;
  }
}
