package dev.headroom.head;

import static org.junit.jupiter.api.Assertions.assertThrows;

import ai.djl.ndarray.NDArray;
import dev.headroom.head.internal.NativeCpuKernels.Gemm;
import dev.headroom.head.internal.Rung;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/** Losses, rungs and problems that the contract of losses of rows is tested with. */
final class RowLossSamples {
  static final long[] LISTED = {0, 3, 4, 11};

  private RowLossSamples() {}

  static List<Rung> rungs() {
    List<Rung> rungs = new ArrayList<>(Rung.all());
    rungs.add(0, new Rung(Backend.REFERENCE, Engine.AUTO, ComputeType.FLOAT32, Gemm.AUTO));
    return rungs;
  }

  /**
   * All four statistics in a product, so that no derivative is a constant; not for every target.
   */
  record Mixed(boolean replacesCrossEntropy) implements RowLoss {
    @Override
    public boolean needsEntropy() {
      return true;
    }

    @Override
    public long[] listedClasses() {
      return LISTED.clone();
    }

    @Override
    public boolean takesPart(long target) {
      return target % 4 != 2;
    }

    static double value(double nll, double lse, double entropy, double listed) {
      return Math.sqrt(1 + nll * nll) + Math.sin(lse) * entropy + listed * lse;
    }

    @Override
    public void form(RowBatch rows) {
      for (int i = 0; i < rows.size(); i++) {
        double nll = rows.nll(i);
        double lse = rows.lse(i);
        double listed = 0;
        for (int k = 0; k < LISTED.length; k++) {
          listed += Math.tanh((k + 1) * rows.listed(i, k) / 4);
          double cosh = Math.cosh((k + 1) * rows.listed(i, k) / 4);
          rows.setListed(i, k, lse * (k + 1) / 4 / cosh / cosh);
        }
        rows.set(
            i,
            value(nll, lse, rows.entropy(i), listed),
            nll / Math.sqrt(1 + nll * nll),
            Math.cos(lse) * rows.entropy(i) + listed,
            Math.sin(lse));
      }
    }
  }

  /** The cross-entropy to the power 1.5, added. */
  record Power() implements RowLoss {
    @Override
    public boolean replacesCrossEntropy() {
      return false;
    }

    @Override
    public void form(RowBatch rows) {
      for (int i = 0; i < rows.size(); i++) {
        rows.set(i, Math.pow(rows.nll(i), 1.5), 1.5 * Math.sqrt(rows.nll(i)));
      }
    }
  }

  /** The square of the sum over all rows, of which each row has an equal share. */
  record SquaredSum() implements RowLoss {
    @Override
    public boolean eachRowAlone() {
      return false;
    }

    @Override
    public void form(RowBatch rows) {
      double sum = IntStream.range(0, rows.size()).mapToDouble(rows::nll).sum();
      for (int i = 0; i < rows.size(); i++) {
        rows.set(i, sum * sum / rows.size(), 2 * sum);
      }
    }
  }

  /** The cross-entropy, and whatever else a test does with a batch. */
  record Watched(Consumer<RowBatch> watcher) implements RowLoss {
    @Override
    public void form(RowBatch rows) {
      watcher.accept(rows);
      for (int i = 0; i < rows.size(); i++) {
        rows.set(i, rows.nll(i), 1);
      }
    }
  }

  static HeadFixture small() {
    HeadFixture f = new HeadFixture(7, 4, 13);
    f.ids[1] = -100;
    f.ids[3] = 3;
    f.ids[4] = 6;
    return f;
  }

  static HeadLoss loss(Rung rung, HeadOptions options) {
    return new HeadLoss("rung", rung.apply(options), rung.kernels());
  }

  static long least(Rung rung, HeadFixture f) {
    if (!rung.isNative()) {
      return 1;
    }
    HeadLoss starved = loss(rung, f.options().withRowLosses(new Mixed(true)).withWorkspaceBytes(1));
    String message =
        assertThrows(
                IllegalArgumentException.class, () -> f.run(starved, f.targets(), f.predictions()))
            .getMessage();
    return Long.parseLong(message.replaceAll(".*at least (\\d+) .*", "$1"));
  }

  static void set(NDArray array, float... values) {
    try (NDArray fresh = array.getManager().create(values, array.getShape())) {
      fresh.copyTo(array);
    }
  }
}
