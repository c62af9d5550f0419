/**
 * Plans runs with a fitted law: how to split a budget, and which runs to do next.
 *
 * <p>{@link dev.headroom.scaling.plan.Sweep} holds runs at several budgets, and {@link
 * dev.headroom.scaling.plan.Approaches} finds from them how the best model grows with the budget,
 * in the three ways of Hoffmann et al. 2022. {@link dev.headroom.scaling.plan.ChinchillaPlan}
 * splits a budget under bounds and with served tokens, {@link
 * dev.headroom.scaling.plan.RepeatedData} where data are scarce; {@link
 * dev.headroom.scaling.plan.Planner} gives such numbers their intervals. {@link
 * dev.headroom.scaling.plan.ExperimentDesign} chooses the next runs, {@link
 * dev.headroom.scaling.plan.StepLaw} the learning rate and the batch, {@link
 * dev.headroom.scaling.plan.MixturePlan} the proportions of the data from {@link
 * dev.headroom.scaling.plan.MixtureRuns}.
 */
package dev.headroom.scaling.plan;
