package dev.headroom.scaling.log;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Counts and bounds the numbers of every column while rows pass by. */
final class SeriesRanges {
  private long[] numbers = {};
  private long[] odd = {};
  private double[] least = {};
  private double[] greatest = {};
  private double[] last = {};
  private long rows;

  void add(Cells cells) {
    if (numbers.length < cells.names().size()) {
      grow(Math.max(16, 2 * cells.names().size()));
    }
    rows++;
    for (int i = 0; i < cells.filled(); i++) {
      int c = cells.filled(i);
      double value = cells.number(c);
      if (Math.abs(value) <= Double.MAX_VALUE) {
        numbers[c]++;
        least[c] = least[c] <= value ? least[c] : value;
        greatest[c] = greatest[c] >= value ? greatest[c] : value;
        last[c] = value;
      } else if (!Run.isAbsent(value)) {
        odd[c]++;
      }
    }
  }

  private void grow(int n) {
    int old = numbers.length;
    numbers = Arrays.copyOf(numbers, n);
    odd = Arrays.copyOf(odd, n);
    least = Arrays.copyOf(least, n);
    greatest = Arrays.copyOf(greatest, n);
    last = Arrays.copyOf(last, n);
    for (double[] values : new double[][] {least, greatest, last}) {
      Arrays.fill(values, old, n, Double.NaN);
    }
  }

  long rows() {
    return rows;
  }

  List<LogSummary.Series> series(List<String> names) {
    List<LogSummary.Series> out = new ArrayList<>();
    for (int c = 0; c < names.size() && c < numbers.length; c++) {
      if (numbers[c] + odd[c] > 0) {
        out.add(
            new LogSummary.Series(
                names.get(c),
                numbers[c],
                rows - numbers[c] - odd[c],
                odd[c],
                least[c],
                greatest[c],
                last[c]));
      }
    }
    return out;
  }
}
