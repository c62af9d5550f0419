/**
 * Brings what DJL's training lacks: an AdamW that works in place and whose moments can be saved,
 * clipping by global norm or of each parameter by itself, gradients of micro-batches divided by the
 * kept rows of all, a checkpoint that resumes bit for bit.
 */
package dev.headroom.head.training;
