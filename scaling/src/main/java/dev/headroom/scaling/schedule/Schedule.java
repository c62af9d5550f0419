package dev.headroom.scaling.schedule;

/**
 * Gives the learning rate of every optimiser step of a run.
 *
 * <p>Steps count from 1: {@code lr(1)} is the rate of the first update and {@code lr(total())} that
 * of the last. During warm-up the rate is {@code peak * step / warmup}.
 */
public interface Schedule {

  /**
   * Returns the learning rate used by an optimiser step.
   *
   * @param step number of the update, from 1; after the last step the final rate is held
   * @throws IllegalArgumentException if the step is below 1
   */
  double lr(long step);

  /** Returns the number of optimiser steps of the whole run. */
  long total();

  /** Returns the number of warm-up steps, 0 where there is none. */
  long warmup();

  /** Returns the schedule as text that {@link #parse} reads back. */
  String text();

  /**
   * Returns the rates of steps 1 to {@code steps}, at index {@code step - 1}.
   *
   * @throws IllegalArgumentException if the count is below 1 or above 10 million
   */
  default double[] rates(long steps) {
    if (steps < 1 || steps > 10_000_000) {
      throw new IllegalArgumentException(
          "steps: "
              + steps
              + " (expected: 1 to 10000000, which the areas of a schedule hold in memory)");
    }
    double[] out = new double[(int) steps];
    for (int i = 0; i < out.length; i++) {
      out[i] = lr(i + 1L);
    }
    return out;
  }

  /**
   * Reads a schedule from text.
   *
   * <p>Shapes: {@code constant}, {@code linear}, {@code cosine}, {@code wsd} (warm-up, stable,
   * decay; {@code shape=linear|exponential|sqrt}), {@code multistep} ({@code at=80%;90%,
   * factor=0.316}), {@code inverse_sqrt}, {@code cyclic} ({@code period=2000}, from the peak to
   * {@code final} and back at once; {@code shape=cosine|linear}) and {@code rates} (one rate a
   * step, {@code rates(3e-4;2e-4)}). Counts take {@code k}, {@code M} and {@code %} of the total;
   * {@code final} takes {@code %} of the peak.
   *
   * @param text for example {@code wsd(peak=3e-4,warmup=2000,decay=20%,total=24000)}
   * @throws IllegalArgumentException if the text is no schedule; the message names the part, what
   *     was read and what was expected
   */
  static Schedule parse(String text) {
    return ScheduleText.parse(text);
  }

  /**
   * Makes a schedule of one rate a step.
   *
   * <p>Warm-up is the rising start: the steps before the rate first reaches its maximum, where the
   * rates before it only rise.
   *
   * @param rates rate of step i + 1 at index i; finite, not negative, not all zero
   */
  static Schedule ofRates(double[] rates) {
    return new RateColumn(rates, rates.length);
  }

  /**
   * Makes a schedule from a logged column, linear between the logged steps.
   *
   * <p>Before the first logged step its rate is held, and after the last logged step its rate is.
   *
   * @param step logged steps, rising
   * @param lr rate at each logged step
   * @param total steps of the whole run, at least the last logged step
   */
  static Schedule ofColumn(long[] step, double[] lr, long total) {
    return new RateColumn(RateColumn.fill(step, lr, total), total);
  }

  /**
   * Joins what a run has done to what it may do next.
   *
   * @param past the schedule up to and including the last step
   * @param last last step of the past
   * @param ahead the schedule after it, in steps of the whole run
   * @throws IllegalArgumentException if the schedule ahead ends before the last step
   */
  static Schedule continued(Schedule past, long last, Schedule ahead) {
    return new Continued(past, last, ahead);
  }
}
