package dev.headroom.head.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.loss.Loss;
import dev.headroom.head.HeadOptions;
import dev.headroom.head.internal.TorchTensors;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HeadBenchTest {

  @TempDir Path folder;

  private static ShapeResult measure(String shape, int rounds, String python) {
    BenchSettings settings = new BenchSettings(64 << 20, rounds, 2, python);
    return HeadBench.measure(HeadShape.parse(shape), settings, line -> {});
  }

  private static HeadMeasurement head(ShapeResult result, String name) {
    return result.heads().stream().filter(h -> h.head().equals(name)).findFirst().orElseThrow();
  }

  @ParameterizedTest
  @ValueSource(strings = {"1,64,3", "1,1,1", "33,129,5027"})
  void measuresShapesOfEverySort(String shape) {
    ShapeResult result = measure(shape, 1, null);
    assertEquals(List.of(), result.notes());
    assertEquals(result.shape().n(), result.lossRows());
    assertTrue(result.productSeconds() > 0, "products: " + result.productSeconds());
    assertEquals("djl-plain", result.heads().get(0).head());
    for (HeadMeasurement head : result.heads()) {
      assertEquals("", head.note(), head.toString());
      assertTrue(head.seconds() > 0 && head.speedup() > 0, head.toString());
      // one class: the loss is 0 and so is what it is divided by
      assertTrue(head.lossError() < 1e-2 || shape.equals("1,1,1"), head.toString());
    }
  }

  @Test
  void judgesTheSphericalHeadByItsOwnLoss() {
    List<String> losses = List.of(BenchLosses.SPHERICAL);
    BenchSettings settings = new BenchSettings(64 << 20, 1, 2, null, losses);
    ShapeResult result = HeadBench.measure(HeadShape.parse("33,29,5027"), settings, line -> {});
    HeadMeasurement head = head(result, "spherical");
    assertEquals("gram", head.engine());
    assertTrue(head.seconds() > 0 && head.lossError() < 1e-6, head.toString());
  }

  @Test
  void measuresEveryLossThatItNames() {
    BenchSettings settings = new BenchSettings(64 << 20, 1, 2, null, BenchLosses.names());
    ShapeResult result = HeadBench.measure(HeadShape.parse("33,29,5027"), settings, line -> {});
    assertEquals(List.of(), result.notes());
    for (String name : BenchLosses.names()) {
      HeadMeasurement head = head(result, name);
      assertEquals("", head.note(), head.toString());
      assertTrue(head.seconds() > 0, head.toString());
    }
    assertEquals("pair", head(result, "forward-kl").engine());
  }

  @Test
  void refusesALossThatNoOneKnows() {
    String message =
        assertThrows(
                IllegalArgumentException.class,
                () -> new BenchSettings(64 << 20, 1, 2, null, List.of("no-loss")))
            .getMessage();
    assertTrue(message.startsWith("loss: no-loss (expected: one of ["), message);
  }

  @Test
  void takesTurnsWithPytorchsHeadsAndHoldsTheirLossAgainstTheSameOne() throws IOException {
    double truth;
    try (NDManager manager = NDManager.newBaseManager()) {
      truth = ExactLoss.of(BenchInputs.draw(new HeadShape(9, 4, 30), manager));
    }
    String onRun =
        "case $2 in torch-ce) echo \"done 0.5 "
            + truth * 1.25
            + " 7\" ;; torch-lce) echo \"error out of memory\" ;; torch-lce-bf16) exit 1 ;;"
            + " *) echo \"done 2 1 3\" ;; esac";
    ShapeResult result = measure("9,4,30", 3, FakePython.answering(folder, onRun));
    assertEquals("PyTorch 9.9, Python 3.99", result.peer());
    HeadMeasurement good = head(result, "torch-ce");
    assertEquals(0.5, good.seconds());
    assertEquals(7, good.peakExtraBytes());
    assertEquals(0.25, good.lossError(), 1e-9);
    assertEquals("failed: out of memory", head(result, "torch-lce").note());
    assertTrue(Double.isNaN(head(result, "torch-lce").seconds()));
    assertTrue(head(result, "torch-lce-bf16").note().startsWith("failed: ended with exit code 1"));
    assertEquals(2, head(result, "torch-lce-sized-bf16").seconds());
    String log = FakePython.log(folder);
    assertEquals(2 + 3, log.split("run torch-ce ", -1).length - 1, log);
    assertEquals(1, log.split("run torch-lce ", -1).length - 1, log);
  }

  @Test
  void wantsBothGradientsOfEveryHead() {
    HeadShape shape = new HeadShape(2, 4, 3);
    List<Boolean> wanted = new ArrayList<>();
    Loss loss =
        new Loss("wanted") {
          @Override
          public NDArray evaluate(NDList labels, NDList predictions) {
            predictions.forEach(array -> wanted.add(TorchTensors.recordsGradient(array)));
            return predictions.get(0).matMul(predictions.get(1).transpose()).sum();
          }
        };
    DjlHead head = new DjlHead("wanted", shape, HeadOptions.of(shape.v(), shape.d()), loss);
    try (NDManager manager = NDManager.newBaseManager()) {
      head.turn(BenchInputs.draw(shape, manager), false);
    }
    assertEquals(List.of(true, true), wanted);
  }

  @Test
  void asksASlowHeadOnce() throws IOException {
    String onRun = "case $2 in torch-ce) echo \"done 3600 1 2\" ;; *) echo \"done 1 1 2\" ;; esac";
    ShapeResult result = measure("9,4,30", 2, FakePython.answering(folder, onRun));
    assertEquals(3600, head(result, "torch-ce").seconds());
    assertEquals(2, head(result, "torch-ce").peakExtraBytes());
    assertTrue(head(result, "torch-ce").note().contains("slow"));
    assertEquals(1, FakePython.log(folder).split("run torch-ce ", -1).length - 1);
  }

  @Test
  void goesOnWithoutPython() {
    ShapeResult result = measure("9,4,30", 1, folder.resolve("absent").toString());
    assertEquals(1, result.notes().size());
    assertTrue(result.notes().get(0).contains("cannot start it: No such file"));
    assertFalse(result.heads().stream().anyMatch(h -> h.head().startsWith("torch")));
    assertEquals("", result.peer());
  }

  @Test
  void countsSixOperationsForEveryRowColumnAndClass() {
    ShapeResult result =
        new ShapeResult(new HeadShape(10, 20, 50), List.of(), 1, 10, "", List.of());
    assertEquals(6e-5, result.gigaflops(1), 1e-18);
    assertEquals(3e-5, result.gigaflops(2), 1e-18);
  }

  @Test
  void writesProductsIntoArraysThatAreThere() {
    try (NDManager manager = NDManager.newBaseManager()) {
      NDArray a = manager.create(new float[] {1, 2, 3, 4, 5, 6}, new Shape(2, 3));
      NDArray out = manager.zeros(new Shape(3, 3));
      TorchTensors.matMulInto(out, a.transpose(), a);
      assertEquals(a.transpose().matMul(a), out);
      assertThrows(IllegalStateException.class, () -> TorchTensors.matMulInto(out, a, a));
    }
  }

  @Test
  void multipliesEveryClassOnceInChunksThatFit() {
    for (HeadShape shape :
        List.of(
            new HeadShape(4096, 8, 40_000),
            new HeadShape(8192, 2304, 256_000),
            new HeadShape(1, 64, 3))) {
      int[] widths = new BareProducts(shape).widths();
      assertEquals(shape.v(), Arrays.stream(widths).sum(), shape.toString());
      assertTrue(Arrays.stream(widths).allMatch(w -> w > 0), Arrays.toString(widths));
      long widest = Arrays.stream(widths).max().orElseThrow();
      assertTrue(4 * widest * Math.max(shape.n(), shape.d()) <= 256L << 20, shape.toString());
    }
    try (NDManager manager = NDManager.newBaseManager()) {
      // the last chunk is cut
      HeadShape shape = new HeadShape(4096, 8, 40_000);
      BenchInputs inputs = BenchInputs.draw(shape, manager);
      assertTrue(new BareProducts(shape).turn(inputs, false).seconds() > 0);
    }
  }

  @Test
  void computesTheLossInFloat64() {
    try (NDManager manager = NDManager.newBaseManager()) {
      // more classes and rows than a tile has
      BenchInputs inputs = BenchInputs.draw(new HeadShape(700, 3, 5000), manager);
      assertEquals(naiveLoss(inputs), ExactLoss.of(inputs), 1e-12);
    }
  }

  @Test
  void judgesLargeShapesByEvenlySpacedRows() {
    assertEquals(2048, ExactLoss.affordableRows(new HeadShape(2048, 256, 200_064)));
    int rows = ExactLoss.affordableRows(new HeadShape(8192, 2304, 256_000));
    assertTrue(rows > 100 && rows < 1000, "rows: " + rows);
    try (NDManager manager = NDManager.newBaseManager()) {
      BenchInputs all = BenchInputs.draw(new HeadShape(10, 2, 6), manager);
      BenchInputs some = all.sample(3);
      assertEquals(new HeadShape(3, 2, 6), some.shape());
      long[] targets = all.targets().toLongArray();
      assertEquals(
          List.of(targets[0], targets[3], targets[6]),
          Arrays.stream(some.targets().toLongArray()).boxed().toList());
      assertEquals(all.hidden().get(6), some.hidden().get(2));
    }
  }

  @Test
  void asksForTheLossesOfTheRowsThatAreJudged() throws IOException {
    double truth;
    try (NDManager manager = NDManager.newBaseManager()) {
      truth = ExactLoss.of(BenchInputs.draw(new HeadShape(9, 4, 30), manager).sample(3));
    }
    // time and peak of the turn on fewer rows do not count
    String onRun =
        "if [ $rows = 3 ]; then echo \"done 99 " + truth + " 99\"; else echo \"done 1 7 5\"; fi";
    String python = FakePython.answering(folder, onRun);
    BenchSettings settings = new BenchSettings(64 << 20, 1, 2, python);
    HeadShape shape = new HeadShape(9, 4, 30);
    ShapeResult result = HeadBench.measure(shape, settings, line -> {}, 3);
    assertEquals(3, result.lossRows());
    assertEquals(List.of(), result.notes());
    for (HeadMeasurement head : result.heads()) {
      double most = head.head().endsWith("bf16") ? 1e-2 : 1e-6;
      assertTrue(head.lossError() < most, head.toString());
    }
    assertEquals(1, head(result, "torch-ce").seconds());
    assertEquals(5, head(result, "torch-ce").peakExtraBytes());
    assertEquals(2, FakePython.log(folder).split("\nrows ", -1).length - 1);
  }

  private static double naiveLoss(BenchInputs inputs) {
    NDArray e = inputs.hidden();
    float[] hidden = e.toFloatArray();
    float[] weight = inputs.weight().toFloatArray();
    long[] targets = inputs.targets().toLongArray();
    int d = inputs.shape().d();
    double sum = 0;
    for (int i = 0; i < targets.length; i++) {
      double total = 0;
      double target = 0;
      for (int v = 0; v < inputs.shape().v(); v++) {
        double z = 0;
        for (int k = 0; k < d; k++) {
          z += (double) hidden[i * d + k] * weight[v * d + k];
        }
        total += Math.exp(z);
        target = v == targets[i] ? z : target;
      }
      sum += Math.log(total) - target;
    }
    return sum / targets.length;
  }
}
