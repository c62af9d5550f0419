package dev.headroom.head.bench;

import java.util.List;

/**
 * What was measured of one shape.
 *
 * @param shape N, D, V
 * @param heads a measurement for each head, DJL's plain one first
 * @param lossRows the rows whose loss was compared with float64; fewer than N for large shapes
 * @param peer versions of Python and PyTorch, empty where they took no part
 * @param notes what the reader has to know, one sentence each
 */
public record ShapeResult(
    HeadShape shape, List<HeadMeasurement> heads, int lossRows, String peer, List<String> notes) {

  /** Copies the lists. */
  public ShapeResult {
    heads = List.copyOf(heads);
    notes = List.copyOf(notes);
  }
}
