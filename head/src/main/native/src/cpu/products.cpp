#include "products.h"

#include "epilogue.h"
#include "packed_kernel.h"

namespace headroom {

const float* Operand::row(int64_t i, float* room) const {
  if (dtype == HEADROOM_FLOAT32) return static_cast<const float*>(at) + i * stride;
  epilogues().widen_f16(static_cast<const uint16_t*>(at) + i * stride, room, columns);
  return room;
}

bool own_products_can_run(int32_t compute) { return packed_kernel(compute) != nullptr; }

// On AMD the BLAS of libtorch (MKL) stays with 256-bit kernels and widens bfloat16; dev/README.md has the figures.
bool own_products_are_faster(int32_t compute) { return own_products_can_run(compute) && __builtin_cpu_is("amd"); }

bool takes_own_products(const headroom_head& head) {
  return head.gemm == HEADROOM_GEMM_OWN || (head.gemm == HEADROOM_GEMM_AUTO && own_products_are_faster(head.compute));
}

std::unique_ptr<Products> make_products(const headroom_head& head, const Plan& plan, Arena& arena) {
  return takes_own_products(head) ? make_packed_products(head, plan, arena) : make_blas_products(head, plan, arena);
}

Scratch products_scratch(const headroom_head& head, const Plan& plan) {
  return takes_own_products(head) ? packed_scratch(head, plan) : blas_scratch(head, plan);
}

}  // namespace headroom
