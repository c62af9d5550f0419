package dev.headroom.head;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.GradientCollector;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A classifier that DJL operations make of other parameters: c = base x scale. */
class NonLeafClassifierTest {

  /** The gradients that the leaves get for a dC: dbase = dC x scale, dscale = sum over D. */
  private static float[][] leaves(float[] dC, float[] base, float[] scale, int width) {
    float[][] expected = new float[2][];
    expected[0] = new float[dC.length];
    expected[1] = new float[scale.length];
    for (int i = 0; i < dC.length; i++) {
      expected[0][i] = dC[i] * scale[i / width];
      expected[1][i / width] += dC[i] * base[i];
    }
    return expected;
  }

  @ParameterizedTest
  @EnumSource(Delivery.class)
  void gradientReachesTheLeavesOfTheClassifier(Delivery delivery) {
    try (HeadFixture fixture = new HeadFixture(9, 5, 70)) {
      NDArray base = fixture.weight;
      NDArray scale = fixture.manager.create(new float[70], new Shape(70, 1)).add(1.5f);
      scale.setRequiresGradient(true);
      // the same classifier as a leaf
      NDArray leaf = fixture.manager.create(base.mul(scale).toFloatArray(), base.getShape());
      leaf.setRequiresGradient(true);
      HeadLoss plain = new HeadLoss(fixture.options());
      float[] value = new float[2];
      float[] dC;
      float[] dE;
      try (GradientCollector collector = fixture.manager.getEngine().newGradientCollector()) {
        NDArray loss =
            plain.evaluate(fixture.targets(), new NDList(fixture.hidden, leaf, fixture.bias));
        value[0] = loss.getFloat();
        collector.backward(loss);
        dC = leaf.getGradient().toFloatArray();
        dE = fixture.hidden.getGradient().toFloatArray();
      }
      fixture.hidden.getGradient().subi(fixture.hidden.getGradient());
      HeadLoss loss = new HeadLoss(fixture.options().withDelivery(delivery));
      for (int round = 0; round < 2; round++) {
        try (GradientCollector collector = fixture.manager.getEngine().newGradientCollector()) {
          NDArray made = base.mul(scale);
          NDArray out =
              loss.evaluate(fixture.targets(), new NDList(fixture.hidden, made, fixture.bias));
          value[1] = out.getFloat();
          collector.backward(out);
          loss.finishBackward();
        }
        assertEquals(value[0], value[1]);
        float[][] expected = leaves(dC, base.toFloatArray(), scale.toFloatArray(), 5);
        assertArrayEquals(expected[0], base.getGradient().toFloatArray(), 1e-6f, "base");
        assertArrayEquals(expected[1], scale.getGradient().toFloatArray(), 1e-6f, "scale");
        assertArrayEquals(dE, fixture.hidden.getGradient().toFloatArray(), 1e-6f, "dE");
        for (NDArray array : new NDArray[] {base, scale, fixture.hidden}) {
          array.getGradient().subi(array.getGradient().duplicate());
        }
      }
    }
  }

  @Test
  void refusesOneLossARow() {
    try (HeadFixture fixture = new HeadFixture(9, 5, 70)) {
      HeadLoss loss = new HeadLoss(fixture.options().withReduction(Reduction.NONE));
      try (GradientCollector collector = fixture.manager.getEngine().newGradientCollector()) {
        NDList predictions = new NDList(fixture.hidden, fixture.weight.mul(2), fixture.bias);
        for (Runnable each :
            new Runnable[] {
              () -> loss.evaluate(fixture.targets(), predictions),
              () -> loss.rows(fixture.targets(), predictions)
            }) {
          String message = assertThrows(IllegalArgumentException.class, each::run).getMessage();
          assertEquals(
              "classifier: the result of an operation (expected: a parameter, for one loss a row and"
                  + " for rows(): its gradient is added once the backward pass is over; reduce to"
                  + " a mean or a sum with Delivery.AUTOGRAD, or detach it)",
              message);
        }
      }
    }
  }
}
