package dev.headroom.scaling.forecast;

import dev.headroom.scaling.choice.BandForecast;
import java.util.List;

/**
 * Gives the forecast loss of a run with its bands.
 *
 * <p>The loss is that of the curve, as the mean of many batches would show it; a single logged loss
 * scatters around it by {@code scatter}.
 *
 * @param step the step it is for
 * @param loss forecast loss in nats per token
 * @param low lower end of the band
 * @param high upper end of the band
 * @param level nominal coverage of the band
 * @param intervals bands of the usual levels, 50, 80, 90 and 95 %
 * @param scatter standard deviation of the log of one logged loss
 * @param scale standard deviation of the log of the loss that the bands were scaled from
 * @param kind what the forecast rests on
 * @param method how it was made, in words
 * @param notes what to know before it is believed
 */
public record Forecast(
    long step,
    double loss,
    double low,
    double high,
    double level,
    List<BandForecast.Interval> intervals,
    double scatter,
    double scale,
    Basis kind,
    String method,
    List<String> notes) {
  /** Copies the lists. */
  public Forecast {
    intervals = List.copyOf(intervals);
    notes = List.copyOf(notes);
  }
}
