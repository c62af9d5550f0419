package dev.headroom.scaling.law;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class LawsTest {

  @Test
  void listsEveryLawOnceAndFindsItByName() {
    List<String> names = Laws.all().stream().map(Law::name).toList();
    assertEquals("power", names.get(0));
    assertEquals(names.size(), Set.copyOf(names).size());
    for (Law law : Laws.all()) {
      assertEquals(law, Laws.named(law.name()));
    }
  }

  @Test
  void unknownNameIsRefusedWithTheNamesThatExist() {
    String message =
        assertThrows(IllegalArgumentException.class, () -> Laws.named("caplan")).getMessage();
    String names = String.join(", ", Laws.all().stream().map(Law::name).toList());
    assertEquals("law: caplan (expected: one of " + names + ")", message);
  }

  @Test
  void sizeIsReadAfterTheColon() {
    assertEquals(new BrokenPowerLaw(3), Laws.named("broken:3"));
    assertEquals(6, Laws.named("mixture-exp:6").variables().size());
    assertEquals(7, Laws.named("mixture-add:5").variables().size());
    assertThrows(IllegalArgumentException.class, () -> Laws.named("broken:4"));
    assertThrows(IllegalArgumentException.class, () -> Laws.named("broken:x"));
    assertThrows(IllegalArgumentException.class, () -> Laws.named("mixture-add:1"));
  }

  @Test
  void publishedConstantsGiveThePublishedLoss() {
    // Hoffmann et al. 2022, equation 10, at Gopher's 280e9 parameters and 300e9 tokens.
    double[] theta = {1.69, 406.4, 410.7, .34, .28};
    double expected = 1.69 + 406.4 / Math.pow(280e9, .34) + 410.7 / Math.pow(300e9, .28);
    double loss = Laws.named("chinchilla").value(new double[] {280e9, 300e9}, theta);
    assertEquals(expected, loss, 1e-13);
    assertEquals(1.993, loss, 5e-4);
  }

  @Test
  void parameterRefusesStartsOutsideItsBounds() {
    assertThrows(
        IllegalArgumentException.class,
        () ->
            new Parameter("a", "1", 0, 1, "exponent", Parameter.Kind.NONLINEAR, List.of(.5, 2.0)));
    assertThrows(
        IllegalArgumentException.class,
        () -> new Parameter("a", "1", 0, 1, "exponent", Parameter.Kind.NONLINEAR, List.of()));
    assertThrows(
        IllegalArgumentException.class,
        () -> new Parameter("a", "1", 1, 0, "exponent", Parameter.Kind.NONLINEAR, List.of(.5)));
  }
}
