package dev.headroom.scaling.check.baseline;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What the manifest of a baseline says of one golden run.
 *
 * @param file name of its log in the folder
 * @param sha256 hash of that log
 * @param source the log it was made from, as it was named
 * @param hardware hardware class, empty where not stated
 * @param version version of Headroom that added it
 * @param points steps with a loss
 * @param lastStep its last step
 * @param lastLoss its last loss, nats per token
 * @param settings settings of the run, from its log's header
 */
public record Golden(
    String file,
    String sha256,
    String source,
    String hardware,
    String version,
    int points,
    long lastStep,
    double lastLoss,
    Map<String, String> settings) {

  /** Copies the settings. */
  public Golden {
    settings = Collections.unmodifiableMap(new LinkedHashMap<>(settings));
  }

  /** Returns the name without its ending: what {@code show} and {@code remove} take. */
  public String id() {
    return file.substring(0, file.length() - BaselineFolder.ENDING.length());
  }
}
