/** How far a head's probabilities can be trusted, from the statistics of its rows. */
package dev.headroom.head.calibration;
