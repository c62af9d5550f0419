package dev.headroom.listeners;

/** Is told of each step of a run, between its backward pass and its update. */
@FunctionalInterface
public interface StepObserver {
  /**
   * Takes a step.
   *
   * @throws RunStoppedException where the run is not to go on; the update is not made
   */
  void onStep(TrainingStep step);

  /**
   * Takes the loss on held-out text after a step; nothing by default.
   *
   * @param step number of the last update
   * @param valLoss in nats a token
   */
  default void onEvaluation(long step, float valLoss) {}
}
