package dev.headroom.head.internal;

import ai.djl.engine.Engine;
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
      case CUDA -> new CudaKernels();
      case NATIVE_CPU -> new NativeCpuKernels();
      case PORTABLE -> new PortableKernels();
      case REFERENCE -> new ReferenceKernels();
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
          case CUDA -> throw withoutCuda("the spherical family");
          case NATIVE_CPU -> new NativeSpherical();
          case PORTABLE -> PortableSpherical::new;
          case REFERENCE -> ReferenceSpherical::new;
        };
    return new SphericalKernels(backend, function, rung);
  }

  /**
   * Returns the rung of losses that CUDA has no kernels for: the chosen one, and PORTABLE on a GPU.
   */
  public static Backend chosenWithoutCuda() {
    Backend backend = chosen().kernels.backend();
    return backend == Backend.CUDA ? Backend.PORTABLE : backend;
  }

  static IllegalArgumentException withoutCuda(String losses) {
    return new IllegalArgumentException(
        "backend: CUDA (expected: PORTABLE for " + losses + ", which CUDA has no kernels for)");
  }

  /** Returns why a rung cannot serve here, or null when it can. */
  static String refusal(Backend backend) {
    return switch (backend) {
      case CUDA -> CudaKernels.refusal();
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
        return new Backends(byDevice(backend), refusals);
      }
      refusals.put(backend, refusal);
    }
    throw new AssertionError("PORTABLE always serves");
  }

  /** Where there are GPUs, each call goes to the kernels of its arrays' device. */
  private static HeadKernels byDevice(Backend best) {
    Engine engine = Engine.getEngine("PyTorch");
    if (engine.getGpuCount() == 0) {
      return of(best);
    }
    Backend onGpu = best == Backend.CUDA ? Backend.CUDA : Backend.PORTABLE;
    Backend onCpu = refusal(Backend.NATIVE_CPU) == null ? Backend.NATIVE_CPU : Backend.PORTABLE;
    return new KernelsByDevice(of(onGpu), of(onCpu), engine.defaultDevice());
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
