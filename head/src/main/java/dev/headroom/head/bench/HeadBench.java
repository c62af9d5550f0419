package dev.headroom.head.bench;

import ai.djl.ndarray.NDManager;
import dev.headroom.head.Backend;
import dev.headroom.head.ComputeType;
import dev.headroom.head.Delivery;
import dev.headroom.head.HeadLoss;
import dev.headroom.head.HeadOptions;
import dev.headroom.head.bench.Contestant.Turn;
import dev.headroom.head.bench.Contestant.TurnFailure;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

/**
 * Times loss and both gradients of one shape: Headroom's heads, DJL's matMul with softmax
 * cross-entropy, where a Python has them PyTorch's own heads, and the three bare matrix products,
 * taking turns in one run; the median of the rounds after two that do not count.
 *
 * <p>A head is left out, and says so, where the machine has too little memory for it; so is one
 * that fails. One that takes more than ten seconds and sixteen times as long as the fastest is
 * asked once only. The loss of each is held against float64, on evenly spaced rows where all would
 * take too long.
 */
public final class HeadBench {
  private static final double SLOW = 16;
  private static final double SLOW_SECONDS = 10;

  private final HeadShape shape;
  private final BenchSettings settings;
  private final Consumer<String> progress;
  private final BenchInputs inputs;
  private final List<String> notes = new ArrayList<>();
  private final List<Score> scores = new ArrayList<>();
  private final Score products;

  private HeadBench(
      HeadShape shape, BenchSettings settings, Consumer<String> progress, NDManager manager) {
    this.shape = shape;
    this.settings = settings;
    this.progress = progress;
    progress.accept(shape + ": drawing the inputs");
    inputs = BenchInputs.draw(shape, manager);
    products = new Score(new BareProducts(shape));
  }

  /**
   * Measures one shape.
   *
   * @param shape N, D, V
   * @param settings how
   * @param progress told what is being done, a line at a time
   * @return a measurement for each head, DJL's plain one first
   */
  public static ShapeResult measure(
      HeadShape shape, BenchSettings settings, Consumer<String> progress) {
    return measure(shape, settings, progress, ExactLoss.affordableRows(shape));
  }

  /** Measures one shape, its losses judged on so many rows. */
  static ShapeResult measure(
      HeadShape shape, BenchSettings settings, Consumer<String> progress, int lossRows) {
    try (NDManager manager = NDManager.newBaseManager()) {
      HeadBench bench = new HeadBench(shape, settings, progress, manager);
      try (PeerProcess peer = bench.peer()) {
        return bench.run(peer, lossRows);
      }
    }
  }

  /** Starts Python; null, with a note, where it has no PyTorch to measure. */
  private PeerProcess peer() {
    if (settings.python() == null) {
      return null;
    }
    PeerProcess peer = null;
    try {
      peer = new PeerProcess(settings.python(), settings.threads(), settings.workspaceBytes());
      peer.load(inputs);
      return peer;
    } catch (TurnFailure e) {
      notes.add("PyTorch's own heads are left out: " + settings.python() + ": " + e.getMessage());
      if (peer != null) {
        peer.close();
      }
      return null;
    }
  }

  private ShapeResult run(PeerProcess peer, int lossRows) {
    leaveOutWhereMemoryEnds(products);
    for (Contestant contestant : contestants(peer)) {
      Score score = new Score(contestant);
      leaveOutWhereMemoryEnds(score);
      scores.add(score);
    }
    for (int round = -settings.warmUp(); round < settings.rounds(); round++) {
      int number = round + settings.warmUp() + 1;
      int all = settings.warmUp() + settings.rounds();
      progress.accept(shape + ": round " + number + " of " + all);
      round(round, round == -settings.warmUp());
    }
    BenchInputs judged = inputs.sample(lossRows);
    if (lossRows < shape.n()) {
      lossesOf(judged, peer);
    }
    progress.accept(shape + ": the loss in float64");
    List<HeadMeasurement> heads = measurements(ExactLoss.over(judged));
    if (!products.note().isEmpty()) {
      notes.add(shape + " " + products.contestant().name() + ": " + products.note());
    }
    String versions = peer == null ? "" : peer.description();
    return new ShapeResult(shape, heads, products.medianSeconds(), lossRows, versions, notes);
  }

  private List<Contestant> contestants(PeerProcess peer) {
    HeadOptions options =
        HeadOptions.of(shape.v(), shape.d())
            .withWorkspaceBytes(settings.workspaceBytes())
            .withThreads(settings.threads());
    HeadOptions fused = options.withDelivery(Delivery.FUSED);
    List<Contestant> list = new ArrayList<>();
    list.add(DjlHead.plain(shape));
    list.add(DjlHead.headroom("headroom-fused", shape, fused));
    if (!settings.losses().isEmpty()) {
      addLosses(list, fused);
      return list;
    }
    list.add(DjlHead.headroom("headroom-autograd", shape, options));
    if (new HeadLoss(options).backend() == Backend.NATIVE_CPU) {
      HeadOptions half = fused.withCompute(ComputeType.BFLOAT16);
      list.add(DjlHead.headroom("headroom-fused-bf16", shape, half));
    }
    if (peer != null) {
      list.addAll(PeerHead.all(shape, settings.workspaceBytes(), peer));
    }
    return list;
  }

  private void addLosses(List<Contestant> list, HeadOptions fused) {
    Map<String, UnaryOperator<HeadOptions>> losses =
        BenchLosses.all(inputs.targets().toLongArray(), shape.v());
    boolean paired = settings.losses().stream().anyMatch(BenchPairs.NAMES::contains);
    BenchPairs pairs = paired ? new BenchPairs(inputs, fused) : null;
    for (String loss : settings.losses()) {
      if (BenchPairs.NAMES.contains(loss)) {
        list.add(pairs.head(loss, shape));
        continue;
      }
      HeadOptions changed = losses.get(loss).apply(fused);
      list.add(
          loss.equals(BenchLosses.SPHERICAL)
              ? DjlHead.spherical(loss, shape, changed)
              : DjlHead.headroom(loss, shape, changed));
    }
  }

  private static void leaveOutWhereMemoryEnds(Score score) {
    long needed = score.contestant().neededBytes();
    long available = ProcessMemory.availableBytes();
    if (available >= 0 && needed >= available) {
      score.leaveOut(
          String.format(
              Locale.ROOT,
              "left out: needs about %.1f GB, %.1f GB available",
              needed / 1e9,
              available / 1e9));
    }
  }

  private void round(int round, boolean first) {
    if (!products.isOut()) {
      keep(products, round, turn(products, inputs, false));
    }
    List<Turn> turns = new ArrayList<>();
    double fastest = Double.POSITIVE_INFINITY;
    for (Score score : scores) {
      Turn turn = score.isOut() ? null : turn(score, inputs, round < 0);
      turns.add(turn);
      keep(score, round, turn);
      fastest = turn == null ? fastest : Math.min(fastest, turn.seconds());
    }
    for (int i = 0; first && i < turns.size(); i++) {
      Turn turn = turns.get(i);
      if (turn != null && turn.seconds() > Math.max(SLOW_SECONDS, SLOW * fastest)) {
        scores.get(i).stopAt(turn, "slow: measured once, in the first round");
      }
    }
  }

  private static void keep(Score score, int round, Turn turn) {
    if (turn != null && round < 0) {
      score.warm(turn);
    } else if (turn != null) {
      score.count(turn);
    }
  }

  private Turn turn(Score score, BenchInputs given, boolean memory) {
    try {
      return score.contestant().turn(given, memory);
    } catch (TurnFailure e) {
      score.leaveOut("failed: " + e.getMessage());
      return null;
    }
  }

  /** Asks everyone for the loss of fewer rows. */
  private void lossesOf(BenchInputs judged, PeerProcess peer) {
    progress.accept(shape + ": the losses of " + judged.shape().n() + " rows");
    for (Score score : scores) {
      try {
        if (score.hasTime()) {
          if (peer != null && score.contestant() instanceof PeerHead) {
            peer.load(judged);
          }
          score.judgeBy(score.contestant().turn(judged, false).loss());
        }
      } catch (TurnFailure e) {
        score.judgeBy(Double.NaN);
        notes.add(score.contestant().name() + ": no loss of fewer rows: " + e.getMessage());
      }
    }
  }

  private List<HeadMeasurement> measurements(ExactLoss exact) {
    double plain = scores.get(0).medianSeconds();
    List<HeadMeasurement> results = new ArrayList<>();
    for (Score score : scores) {
      Contestant contestant = score.contestant();
      double truth = contestant instanceof DjlHead head ? head.truth(exact) : exact.softmax();
      double seconds = score.medianSeconds();
      results.add(
          new HeadMeasurement(
              shape,
              contestant.name(),
              contestant.engine(),
              contestant instanceof DjlHead head ? head.options() : null,
              seconds,
              plain / seconds,
              score.peakExtraBytes(),
              truthIsKnown(contestant)
                  ? Math.abs(score.loss() - truth) / Math.abs(truth)
                  : Double.NaN,
              score.note()));
    }
    return results;
  }

  /** Returns whether its loss is the cross-entropy or the Z-loss. */
  private boolean truthIsKnown(Contestant contestant) {
    String name = contestant.name();
    return name.equals(BenchLosses.SPHERICAL) || !settings.losses().contains(name);
  }
}
