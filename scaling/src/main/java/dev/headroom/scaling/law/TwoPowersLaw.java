package dev.headroom.scaling.law;

/** A level and two falling powers, {@code E + A/x^a + B/y^b}, with theta = E, A, B, a, b. */
interface TwoPowersLaw extends PublishedLaw {

  @Override
  default double evaluate(double[] x, double[] logX, double[] theta, double[] gradient) {
    double powerX = Math.exp(-theta[3] * logX[0]);
    double powerY = Math.exp(-theta[4] * logX[1]);
    double termX = theta[1] * powerX;
    double termY = theta[2] * powerY;
    gradient[0] = 1;
    gradient[1] = powerX;
    gradient[2] = powerY;
    gradient[3] = -logX[0] * termX;
    gradient[4] = -logX[1] * termY;
    return theta[0] + termX + termY;
  }

  @Override
  default double[] rescaled(double[] theta, double[] factors) {
    return new double[] {
      theta[0],
      theta[1] * Math.pow(factors[0], theta[3]),
      theta[2] * Math.pow(factors[1], theta[4]),
      theta[3],
      theta[4]
    };
  }
}
