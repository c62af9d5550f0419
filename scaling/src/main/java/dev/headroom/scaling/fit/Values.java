package dev.headroom.scaling.fit;

/** Gives the loss at each point and its derivatives by the free parameters. One thread only. */
final class Values {

  private final ScaledData data;
  private final Model model;
  private final double[][] whole;
  private final double[] slope;

  Values(ScaledData data) {
    this.data = data;
    this.model = data.model;
    int size = model.law.parameters().size();
    this.whole = new double[model.sets][size];
    this.slope = new double[size];
  }

  /** Sets the free parameters; they are read until the next call. */
  void at(double[] theta) {
    if (model.plain) {
      whole[0] = theta;
      return;
    }
    for (int set = 0; set < whole.length; set++) {
      model.expand(theta, set, whole[set]);
    }
  }

  /** Returns the loss at a point and writes its derivatives. */
  double value(int point, double[] out) {
    if (model.plain) {
      return model.law.evaluate(data.x[point], data.logX[point], whole[0], out);
    }
    int set = data.set[point];
    double value = model.law.evaluate(data.x[point], data.logX[point], whole[set], slope);
    model.gather(slope, set, out);
    return value;
  }
}
