/** Losses made of the head's log-probabilities with DJL's autograd, as tests that run. */
package dev.headroom.head.examples;
