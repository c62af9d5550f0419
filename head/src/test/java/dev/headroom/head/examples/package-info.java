/**
 * Losses made of the head's outputs and of several heads with DJL's autograd, as tests that run.
 */
package dev.headroom.head.examples;
