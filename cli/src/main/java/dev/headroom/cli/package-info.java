/**
 * The {@code headroom} command: one small class a command, over {@code scaling} and {@code head}.
 *
 * <p>{@link dev.headroom.cli.Headroom} only finds the command and loads its class, so that commands
 * which read logs never touch the deep-learning engine. Data goes to standard output, everything
 * else to standard error; {@link dev.headroom.cli.ExitCode} lists what a command can return.
 */
package dev.headroom.cli;
