package dev.headroom.head.internal;

import dev.headroom.head.Backend;
import dev.headroom.head.SphericalFunction;
import java.util.Collections;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Chooses the implementation: one ladder of guard clauses, best first, each refusal kept as a
 * reason.
 *
 * <p>The system property {@code headroom.backend} (or the variable {@code HEADROOM_BACKEND}) forces
 * a rung; a forced rung that cannot serve, or an unknown name, is an error.
 */
public final class Backends {
  private static final Logger LOG = LoggerFactory.getLogger(Backends.class);

  private static Backends choice;

  private final HeadKernels kernels;
  private final Map<Backend, String> refusals;

  private Backends(HeadKernels kernels, Map<Backend, String> refusals) {
    this.kernels = kernels;
    this.refusals = Collections.unmodifiableMap(refusals);
  }

  /** Returns the choice of this process, made at the first call and logged once. */
  public static synchronized Backends chosen() {
    // not a static initialiser: a wrong name must reach the caller as what it is
    if (choice == null) {
      choice = choose();
    }
    return choice;
  }

  /** Returns the chosen kernels. */
  public HeadKernels kernels() {
    return kernels;
  }

  /** Returns why each better rung was passed over. */
  public Map<Backend, String> refusals() {
    return refusals;
  }

  /** Returns the kernels of one rung, or throws with the reason why it cannot serve here. */
  public static HeadKernels of(Backend backend) {
    requireServes(backend);
    return switch (backend) {
      case NATIVE_CPU -> new NativeCpuKernels();
      case PORTABLE -> new PortableKernels();
      case REFERENCE -> new ReferenceKernels();
      case CUDA -> throw new AssertionError("refused above");
    };
  }

  /**
   * Returns one rung's kernels for a loss of the spherical family, or throws with the reason why it
   * cannot serve here.
   */
  public static SphericalKernels spherical(Backend backend, SphericalFunction function) {
    requireServes(backend);
    SphericalKernels.Rung rung =
        switch (backend) {
          case NATIVE_CPU -> new NativeSpherical();
          case PORTABLE -> PortableSpherical::new;
          case REFERENCE -> ReferenceSpherical::new;
          case CUDA -> throw new AssertionError("refused above");
        };
    return new SphericalKernels(backend, function, rung);
  }

  /** Returns why a rung cannot serve here, or null when it can. */
  static String refusal(Backend backend) {
    return switch (backend) {
      case CUDA -> "this version has no CUDA kernels";
      case NATIVE_CPU -> NativeCpuKernels.refusal();
      case PORTABLE, REFERENCE -> null;
    };
  }

  private static void requireServes(Backend backend) {
    String refusal = refusal(backend);
    if (refusal != null) {
      throw new IllegalArgumentException(
          "backend: " + backend + " (expected: one that can serve here; " + refusal + ")");
    }
  }

  private static Backends choose() {
    String forced = System.getProperty("headroom.backend", System.getenv("HEADROOM_BACKEND"));
    if (forced != null && !forced.isBlank()) {
      Backends backends = new Backends(of(parse(forced)), new EnumMap<>(Backend.class));
      LOG.info("headroom backend {} (forced)", backends.kernels.backend());
      return backends;
    }
    Map<Backend, String> refusals = new EnumMap<>(Backend.class);
    for (Backend backend : Backend.values()) {
      String refusal = refusal(backend);
      if (refusal == null) {
        LOG.info("headroom backend {}, passed over: {}", backend, refusals);
        return new Backends(of(backend), refusals);
      }
      refusals.put(backend, refusal);
    }
    throw new AssertionError("PORTABLE always serves");
  }

  /** Returns the backend of a name in any case, with - or _. */
  static Backend parse(String name) {
    try {
      return Backend.valueOf(name.trim().toUpperCase(Locale.ROOT).replace('-', '_'));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "headroom.backend: " + name + " (expected: one of cuda, native_cpu, portable, reference)",
          e);
    }
  }
}
