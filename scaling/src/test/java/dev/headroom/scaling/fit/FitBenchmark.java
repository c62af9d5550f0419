package dev.headroom.scaling.fit;

import com.sun.management.OperatingSystemMXBean;
import dev.headroom.scaling.law.Law;
import dev.headroom.scaling.law.Laws;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.AuxCounters;
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

/**
 * How long do fits take? One core each, but {@code smallRuns}, which takes two.
 *
 * <p>{@code scaling/bench/fits.py} runs these beside SciPy and stores the table. Wall time is
 * JMH's; {@code processorMillis} is that of the process, which other work on the machine hardly
 * lengthens.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 2)
@Measurement(iterations = 5)
@Fork(value = 1, jvmArgs = "-Xmx1g")
public class FitBenchmark {

  private static final int RUNS = 10_000;
  private static final FitOptions DEFAULTS = FitOptions.defaults();

  private final Law chinchilla = Laws.named("chinchilla");
  private final Law power = Laws.named("power");
  private Observations table;
  private Observations curves;
  private MultiPowerRuns multiPower;
  private List<double[]> grid;
  private List<Observations> runs;

  /** Counts processor time of all threads, the compiler's and the collector's too. */
  @State(Scope.Thread)
  @AuxCounters(AuxCounters.Type.EVENTS)
  public static class Processor {
    public double processorMillis;

    void measure(Runnable work) {
      var process = ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
      long before = process.getProcessCpuTime();
      work.run();
      processorMillis += (process.getProcessCpuTime() - before) / 1e6;
    }
  }

  /** Reads the data and checks that the fits find the published optima. */
  @Setup
  public void read() {
    table = SharedData.observations(SharedData.chinchilla(), 1, 1);
    curves = AnnealingRuns.of("25M");
    multiPower = MultiPowerRuns.of("25M", MultiPowerRuns.FITTED);
    grid = hoffmannsGrid();
    runs = new ArrayList<>();
    SplittableRandom random = new SplittableRandom(1);
    for (int k = 0; k < RUNS; k++) {
      runs.add(smallRun(random));
    }
    near(1.0182740e-3, Fitter.fitFrom(chinchilla, table, DEFAULTS, grid));
    near(3.873e-4, Fitter.fit(Laws.named("annealing"), curves, DEFAULTS));
    near(2.912e-4, Fitter.fit(multiPower.law(), multiPower.data(), DEFAULTS));
  }

  private static void near(double expected, Fit fit) {
    if (!(fit.objectiveValue() <= expected * 1.001)) {
      throw new IllegalStateException(
          fit.law().name() + ": " + fit.objectiveValue() + " (expected: " + expected + ")");
    }
  }

  /** The 4,500 starts of Hoffmann et al. 2022, section D.2. */
  public static List<double[]> hoffmannsGrid() {
    List<double[]> starts = new ArrayList<>();
    for (double a = 0; a <= 2; a += .5) {
      for (double b = 0; b <= 2; b += .5) {
        for (double e = -1; e <= 1; e += .5) {
          for (double logA = 0; logA <= 25; logA += 5) {
            for (double logB = 0; logB <= 25; logB += 5) {
              starts.add(new double[] {Math.exp(e), Math.exp(logA), Math.exp(logB), a, b});
            }
          }
        }
      }
    }
    return starts;
  }

  private static Observations smallRun(SplittableRandom random) {
    double[][] x = new double[200][1];
    double[] loss = new double[200];
    for (int i = 0; i < 200; i++) {
      x[i][0] = 100 * (i + 1);
      loss[i] = (2 + 3 * Math.pow(i + 1, -.4)) * Math.exp(.01 * random.nextGaussian());
    }
    return new Observations(x, loss);
  }

  @Benchmark
  public Fit[] chinchillaGrid(Processor processor) {
    Fit[] fit = new Fit[1];
    processor.measure(() -> fit[0] = Fitter.fitFrom(chinchilla, table, DEFAULTS, grid));
    return fit;
  }

  @Benchmark
  public Fit[] chinchillaBootstrap(Processor processor) {
    Fit[] fit = new Fit[1];
    FitOptions options = DEFAULTS.withBootstrap(4000);
    processor.measure(() -> fit[0] = Fitter.fit(chinchilla, table, options));
    return fit;
  }

  @Benchmark
  public Fit[] annealingCurves(Processor processor) {
    Fit[] fit = new Fit[1];
    processor.measure(() -> fit[0] = Fitter.fit(Laws.named("annealing"), curves, DEFAULTS));
    return fit;
  }

  @Benchmark
  public Fit[] multiPowerCurves(Processor processor) {
    Fit[] fit = new Fit[1];
    processor.measure(() -> fit[0] = Fitter.fit(multiPower.law(), multiPower.data(), DEFAULTS));
    return fit;
  }

  @Benchmark
  public Fit[] multiPowerRegularised(Processor processor) {
    Fit[] fit = new Fit[1];
    processor.measure(
        () -> fit[0] = MultiPowerFit.fit(multiPower.law(), multiPower.data(), DEFAULTS));
    return fit;
  }

  @Benchmark
  public List<Fit> smallRuns(Processor processor) {
    List<Fit> fits = new ArrayList<>();
    processor.measure(() -> fits.addAll(Fitter.fitAll(power, runs, DEFAULTS.withThreads(2))));
    return fits;
  }
}
