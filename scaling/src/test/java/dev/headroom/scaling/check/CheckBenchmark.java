package dev.headroom.scaling.check;

import dev.headroom.scaling.log.Run;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** How long do all rules take, on a million rows at once and row by row? One thread. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 2)
@Measurement(iterations = 5)
@Fork(value = 1, jvmArgs = "-Xmx1g")
public class CheckBenchmark {
  private static final int ROWS = 1_000_000;
  private static final int LIVE_ROWS = 60_000;

  private Run run;

  /** A healthy run of a million noisy steps, judged once to see that it is. */
  @Setup
  public void prepare() {
    Random random = new Random(20261121);
    long[] step = new long[ROWS];
    double[] loss = new double[ROWS];
    double[] norm = new double[ROWS];
    for (int i = 0; i < ROWS; i++) {
      step[i] = i + 1;
      loss[i] = (2.5 + 8 * Math.pow(1 + i, -0.3)) * Math.exp(.02 * random.nextGaussian());
      norm[i] = Math.exp(.3 * random.nextGaussian());
    }
    run = new Run("big", step, loss, Map.of("grad_norm", norm), List.of());
    if (!wholeRun().findings().isEmpty()) {
      throw new IllegalStateException("findings: " + wholeRun().findings() + " (expected: none)");
    }
  }

  /** All rules over the whole run. */
  @Benchmark
  public Verdict wholeRun() {
    return Checker.check(run, CheckOptions.defaults());
  }

  /** The first 60,000 rows one by one. */
  @Benchmark
  public Verdict rowByRow() {
    LiveChecker live = new LiveChecker(CheckOptions.defaults());
    for (int i = 0; i < LIVE_ROWS; i++) {
      live.add(run.step()[i], run.loss()[i], Map.of("lr", 1e-3));
    }
    return live.verdict();
  }
}
