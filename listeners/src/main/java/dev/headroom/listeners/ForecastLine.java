package dev.headroom.listeners;

import dev.headroom.scaling.forecast.Forecast;
import dev.headroom.scaling.forecast.LiveForecast;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Consumer;

/** Tells every so many steps where the run will end, with its band. */
public final class ForecastLine implements StepObserver {
  private final LiveForecast forecast;
  private final long every;
  private final Consumer<String> line;

  /**
   * Makes the observer.
   *
   * @param forecast of this run, without any row yet
   * @param every steps between two lines
   * @param line takes each line, for example {@code System.err::println}
   */
  public ForecastLine(LiveForecast forecast, long every, Consumer<String> line) {
    if (every < 1) {
      throw new IllegalArgumentException("every: " + every + " (expected: 1 or more)");
    }
    this.forecast = forecast;
    this.every = every;
    this.line = line;
  }

  @Override
  public void onStep(TrainingStep step) {
    forecast.add(step.step(), step.loss());
    if (step.step() % every == 0) {
      Optional<Forecast> end = forecast.forecast();
      line.accept("step " + step.step() + ": " + end.map(ForecastLine::text).orElse(none()));
    }
  }

  private String none() {
    return "no forecast yet" + (forecast.reason().isEmpty() ? "" : ": " + forecast.reason());
  }

  private static String text(Forecast end) {
    return String.format(
        Locale.ROOT,
        "loss %.4f forecast at step %d, %.0f %% band %.4f to %.4f",
        end.loss(),
        end.step(),
        100 * end.level(),
        end.low(),
        end.high());
  }
}
