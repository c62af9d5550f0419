package dev.headroom.scaling.check.baseline;

import dev.headroom.scaling.log.Run;

/**
 * One golden run, read.
 *
 * @param run the run
 * @param hardware its hardware class, empty where not stated
 */
public record GoldenRun(Run run, String hardware) {}
