package dev.headroom.scaling.plan;

import dev.headroom.scaling.fit.Estimate;
import java.util.List;

/**
 * Says how the best number of parameters grows with the budget: {@code N* = coefficient C^a}.
 *
 * @param method how it was found, in words
 * @param exponent the exponent a with its interval
 * @param coefficient parameters at C = 1
 * @param optima the best model of each budget, ascending; empty for a parametric law
 * @param notes what was left out, and what to know before it is believed
 */
public record Allocation(
    String method,
    Estimate exponent,
    double coefficient,
    List<Optimum> optima,
    List<String> notes) {

  /**
   * The best model of one budget.
   *
   * @param flops the budget
   * @param params parameters of the best model
   * @param loss its loss
   */
  public record Optimum(double flops, double params, double loss) {}

  public Allocation {
    optima = List.copyOf(optima);
    notes = List.copyOf(notes);
  }

  /** Returns the best number of parameters for a budget. */
  public double params(double flops) {
    return coefficient * Math.pow(flops, exponent.value());
  }
}
