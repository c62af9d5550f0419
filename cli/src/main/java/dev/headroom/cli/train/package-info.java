/**
 * Trains a small decoder-only language model with the o200k vocabulary through DJL: corpus, model,
 * loop, log, checkpoint.
 */
package dev.headroom.cli.train;
