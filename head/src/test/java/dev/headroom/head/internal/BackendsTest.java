package dev.headroom.head.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.headroom.head.Backend;
import org.junit.jupiter.api.Test;

class BackendsTest {

  @Test
  void readsNamesInAnyCaseAndWithHyphens() {
    assertEquals(Backend.NATIVE_CPU, Backends.parse("native-cpu"));
    assertEquals(Backend.PORTABLE, Backends.parse(" Portable "));
  }

  @Test
  void refusesAnUnknownName() {
    String message =
        assertThrows(IllegalArgumentException.class, () -> Backends.parse("fast")).getMessage();
    assertEquals(
        "headroom.backend: fast (expected: one of cuda, native_cpu, portable, reference)", message);
  }

  @Test
  void refusesAForcedRungThatCannotServeAndSaysWhy() {
    String message =
        assertThrows(IllegalArgumentException.class, () -> Backends.of(Backend.CUDA)).getMessage();
    String start = "backend: CUDA (expected: one that can serve here; ";
    assertEquals(start, message.substring(0, start.length()), message);
    assertTrue(message.contains("has no GPU"), message);
  }

  @Test
  void keepsTheReasonOfEveryRungPassedOver() {
    Backends chosen = Backends.chosen();
    for (Backend backend : Backend.values()) {
      if (backend == chosen.kernels().backend()) {
        break;
      }
      assertTrue(chosen.refusals().containsKey(backend), backend + " has no reason");
    }
  }
}
