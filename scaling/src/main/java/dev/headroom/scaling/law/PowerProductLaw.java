package dev.headroom.scaling.law;

/** A product of powers, {@code c x1^p1 x2^p2 ...}: a factor, and one power for each variable. */
interface PowerProductLaw extends PublishedLaw {

  @Override
  default double evaluate(double[] x, double[] logX, double[] theta, double[] gradient) {
    double exponent = 0;
    for (int k = 0; k < logX.length; k++) {
      exponent += theta[k + 1] * logX[k];
    }
    double power = Math.exp(exponent);
    double value = theta[0] * power;
    gradient[0] = power;
    for (int k = 0; k < logX.length; k++) {
      gradient[k + 1] = logX[k] * value;
    }
    return value;
  }

  @Override
  default double[] rescaled(double[] theta, double[] factors) {
    double[] scaled = theta.clone();
    double factor = 1;
    for (int k = 0; k < factors.length; k++) {
      factor *= Math.pow(factors[k], -theta[k + 1]);
    }
    scaled[0] *= factor;
    return scaled;
  }
}
