package dev.headroom.scaling.check.trial;

/**
 * Holds one row of the table that says how good the rules are.
 *
 * @param table {@code healthy}, {@code labelled} or {@code injected}
 * @param name name of the set, run or fault
 * @param runs runs judged
 * @param points losses judged
 * @param found runs with an error (healthy), or in which the fault was found
 * @param warned runs with a warning but no error (healthy only)
 * @param live runs in which the check made while the rows come tells an error (healthy) or the
 *     fault
 * @param delay rows from the fault to the live alarm, median; NaN where there is none
 * @param first the first finding, for the reader
 */
public record TrialRow(
    String table,
    String name,
    int runs,
    long points,
    int found,
    int warned,
    int live,
    double delay,
    String first) {}
