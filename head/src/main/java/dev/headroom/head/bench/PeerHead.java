package dev.headroom.head.bench;

import java.util.ArrayList;
import java.util.List;

/**
 * One of PyTorch's own heads, measured in a Python process.
 *
 * <p>{@code torch-ce} is {@code cross_entropy(linear(e, c), t)}; {@code torch-lce} is {@code
 * linear_cross_entropy(e, c, t)}, whose reference path it takes with {@code options=None}; {@code
 * torch-lce-chunked} is the same with {@code options=LinearCrossEntropyOptions()}, whose default
 * chunk shrinks with D / V; {@code torch-lce-sized} has {@code batch_chunk_size} set to the rows
 * whose float32 logits fill Headroom's workspace. Names that end in {@code -bf16} are given e and c
 * in bfloat16, converted before the clock starts, and form gradients in bfloat16.
 */
final class PeerHead implements Contestant {
  private static final List<String> KINDS =
      List.of("torch-ce", "torch-lce", "torch-lce-chunked", "torch-lce-sized");

  private final String name;
  private final HeadShape shape;
  private final long workspaceBytes;
  private final PeerProcess process;

  private PeerHead(String name, HeadShape shape, long workspaceBytes, PeerProcess process) {
    this.name = name;
    this.shape = shape;
    this.workspaceBytes = workspaceBytes;
    this.process = process;
  }

  /** Returns every head that the process measures. */
  static List<Contestant> all(HeadShape shape, long workspaceBytes, PeerProcess process) {
    List<Contestant> heads = new ArrayList<>();
    for (String suffix : List.of("", "-bf16")) {
      for (String kind : KINDS) {
        heads.add(new PeerHead(kind + suffix, shape, workspaceBytes, process));
      }
    }
    return heads;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public String engine() {
    return chunked() ? "chunked" : "logits";
  }

  private boolean chunked() {
    return name.contains("-chunked") || name.contains("-sized");
  }

  @Override
  public long neededBytes() {
    boolean half = name.endsWith("-bf16");
    long logits = (half ? 2L : 4L) * shape.n() * shape.v();
    long weight = 4L * shape.v() * shape.d();
    // as seen at the peak: three N x V arrays, or a chunk's; in bfloat16 also float32 copies of c
    long above = chunked() ? 2 * workspaceBytes + (half ? 5 : 2) * weight : 3 * logits;
    // this process keeps its own gradient buffers meanwhile
    return above + 2 * shape.gradientBytes() + (half ? weight / 2 : 0);
  }

  @Override
  public Turn turn(BenchInputs inputs, boolean memory) {
    return process.run(name);
  }
}
