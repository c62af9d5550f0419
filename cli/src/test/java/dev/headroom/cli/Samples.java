package dev.headroom.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Random;

/** Made-up inputs with known answers; they are computed by formulas of their own. */
final class Samples {

  private Samples() {}

  /** Chinchilla points with E 1.7, A 400, B 410, a .34, b .28 and the given noise of log-loss. */
  static Path chinchilla(Path file, double noise, long seed) throws IOException {
    Random random = new Random(seed);
    StringBuilder csv = new StringBuilder("params,toks,final,C\n");
    for (double n = 1e7; n < 2e10; n *= 3) {
      for (double d = 1e8; d < 5e11; d *= 4) {
        double loss = 1.7 + 400 / Math.pow(n, .34) + 410 / Math.pow(d, .28);
        loss *= Math.exp(noise * random.nextGaussian());
        csv.append(String.format(Locale.ROOT, "%.0f,%.0f,%.10f,%.6e%n", n, d, loss, 6 * n * d));
      }
    }
    return Files.writeString(file, csv);
  }

  /**
   * A run under a cosine schedule to a tenth of the peak: loss 3 + .5 S1^-.6 - .4 S2 with the sums
   * written out step by step, logged every 10 steps.
   */
  static Path annealed(Path file, int total, int upTo, double peak) throws IOException {
    StringBuilder csv = new StringBuilder("step,loss,lr\n");
    double area = 0;
    double momentum = 0;
    double annealed = 0;
    double before = peak;
    for (int step = 1; step <= upTo; step++) {
      double lr = peak * (.1 + .9 * .5 * (1 + Math.cos(Math.PI * step / total)));
      area += lr;
      momentum = step == 1 ? 0 : .999 * momentum + before - lr;
      annealed += momentum;
      before = lr;
      if (step % 10 == 0) {
        double loss = 3 + .5 * Math.pow(area, -.6) - .4 * annealed;
        csv.append(String.format(Locale.ROOT, "%d,%.10f,%.12e%n", step, loss, lr));
      }
    }
    return Files.writeString(file, csv);
  }

  /** A canonical log with a header, a spike at step 300 and one validation loss every 50 steps. */
  static Path canonical(Path file) throws IOException {
    StringBuilder log = new StringBuilder();
    log.append("{\"headroom\":\"0.1.0\",\"run\":{\"params\":123456,");
    log.append("\"schedule\":\"constant(peak=1e-3,warmup=20,total=600)\"}}\n");
    Random random = new Random(3);
    for (int step = 1; step <= 400; step++) {
      double loss = 3 + 6 / Math.sqrt(step) + .01 * random.nextGaussian();
      loss = step >= 300 && step < 304 ? 9 : loss;
      log.append("{\"step\":" + step + ",\"tokens\":" + 2048L * step + ",\"loss\":" + loss);
      log.append(step % 50 == 0 ? ",\"val_loss\":" + (loss + .1) : "").append("}\n");
    }
    return Files.writeString(file, log);
  }
}
