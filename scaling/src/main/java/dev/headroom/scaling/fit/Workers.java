package dev.headroom.scaling.fit;

/** Runs one task on several threads at once and waits for all; the task shares out the work. */
final class Workers {

  private Workers() {}

  /** Runs the task on this thread and on {@code threads - 1} others. */
  static void run(int threads, Runnable task) {
    Thread[] helpers = new Thread[threads - 1];
    for (int k = 0; k < helpers.length; k++) {
      helpers[k] = new Thread(task, "headroom-fit-" + k);
      helpers[k].setDaemon(true);
      helpers[k].start();
    }
    task.run();
    boolean interrupted = false;
    for (Thread helper : helpers) {
      while (helper.isAlive()) {
        try {
          helper.join();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
