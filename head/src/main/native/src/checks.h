// Checks of what reaches the C functions; each fails with "name: actual (expected: rule)".
#pragma once

#include <cstdint>
#include <limits>
#include <string>

#include "headroom.h"
#include "cpu/products.h"
#include "status.h"

namespace headroom {

inline void check_at_least(const char* name, int64_t value, int64_t least) {
  if (value < least) invalid(name, std::to_string(value), "at least " + std::to_string(least));
}

inline void check_given(const char* name, const void* pointer) {
  if (!pointer) invalid(name, "null", "a pointer");
}

inline void check_stride(const char* name, int64_t stride, int64_t d) {
  check_at_least(name, stride, d);
  const int64_t most = std::numeric_limits<int32_t>::max();  // the BLAS takes strides as 32-bit integers
  if (stride > most) invalid(name, std::to_string(stride), "at most " + std::to_string(most));
}

inline void check_floats(const char* name, int32_t dtype, bool on_cuda = false) {
  if (dtype == HEADROOM_FLOAT32 || dtype == HEADROOM_FLOAT16 || (on_cuda && dtype == HEADROOM_BFLOAT16)) return;
  throw Failure(HEADROOM_UNSUPPORTED, std::string(name) + ": dtype code " + std::to_string(dtype) + " (expected: FLOAT32 or FLOAT16" +
                                          (on_cuda ? ", or BFLOAT16)" : " on the CPU)"));
}

inline void check_gemm(int32_t gemm, int32_t compute) {
  if (gemm < HEADROOM_GEMM_AUTO || gemm > HEADROOM_GEMM_OWN) invalid("gemm", std::to_string(gemm), "0 auto, 1 BLAS or 2 own");
  if (gemm == HEADROOM_GEMM_OWN && !own_products_can_run(compute))
    throw Failure(HEADROOM_UNSUPPORTED, "gemm: own (expected: a processor with AVX-512, for BFLOAT16 with AVX512-BF16)");
}

[[noreturn]] inline void target_range(const char* name, int64_t row, int64_t target, int64_t v, int64_t ignore_index) {
  throw Failure(HEADROOM_TARGET_RANGE, std::string(name) + " of row " + std::to_string(row) + ": " + std::to_string(target) +
                                           " (expected: 0 to " + std::to_string(v - 1) + ", or the ignore index " +
                                           std::to_string(ignore_index) + ")");
}

// How the products are formed: compute type, engine, whose products.
inline void check_engine(const headroom_head& head) {
  if (head.compute != HEADROOM_FLOAT32 && head.compute != HEADROOM_BFLOAT16)
    throw Failure(HEADROOM_UNSUPPORTED,
                  "compute: dtype code " + std::to_string(head.compute) + " (expected: FLOAT32 or BFLOAT16)");
  if (head.engine < HEADROOM_AUTO || head.engine > HEADROOM_RECOMPUTED)
    invalid("engine", std::to_string(head.engine), "0 auto, 1 kept or 2 recomputed");
  check_gemm(head.gemm, head.compute);
}

inline void check_blas(const headroom_head& head) {
  check_given("blas", head.blas);
  check_given("sgemm", reinterpret_cast<const void*>(head.blas->sgemm));
  if (head.compute == HEADROOM_BFLOAT16 && !head.blas->gemm_bf16)
    throw Failure(HEADROOM_UNSUPPORTED, "compute: BFLOAT16 (expected: FLOAT32, this BLAS has no bfloat16 product)");
}

}  // namespace headroom
