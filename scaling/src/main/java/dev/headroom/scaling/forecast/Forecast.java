package dev.headroom.scaling.forecast;

import java.util.List;

/**
 * Gives the forecast loss of a run with its band.
 *
 * @param step the step it is for
 * @param loss forecast loss in nats per token
 * @param low lower end of the band
 * @param high upper end of the band
 * @param level nominal coverage of the band
 * @param method how it was made, in words
 * @param notes what to know before it is believed
 */
public record Forecast(
    long step,
    double loss,
    double low,
    double high,
    double level,
    String method,
    List<String> notes) {
  /** Copies the notes. */
  public Forecast {
    notes = List.copyOf(notes);
  }
}
