#include "packed_kernel.h"

#include <cstring>

#include "epilogue.h"

namespace headroom {

const PackedKernel* packed_kernel(int32_t compute) {
  if (std::strcmp(epilogues().isa, "avx512") != 0) return nullptr;
  if (compute == HEADROOM_FLOAT32) return &packed_kernel_avx512;
  return __builtin_cpu_supports("avx512bf16") ? &packed_kernel_avx512bf16 : nullptr;
}

}  // namespace headroom
