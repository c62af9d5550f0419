/** Holds everything that calls Commons Math; no other package imports it. */
package dev.headroom.scaling.fit.internal;
