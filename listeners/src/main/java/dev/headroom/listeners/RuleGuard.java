package dev.headroom.listeners;

import dev.headroom.scaling.check.CheckOptions;
import dev.headroom.scaling.check.Finding;
import dev.headroom.scaling.check.LiveChecker;
import dev.headroom.scaling.check.Severity;
import dev.headroom.scaling.check.Verdict;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Judges a run while it trains by the rules of {@code headroom check}: calls back, leaves an update
 * out, or stops the run.
 *
 * <p>A finding that is new goes to the callbacks; one as grave as {@link Builder#optStopOn} then
 * throws {@link RunStoppedException} out of the training loop, before the update. With {@link
 * Builder#optSkip} an update whose loss or gradient norm is not finite, or whose loss stands out of
 * the running level, is left out instead of ending the run, unless that happens too often in a row.
 * Memory and time of a step: those of {@link LiveChecker}.
 */
public final class RuleGuard implements StepObserver {
  private final LiveChecker checker;
  private final Severity stopOn;
  private final SkippingOptimizer optimizer;
  private final int mostInARow;
  private final List<Consumer<Finding>> callbacks;
  private int inARow;

  private RuleGuard(Builder builder) {
    checker = new LiveChecker(builder.options);
    stopOn = builder.stopOn;
    optimizer = builder.optimizer;
    mostInARow = builder.mostInARow;
    callbacks = List.copyOf(builder.callbacks);
  }

  /** Starts a builder. */
  public static Builder builder() {
    return new Builder();
  }

  @Override
  public void onStep(TrainingStep step) {
    boolean skip = optimizer != null && bad(step);
    inARow = skip ? inARow + 1 : 0;
    List<Finding> found = checker.add(step.step(), step.loss(), columns(step));
    found.forEach(finding -> callbacks.forEach(callback -> callback.accept(finding)));
    if (optimizer != null) {
      optimizer.skip(skip);
    }
    List<Finding> grave = new ArrayList<>();
    for (Finding finding : found) {
      boolean left = skip && finding.rule().equals("finite");
      if (stopOn != null && finding.severity().compareTo(stopOn) >= 0 && !left) {
        grave.add(finding);
      }
    }
    if (skip && inARow > mostInARow) {
      String text = inARow + " updates in a row left out (expected: at most " + mostInARow + ")";
      grave.add(new Finding("skip", Severity.ERROR, step.step(), text));
    }
    if (!grave.isEmpty()) {
      throw new RunStoppedException(step.step(), grave);
    }
  }

  private boolean bad(TrainingStep step) {
    boolean finite =
        Float.isFinite(step.loss())
            && (step.gradNorm() == null || Double.isFinite(step.gradNorm()));
    return !finite || checker.standsOut(step.loss());
  }

  private static Map<String, Double> columns(TrainingStep step) {
    Map<String, Double> out = new LinkedHashMap<>();
    if (step.tokens() > 0) {
      out.put("tokens", (double) step.tokens());
    }
    if (step.lr() != null) {
      out.put("lr", step.lr());
    }
    if (step.gradNorm() != null) {
      out.put("grad_norm", step.gradNorm());
    }
    out.put("time", step.seconds());
    step.more().forEach((name, value) -> out.put(name, value.doubleValue()));
    return out;
  }

  /** Returns the verdict on the run so far, as if it ended here. */
  public Verdict verdict() {
    return checker.verdict();
  }

  /** Gathers the rules and what follows from them. */
  public static final class Builder {
    private CheckOptions options = CheckOptions.defaults();
    private Severity stopOn = Severity.ERROR;
    private SkippingOptimizer optimizer;
    private int mostInARow;
    private final List<Consumer<Finding>> callbacks = new ArrayList<>();

    private Builder() {}

    /** Sets the rules and their settings, default all rules as they are. */
    public Builder optRules(CheckOptions rules) {
      options = rules;
      return this;
    }

    /** Stops the run at a finding of this severity or a graver one (default: ERROR). */
    public Builder optStopOn(Severity severity) {
      stopOn = severity;
      return this;
    }

    /** Lets the run go on whatever is found. */
    public Builder neverStop() {
      stopOn = null;
      return this;
    }

    /**
     * Leaves bad updates out.
     *
     * @param leavesOut the trainer's optimiser
     * @param most updates in a row that may be left out; one more stops the run
     */
    public Builder optSkip(SkippingOptimizer leavesOut, int most) {
      if (most < 1) {
        throw new IllegalArgumentException("most: " + most + " (expected: 1 or more)");
      }
      optimizer = leavesOut;
      mostInARow = most;
      return this;
    }

    /** Calls back with each new finding, before the run is stopped for it. */
    public Builder addCallback(Consumer<Finding> callback) {
      callbacks.add(callback);
      return this;
    }

    /** Makes the guard. */
    public RuleGuard build() {
      return new RuleGuard(this);
    }
  }
}
