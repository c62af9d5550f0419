/**
 * The verdicts of {@code headroom check} in the forms that continuous integration reads.
 *
 * <p>{@link dev.headroom.cli.verdict.Judged} is what is known of one run; one class makes one form
 * of it, and {@link dev.headroom.cli.verdict.ReportKind} lists them. Nothing here reads a log or
 * writes a file.
 */
package dev.headroom.cli.verdict;
