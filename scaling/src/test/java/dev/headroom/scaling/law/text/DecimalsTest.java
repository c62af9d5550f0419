package dev.headroom.scaling.law.text;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.math.BigDecimal;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DecimalsTest {

  private static BigDecimal of(String op, String a, String b) {
    return Decimals.of(Op.valueOf(op), new BigDecimal(a), new BigDecimal(b));
  }

  @ParameterizedTest
  @CsvSource({
    "EXP, 1, 2.718281828459045235360287471352662497757",
    "EXP, -20.5, 1.250152866386742628937553119231222182272E-9",
    "LOG, 10, 2.302585092994045684017991454684364207601",
    "LOG, 1e-30, -69.07755278982137052053974364053092622803",
    "SQRT, 2, 1.414213562373095048801688724209698078570",
    "SIN, 1, 0.8414709848078965066525023216302989996226",
    "SIN, 100, -0.5063656411097587936565576104597854320650",
    "COS, 1, 0.5403023058681397174009366074429766037323",
    "ATAN, 1, 0.7853981633974483096156608458198757210493",
    "TANH, 0.5, 0.4621171572600097585023184836436725487302",
    "SIGMOID, 0, 0.5",
  })
  void functionsHaveForty(String op, String a, String expected) {
    assertClose(new BigDecimal(expected), of(op, a, a));
  }

  @Test
  void powersOfAllKinds() {
    assertClose(new BigDecimal("1024"), of("POW", "2", "10"));
    assertClose(new BigDecimal("-0.125"), of("POW", "-2", "-3"));
    assertClose(new BigDecimal("1.414213562373095048801688724209698078570"), of("POW", "2", ".5"));
    assertThrows(ArithmeticException.class, () -> of("POW", "-2", ".5"));
    assertThrows(ArithmeticException.class, () -> of("LOG", "0", "0"));
    assertThrows(ArithmeticException.class, () -> of("EXP", "1e9", "0"));
  }

  @Test
  void everyOperationAgreesWithDoubles() {
    for (Op op : Op.values()) {
      for (double a : new double[] {.3, 1.7, 5.25}) {
        for (double b : new double[] {.6, 2.5}) {
          if (op.operands() > 0) {
            BigDecimal found = Decimals.of(op, new BigDecimal(a), new BigDecimal(b));
            double expected = op.of(a, b);
            assertEquals(expected, found.doubleValue(), 1e-14 * Math.max(1, Math.abs(expected)));
          }
        }
      }
    }
  }

  private static void assertClose(BigDecimal expected, BigDecimal found) {
    BigDecimal off = found.subtract(expected).divide(expected, Decimals.DIGITS).abs();
    assertEquals(-1, off.compareTo(new BigDecimal("1e-35")), expected + " " + found);
  }
}
