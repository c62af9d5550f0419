package dev.headroom.head.internal;

import ai.djl.Device;
import dev.headroom.head.Backend;
import dev.headroom.head.Engine;
import dev.headroom.head.HeadOptions;
import java.nio.FloatBuffer;

/**
 * Gives each call to the kernels of the device that its arrays are on.
 *
 * @param home the device where the engine puts arrays that are not told where to be
 */
record KernelsByDevice(HeadKernels onGpu, HeadKernels onCpu, Device home) implements HeadKernels {

  private HeadKernels of(Device device) {
    return device.isGpu() ? onGpu : onCpu;
  }

  private HeadKernels of(HeadProblem problem) {
    return of(problem.e().getDevice());
  }

  @Override
  public Backend backend() {
    return of(home).backend();
  }

  @Override
  public Engine engine(HeadOptions options, long n) {
    return of(home).engine(options, n);
  }

  @Override
  public HeadResult forward(HeadProblem problem) {
    return of(problem).forward(problem);
  }

  @Override
  public HeadResult forwardBackward(HeadProblem problem, Wanted wanted) {
    return of(problem).forwardBackward(problem, wanted);
  }

  @Override
  public HeadResult backward(HeadProblem problem, HeadResult.Rows forward, Wanted wanted) {
    return of(problem).backward(problem, forward, wanted);
  }

  @Override
  public void logits(HeadProblem problem, long begin, long end, FloatBuffer into) {
    of(problem).logits(problem, begin, end, into);
  }

  @Override
  public void releaseMemory() {
    onGpu.releaseMemory();
    onCpu.releaseMemory();
  }
}
