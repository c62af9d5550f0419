/**
 * Plans runs with a fitted law: how to split a budget, and which runs to do next.
 *
 * <p>{@link dev.headroom.scaling.plan.Sweep} holds runs at several budgets, and {@link
 * dev.headroom.scaling.plan.Approaches} finds from them how the best model grows with the budget,
 * in the three ways of Hoffmann et al. 2022.
 */
package dev.headroom.scaling.plan;
