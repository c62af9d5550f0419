package dev.headroom.scaling.check;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class SortedWindowTest {

  @Test
  void givesTheMedianAndTheDeviationOfTheLatestValues() {
    Random random = new Random(20261121);
    for (int size : new int[] {1, 4, 5, 50}) {
      SortedWindow window = new SortedWindow(size);
      double[] all = new double[300];
      for (int i = 0; i < all.length; i++) {
        // Few distinct values, so that equal ones and ties of the two sides occur.
        all[i] = i % 3 == 0 ? random.nextInt(5) : random.nextGaussian();
        window.push(all[i]);
        double[] held = Arrays.copyOfRange(all, Math.max(0, i + 1 - size), i + 1);
        assertArrayEquals(held, window.values());
        double median = Level.median(held.clone(), held.length);
        assertEquals(median, window.median(), "seed 20261121, point " + i);
        double[] off = Arrays.stream(held).map(v -> Math.abs(v - median)).toArray();
        assertEquals(Level.median(off, off.length), window.deviation(median), "point " + i);
      }
      window.reset(new double[] {3});
      assertEquals(3, window.median());
      assertEquals(1, window.held());
    }
  }
}
