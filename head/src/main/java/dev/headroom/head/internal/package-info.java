/** The rungs behind the public door: kernels, their choice, checks, and the way to raw memory. */
package dev.headroom.head.internal;
