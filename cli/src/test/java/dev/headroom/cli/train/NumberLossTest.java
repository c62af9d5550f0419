package dev.headroom.cli.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.Gson;
import com.google.gson.JsonObject;
import dev.headroom.head.NumberTokens;
import dev.headroom.head.losses.NumberTokenLoss;
import dev.headroom.head.losses.NumberTokenLoss.Distance;
import dev.headroom.head.losses.WholeNumberLoss;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NumberLossTest {
  private static final NumberTokens DIGITS = NumberTokens.of(Map.of(3, 1.0, 4, 2.0, 5, 9.0));

  private static String refusal(String text) {
    return assertThrows(IllegalArgumentException.class, () -> NumberLoss.parse(text)).getMessage();
  }

  private static TrainOptions options(String numberLoss) {
    TrainOptions options = new TrainOptions();
    options.numberLoss = numberLoss;
    options.threads = 1;
    return options;
  }

  @ParameterizedTest
  @CsvSource({
    "wasserstein, wasserstein:0.3",
    "Wasserstein:3e-3, wasserstein:0.003",
    "wasserstein-mass:0.003, wasserstein-mass:0.003",
    "squared:1e-5, squared:0.00001",
    "absolute-mass, absolute-mass:0.3",
    "huber:1, huber:1",
    "squashed-mass:0.30, squashed-mass:0.3",
    "gaussian, gaussian:0.3",
    "whole:120, whole:120"
  })
  void writesATextInItsOneForm(String text, String form) {
    NumberLoss loss = NumberLoss.parse(text);
    assertEquals(form, loss.text());
    assertEquals(loss, NumberLoss.parse(loss.text()));
  }

  @Test
  void makesTheLossThatIsNamed() {
    assertEquals(
        NumberTokenLoss.wasserstein(DIGITS).byNumberMass().withWeight(0.003),
        NumberLoss.parse("wasserstein-mass:0.003").over(DIGITS));
    assertEquals(
        NumberTokenLoss.dotProduct(DIGITS, Distance.SQUARED).withWeight(1e-5),
        NumberLoss.parse("squared:1e-5").over(DIGITS));
    assertEquals(
        NumberTokenLoss.dotProduct(DIGITS, Distance.ABSOLUTE).withWeight(2),
        NumberLoss.parse("absolute:2").over(DIGITS));
    assertEquals(
        NumberTokenLoss.dotProduct(DIGITS, Distance.HUBER).withWeight(0.3),
        NumberLoss.parse("huber").over(DIGITS));
    assertEquals(
        NumberTokenLoss.squashed(DIGITS, 5).withWeight(0.3),
        NumberLoss.parse("squashed").over(DIGITS));
    assertEquals(
        NumberTokenLoss.gaussian(DIGITS, 1).withWeight(0.3),
        NumberLoss.parse("gaussian").over(DIGITS));
    assertEquals(new WholeNumberLoss(DIGITS, 0.3), NumberLoss.parse("whole").over(DIGITS));
  }

  @Test
  void refusesWhatIsNoLoss() {
    assertTrue(
        refusal("wasserstien:0.3")
            .startsWith("--number-loss: wasserstien:0.3 (expected: KIND:WEIGHT or none; KIND is"));
    assertTrue(refusal("wasserstein:much").contains("wasserstein:much (expected: a number after"));
    assertTrue(refusal("wasserstein:0").contains("weight 0.0 (expected: a positive weight"));
    assertTrue(refusal("huber:-1").contains("weight -1.0 (expected: a positive weight"));
    assertTrue(refusal("huber:NaN").contains("a positive weight"));
    assertTrue(refusal("huber:Infinity").contains("a positive weight"));
    assertTrue(refusal("gaussian-mass").contains("gaussian-mass (expected: gaussian; it has no"));
    assertTrue(refusal("whole-mass:1").contains("whole-mass (expected: whole"));
    assertTrue(refusal("").contains("(expected: KIND:WEIGHT or none"));
  }

  @Test
  void settingsKeepTheOneFormAndRefusePlain() {
    TrainSettings settings = options("Huber:3e-3").settings(10);
    assertEquals("huber:0.003", settings.numberLoss());
    assertEquals(new NumberLoss(NumberLoss.Kind.HUBER, false, 0.003), settings.addedLoss());
    assertNull(options(null).settings(10).addedLoss());
    assertEquals("none", options("NONE").settings(10).numberLoss());
    TrainOptions plain = options("whole");
    plain.plain = true;
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> plain.settings(10));
    assertTrue(e.getMessage().startsWith("--number-loss: whole:0.3 (expected: none with --plain"));
  }

  @Test
  void aCheckpointKeepsTheLossAndAResumedRunMayNotChangeIt() {
    TrainSettings settings = options("squashed:0.3").settings(10);
    RunState state = new RunState(settings, null, List.of(), null, 5, 10, 1);
    RunState read = new Gson().fromJson(state.json(), RunState.class);
    assertEquals(settings, read.settings());
    read.requireSame(options("squashed").over(read.settings(), 10));
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class,
            () -> read.requireSame(options("squashed:0.2").over(read.settings(), 10)));
    assertTrue(e.getMessage().startsWith("--number-loss: \"squashed:0.2\" (expected: \"squashed:"));
  }

  @Test
  void aCheckpointOfAVersionWithoutTheSettingHasNone() {
    Gson gson = new Gson();
    JsonObject old = gson.toJsonTree(options(null).settings(10)).getAsJsonObject();
    old.remove("numberLoss");
    assertEquals("none", gson.fromJson(old, TrainSettings.class).numberLoss());
  }
}
