/**
 * Laws written as text by a user.
 *
 * <p>{@link dev.headroom.scaling.law.text.OwnLaw} reads {@code E + A/N^a + B/D^b}, differentiates
 * it symbolically, finds which parameters enter linearly and which units it can follow, and is then
 * a {@link dev.headroom.scaling.law.Law} like the others.
 */
package dev.headroom.scaling.law.text;
