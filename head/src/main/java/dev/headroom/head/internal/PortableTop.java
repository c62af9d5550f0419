package dev.headroom.head.internal;

import java.util.Arrays;

/** The running list of the largest logits of a chunk of rows, on the Java heap. */
final class PortableTop {
  private final HeadProblem problem;
  private final HeadResult.Rows out;
  private final int first;
  private final int k;
  private final BestClasses[] best;

  PortableTop(HeadProblem problem, HeadResult.Rows out, int first, int rows) {
    this.problem = problem;
    this.out = out;
    this.first = first;
    k = problem.options().topK();
    best = new BestClasses[rows];
    Arrays.setAll(best, i -> new BestClasses(k));
  }

  /** Takes up the logits of a tile; tiles come in the order of their classes. */
  void merge(PortableTile tile) {
    float[] z = tile.z.toFloatArray();
    int columns = (int) (tile.end - tile.begin);
    for (int i = 0; i < best.length; i++) {
      best[i].group(Arrays.copyOfRange(z, i * columns, (i + 1) * columns), columns, tile.begin);
    }
  }

  /** Writes the lists; none for rows with NaN or infinity among their logits. */
  void finish() {
    for (int i = 0; i < best.length; i++) {
      int row = first + i;
      boolean ignored = problem.ignored(row);
      int from = row * k;
      Arrays.fill(out.topLogits(), from, from + k, ignored ? 0 : Float.NEGATIVE_INFINITY);
      Arrays.fill(out.topIds(), from, from + k, -1);
      if (!ignored && out.lse()[row] < Float.POSITIVE_INFINITY) {
        best[i].ranked().copyTo(out.topIds(), out.topLogits(), from);
      }
    }
  }
}
