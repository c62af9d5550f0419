/** Losses in place of the cross-entropy, or beside it. */
package dev.headroom.head.losses;
