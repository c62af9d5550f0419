package dev.headroom.scaling.law;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.IntFunction;

/**
 * Lists the laws that can be fitted by name.
 *
 * <p>A law whose number of variables or parameters is chosen has it after a colon: {@code
 * broken:2}, {@code mixture-exp:4}.
 */
public final class Laws {

  private static final List<Law> ALL =
      List.of(
          new PowerLaw(),
          new PurePowerLaw(),
          new ShiftedPowerLaw(),
          new BrokenPowerLaw(1),
          new BrokenPowerLaw(2),
          new ExponentialLaw(),
          new ChinchillaLaw(),
          new KaplanLaw(),
          new KaplanTrajectoryLaw(),
          new DataConstrainedLaw(),
          new OverTrainingLaw(),
          new EnsembleLaw(),
          new NmtLaw(),
          new AnnealingLaw(),
          new AnnealingSizeLaw(),
          MultiPowerLaw.example(),
          new ExponentialMixtureLaw(2),
          new AdditiveMixtureLaw(2),
          new JointMixtureLaw(2),
          new RectifiedLaw(),
          new SftLaw(),
          new LossToLossLaw(),
          new ErrorLaw(),
          new SigmoidLaw(),
          new BleuLaw(),
          new CoverageLaw(),
          new CoveragePowerLaw(),
          new CoverageBetaLaw(),
          new StepLawRate(),
          new StepLawBatch(),
          new GrowthLaw());

  private static final List<Law> LOSS =
      List.of(
          new PowerLaw(),
          new PurePowerLaw(),
          new ShiftedPowerLaw(),
          new BrokenPowerLaw(1),
          new ExponentialLaw(),
          new ChinchillaLaw(),
          new KaplanLaw(),
          new DataConstrainedLaw(),
          new OverTrainingLaw(),
          new AnnealingLaw());

  private static final Map<String, IntFunction<Law>> SIZED =
      new TreeMap<>(
          Map.of(
              "broken", BrokenPowerLaw::new,
              "mixture-exp", ExponentialMixtureLaw::new,
              "mixture-add", AdditiveMixtureLaw::new,
              "mixture-joint", JointMixtureLaw::new));

  private Laws() {}

  /** Returns all laws, sized ones at usual sizes, in the order they are shown to a user. */
  public static List<Law> all() {
    return ALL;
  }

  /** Returns the laws of a loss by scale, which points with the same columns may decide between. */
  public static List<Law> ofLoss() {
    return LOSS;
  }

  /**
   * Returns the law of this name.
   *
   * @throws IllegalArgumentException for a name that no law has, with the names that exist, or a
   *     size that the law does not come in
   */
  public static Law named(String name) {
    StringBuilder names = new StringBuilder();
    for (Law law : ALL) {
      if (law.name().equals(name)) {
        return law;
      }
      names.append(names.length() == 0 ? "" : ", ").append(law.name());
    }
    int colon = name.indexOf(':');
    if (colon > 0 && SIZED.containsKey(name.substring(0, colon))) {
      String size = name.substring(colon + 1);
      if (!size.matches("[0-9]{1,3}")) {
        throw new IllegalArgumentException(
            "law: " + name + " (expected: a number after the colon)");
      }
      return SIZED.get(name.substring(0, colon)).apply(Integer.parseInt(size));
    }
    throw new IllegalArgumentException("law: " + name + " (expected: one of " + names + ")");
  }
}
