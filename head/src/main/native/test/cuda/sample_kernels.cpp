// Kernels of the fake's own tests; the fake knows them beside the product's.
#include "emulation.h"
#include "kernels.h"

namespace {

__global__ void sample_scale(float* x, long long count, float by) {
  const long long i = static_cast<long long>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (i < count) x[i] *= by;
}

__global__ void sample_diverge(int* unused) {
  static_cast<void>(unused);
  if (threadIdx.x == 7) __shfl_xor_sync(0xffffffffu, 1, 1);
  __syncthreads();
}

}  // namespace

void headroom::emulation::add_sample_kernels(std::map<std::string, Bind>* kernels) {
  (*kernels)["sample_scale"] = bind_kernel(sample_scale);
  (*kernels)["sample_diverge"] = bind_kernel(sample_diverge);
}
