/**
 * Holds what serves the packages of this module and nobody else: everything that calls Commons
 * Math, which no other package imports, and quantiles.
 */
package dev.headroom.scaling.fit.internal;
