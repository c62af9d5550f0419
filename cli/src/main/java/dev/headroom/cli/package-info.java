/** Placeholder until the first type lands. */
package dev.headroom.cli;
