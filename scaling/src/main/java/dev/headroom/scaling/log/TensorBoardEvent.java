package dev.headroom.scaling.log;

import java.io.IOException;
import java.util.Arrays;

/**
 * Holds the scalars of one {@code tensorflow.Event}, overwritten by the next.
 *
 * <p>A scalar is a {@code simple_value} or a numeric tensor of one element; texts, histograms and
 * pictures are passed over. Source: event.proto, summary.proto, tensor.proto of TensorFlow.
 */
final class TensorBoardEvent {
  private static final int START = 1;

  private final TensorScalar tensor = new TensorScalar();
  private String[] tags = new String[4];
  private double[] values = new double[4];
  int count;
  double wallTime;
  long step;
  boolean isStart;
  boolean isVersion;

  String tag(int i) {
    return tags[i];
  }

  double value(int i) {
    return values[i];
  }

  /**
   * Reads an event.
   *
   * @throws IOException if the bytes are no event
   */
  void parse(byte[] bytes, int length) throws IOException {
    count = 0;
    step = 0;
    wallTime = 0;
    isStart = false;
    isVersion = false;
    ProtoReader in = new ProtoReader(bytes, 0, length);
    while (in.next()) {
      if (in.is(1, 1)) {
        wallTime = in.asDouble();
      } else if (in.is(2, 0)) {
        step = in.bits();
      } else if (in.is(3, 2)) {
        isVersion = true;
      } else if (in.is(5, 2)) {
        summary(in.inner());
      } else if (in.is(7, 2)) {
        sessionLog(in.inner());
      }
    }
  }

  private void sessionLog(ProtoReader in) throws IOException {
    while (in.next()) {
      if (in.is(1, 0)) {
        isStart = in.bits() == START;
      }
    }
  }

  private void summary(ProtoReader in) throws IOException {
    while (in.next()) {
      if (in.is(1, 2)) {
        value(in.inner());
      }
    }
  }

  private void value(ProtoReader in) throws IOException {
    String tag = "";
    String node = "";
    boolean found = false;
    double value = 0;
    while (in.next()) {
      if (in.is(1, 2)) {
        tag = in.text();
      } else if (in.is(2, 5)) {
        value = in.asFloat();
        found = true;
      } else if (in.is(7, 2)) {
        node = in.text();
      } else if (in.is(8, 2) && tensor.parse(in.inner())) {
        value = tensor.value();
        found = true;
      }
    }
    String name = tag.isEmpty() ? node : tag;
    if (found && !name.isEmpty()) {
      add(name, value);
    }
  }

  private void add(String name, double value) {
    if (count == tags.length) {
      tags = Arrays.copyOf(tags, 2 * count);
      values = Arrays.copyOf(values, 2 * count);
    }
    tags[count] = name;
    values[count++] = value;
  }
}
