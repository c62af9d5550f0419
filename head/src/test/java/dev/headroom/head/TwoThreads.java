package dev.headroom.head;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Runs two tasks at the same time, again and again. */
public final class TwoThreads {
  private TwoThreads() {}

  /** Returns what each task gave in each round; both begin each round together. */
  public static <T> List<List<T>> run(int rounds, Callable<T> one, Callable<T> other)
      throws Exception {
    CyclicBarrier start = new CyclicBarrier(2);
    ExecutorService threads = Executors.newFixedThreadPool(2);
    try {
      List<Future<List<T>>> running = new ArrayList<>();
      for (Callable<T> task : List.of(one, other)) {
        running.add(threads.submit(() -> repeat(rounds, start, task)));
      }
      return List.of(running.get(0).get(), running.get(1).get());
    } finally {
      threads.shutdownNow();
    }
  }

  private static <T> List<T> repeat(int rounds, CyclicBarrier start, Callable<T> task)
      throws Exception {
    List<T> results = new ArrayList<>();
    for (int round = 0; round < rounds; round++) {
      start.await();
      results.add(task.call());
    }
    return results;
  }
}
