package dev.headroom.scaling.check;

/**
 * Says what one rule found.
 *
 * @param rule id of the rule, one of {@link Rules#ids()}
 * @param severity how bad it is
 * @param step the step at which it starts
 * @param message what, where and how much, in words
 */
public record Finding(String rule, Severity severity, long step, String message) {}
