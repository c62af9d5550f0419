package dev.headroom.scaling.law.text;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.headroom.scaling.fit.Fit;
import dev.headroom.scaling.fit.FitOptions;
import dev.headroom.scaling.fit.Fitter;
import dev.headroom.scaling.fit.Observations;
import dev.headroom.scaling.fit.Status;
import dev.headroom.scaling.law.Laws;
import dev.headroom.scaling.law.Parameter;
import dev.headroom.scaling.law.Variable;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class OwnLawTest {

  @Test
  void valuesAreThoseOfTheFormula() {
    double x = .7;
    double p = 1.9;
    check("p - x^2", p - x * x);
    check("-x^2 + p", p - x * x);
    check("x^-p^2", Math.pow(x, -(p * p)));
    check("p/x/2", p / x / 2);
    check("p - x - 1", p - x - 1);
    check("p/2x", p / 2 * x);
    check("2 p x", 2 * p * x);
    check("p (x)", p * x);
    check("x(p)", p * x);
    check("p -x", p - x);
    check("p**x*1e1", Math.pow(p, x) * 10);
    check("[p + x] (1.5e0 - .5)", p + x);
    check("-p + +-x", -p - x);
    check("p*min(x, 2) + max(x, p)", p * x + p);
    check("p + exp(x)*2 pi", p + Math.exp(x) * 2 * Math.PI);
    check("p*sigmoid(x) + tanh(x)", p / (1 + Math.exp(-x)) + Math.tanh(x));
    check("pow(p, x) + sqrt(x) + abs(-x)", Math.pow(p, x) + Math.sqrt(x) + x);
    check(
        "p + sin(x) + cos(x) + arctan(x) + ln(x)",
        p + Math.sin(x) + Math.cos(x) + Math.atan(x) + Math.log(x));
    check("p*2e-1 x", p * .2 * x);
  }

  private static void check(String formula, double expected) {
    double value = OwnLaw.of(formula, "x").value(new double[] {.7}, new double[] {1.9});
    assertEquals(expected, value, 1e-14 * Math.abs(expected), formula);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "E + A/x^a)| formula: unexpected ')' at 10 (expected: an operator or the end)",
        "E + (A/x| formula: unexpected end at 9 (expected: an operator or ')')",
        "E + * x| formula: unexpected '*' at 5 (expected: a number, a name or '(')",
        "E + x +| formula: unexpected end at 8 (expected: a number, a name or '(')",
        "E + foo(x)| formula: unknown function 'foo' at 5 (expected: one of exp, log, sqrt, pow,"
            + " sigmoid, tanh, min, max, abs, atan, sin, cos; or foo*(...) for a product)",
        "E + exp x| formula: unexpected 'x' at 9 (expected: '(' after exp)",
        "E + pow(x)| formula: unexpected ')' at 10 (expected: ',' and the second argument of pow)",
        "E + x # 2| formula: unexpected '#' at 7 (expected: an operator or the end)",
        "E + 1e999 x| formula: number '1e999' at 5 (expected: a finite number)",
        "E + . x| formula: number '.' at 5 (expected: a finite number)",
        "x + 1| formula: no parameters (expected: a name that is not one of the variables x)",
        "E + A| variable: x (expected: a name that the formula uses)"
      })
  void wrongTextIsRefusedWithItsPlace(String formula, String message) {
    assertEquals(
        message,
        assertThrows(IllegalArgumentException.class, () -> OwnLaw.of(formula, "x")).getMessage());
  }

  @ParameterizedTest
  @ValueSource(strings = {"(", "-(", "x^", "exp("})
  void deepNestingIsRefused(String open) {
    String formula = "A + " + open.repeat(20000) + "x";
    assertThrows(IllegalArgumentException.class, () -> OwnLaw.of(formula, "x"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "E + A/x^a + B*exp(-g*x)",
        "A*(x + c)^-a + E",
        "E + A/(1 + exp(k*(x - L0)))",
        "a*sigmoid(b*x) + tanh(c*x)*d",
        "log(a + x^b)*sqrt(c + x) + sin(d*x) - cos(e*x)/atan(f*x)",
        "a*min(x, b) + max(c*x, d) + abs(e - x)",
        "(a^b)^c + x^x^a",
        "b1*(1-(1+2*b2*x)**(-.5))",
        "-(-a*x)/(-b) - (a - a)*x"
      })
  void derivativesAreThoseOfDifferences(String formula) {
    OwnLaw law = OwnLaw.of(formula, "x");
    SplittableRandom random = new SplittableRandom(5);
    for (int trial = 0; trial < 50; trial++) {
      double[] x = {.2 + 3 * random.nextDouble()};
      double[] theta =
          law.parameters().stream().mapToDouble(p -> .3 + random.nextDouble()).toArray();
      double[] gradient = new double[theta.length];
      law.gradient(x, theta, gradient);
      for (int j = 0; j < theta.length; j++) {
        double[] moved = theta.clone();
        moved[j] += 1e-6;
        double above = law.value(x, moved);
        moved[j] -= 2e-6;
        double expected = (above - law.value(x, moved)) / 2e-6;
        assertEquals(expected, gradient[j], 1e-6 * Math.max(1, Math.abs(expected)), formula);
      }
    }
  }

  @Test
  void aPowerOfZeroHasADerivative() {
    OwnLaw law = OwnLaw.of("E + A*x^a", "x");
    double[] gradient = new double[3];
    law.evaluate(new double[] {0}, new double[] {Double.NaN}, new double[] {1, 2, .5}, gradient);
    assertArrayEquals(new double[] {1, 0, 0}, gradient);
  }

  @Test
  void linearParametersAreFound() {
    assertEquals("E A B", linear(OwnLaw.of("E + A/N^a + B/D^b", "N", "D")));
    assertEquals("A", linear(OwnLaw.of("A*B*x", "x")));
    assertEquals("b1", linear(OwnLaw.of("b1*(1-exp(-b2*x))", "x")));
    assertEquals("", linear(OwnLaw.of("1.69 + A/x^a", "x")), "a term is without a parameter");
    assertEquals("b1 b2 b3", linear(OwnLaw.of("(b1 + b2*x + b3*x^2)/(1 + b4*x)", "x")));
    assertEquals("", linear(OwnLaw.of("E*x + A/x^a", List.of("x"), Map.of("E", List.of(1.0)))));
  }

  private static String linear(OwnLaw law) {
    return String.join(
        " ", law.parameters().stream().filter(Parameter::isLinear).map(Parameter::name).toList());
  }

  @Test
  void variablesUnderRootsMustBePositive() {
    OwnLaw law = OwnLaw.of("E + A/N^a + B*t^2 + C*log(s)", "N", "t", "s");
    assertEquals(Variable.Domain.POSITIVE, law.variables().get(0).domain());
    assertEquals(Variable.Domain.REAL, law.variables().get(1).domain());
    assertEquals(Variable.Domain.POSITIVE, law.variables().get(2).domain());
  }

  @Test
  void unitsAreFollowedWhereTheFormulaCan() {
    double[] wanted = {1e9, 1e6};
    OwnLaw law = OwnLaw.of("E + A/N^a + B/D^b", "N", "D");
    assertArrayEquals(wanted, law.unitFactors(wanted));
    double[] mine = theta(law, Map.of("E", 1.7, "A", 400., "B", 500., "a", .34, "b", .3));
    double value = law.value(new double[] {3, 5}, mine);
    assertEquals(value, law.value(new double[] {3e9, 5e6}, law.rescaled(mine, wanted)), 1e-9);
    assertArrayEquals(
        new double[] {1, 1e6}, OwnLaw.of("E + A*exp(-g*N) + B/D^b", "N", "D").unitFactors(wanted));
    assertArrayEquals(
        new double[] {1e9, 1e6}, OwnLaw.of("A N^-p/D^q", "N", "D").unitFactors(wanted));
    assertArrayEquals(
        new double[] {1, 1e6}, OwnLaw.of("A/N^a + A + B*D", "N", "D").unitFactors(wanted));
  }

  private static double[] theta(OwnLaw law, Map<String, Double> values) {
    return law.parameters().stream().mapToDouble(p -> values.get(p.name())).toArray();
  }

  @Test
  void fitsLikeTheListedLaw() {
    SplittableRandom random = new SplittableRandom(3);
    double[][] x = new double[60][];
    double[] loss = new double[60];
    for (int i = 0; i < 60; i++) {
      x[i] =
          new double[] {
            1e7 * Math.pow(10, 3 * random.nextDouble()), 1e9 * (1 + 90 * random.nextDouble())
          };
      loss[i] =
          (1.7 + 400 / Math.pow(x[i][0], .34) + 410 / Math.pow(x[i][1], .28))
              * (1 + .002 * random.nextGaussian());
    }
    Observations data = new Observations(x, loss);
    Fit listed = Fitter.fit(Laws.named("chinchilla"), data, FitOptions.defaults());
    Fit own = Fitter.fit(OwnLaw.of("E + A/N^a + B/D^b", "N", "D"), data, FitOptions.defaults());
    assertEquals(Status.CONVERGED, own.status(), own.warnings().toString());
    assertEquals(listed.objectiveValue(), own.objectiveValue(), 1e-9 * own.objectiveValue());
    assertEquals(listed.estimate("a").value(), own.estimate("a").value(), 1e-6);
    assertEquals(listed.estimate("A").value(), own.estimate("A").value(), 1e-3);
  }

  @Test
  void startsAreUsedAndChecked() {
    OwnLaw law = OwnLaw.of("A*x^-a", List.of("x"), Map.of("a", List.of(.3, .4)));
    assertEquals(List.of(.3, .4), law.parameters().get(1).starts());
    String message =
        assertThrows(
                IllegalArgumentException.class,
                () -> OwnLaw.of("A*x", List.of("x"), Map.of("B", List.of(1.0))))
            .getMessage();
    assertEquals("start: B (expected: one of A, and numbers)", message);
    assertFalse(law.equals(OwnLaw.of("A*x^-a", "x")));
  }
}
