package dev.headroom.scaling.law.text;

import java.util.Locale;

/** Names what a node of a formula does with its operands. */
enum Op {
  NUMBER(0),
  VARIABLE(0),
  PARAMETER(0),
  ADD(2),
  SUBTRACT(2),
  MULTIPLY(2),
  DIVIDE(2),
  POW(2),
  /** {@code a^b log(a)}, the derivative of a power by its exponent; 0 where {@code a^b} is 0. */
  POW_LOG(2),
  MIN(2),
  MAX(2),
  /** 1 where the first operand is below the second, else 0. */
  BELOW(2),
  NEGATE(1),
  EXP(1),
  LOG(1),
  SQRT(1),
  SIGMOID(1),
  TANH(1),
  ABS(1),
  SIGN(1),
  ATAN(1),
  SIN(1),
  COS(1);

  private final int operands;

  Op(int operands) {
    this.operands = operands;
  }

  int operands() {
    return operands;
  }

  /** Returns the function of this name as a user writes it, or null. */
  static Op function(String name) {
    return switch (name.toLowerCase(Locale.ROOT)) {
      case "exp" -> EXP;
      case "log", "ln" -> LOG;
      case "sqrt" -> SQRT;
      case "pow" -> POW;
      case "sigmoid" -> SIGMOID;
      case "tanh" -> TANH;
      case "min" -> MIN;
      case "max" -> MAX;
      case "abs" -> ABS;
      case "atan", "arctan" -> ATAN;
      case "sin" -> SIN;
      case "cos" -> COS;
      default -> null;
    };
  }

  double of(double a, double b) {
    return switch (this) {
      case ADD -> a + b;
      case SUBTRACT -> a - b;
      case MULTIPLY -> a * b;
      case DIVIDE -> a / b;
      case POW -> Math.pow(a, b);
      case POW_LOG -> powLog(a, b);
      case MIN -> Math.min(a, b);
      case MAX -> Math.max(a, b);
      case BELOW -> a < b ? 1 : 0;
      case NEGATE -> -a;
      case EXP -> Math.exp(a);
      case LOG -> Math.log(a);
      case SQRT -> Math.sqrt(a);
      case SIGMOID -> 1 / (1 + Math.exp(-a));
      case TANH -> Math.tanh(a);
      case ABS -> Math.abs(a);
      case SIGN -> Math.signum(a);
      case ATAN -> Math.atan(a);
      case SIN -> Math.sin(a);
      case COS -> Math.cos(a);
      default -> throw new IllegalStateException(name() + " has no operands");
    };
  }

  private static double powLog(double a, double b) {
    double power = Math.pow(a, b);
    return power == 0 ? 0 : power * Math.log(a);
  }
}
