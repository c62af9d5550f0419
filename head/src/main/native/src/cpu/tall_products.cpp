#include "tall_products.h"

#include <cstring>

#include "plan.h"
#include "tuning.h"

namespace headroom {
namespace {

constexpr int64_t kBlasPanel = 64;
// Words of a sum of squares that are formed in a register: all of one sign, they lose digits as they add up.
constexpr int64_t kSquareStep = 64;
constexpr float kOne = 1.0f, kZero = 0.0f;

int64_t ceil_div(int64_t x, int64_t by) { return (x + by - 1) / by; }
int32_t narrow(int64_t x) { return static_cast<int32_t>(x); }

}  // namespace

TallProducts::TallProducts(const headroom_blas* blas, bool own)
    : blas_(blas), kernel_(own ? packed_kernel(HEADROOM_FLOAT32) : nullptr), panel_(kernel_ ? kernel_->columns : kBlasPanel) {}

int64_t TallProducts::right_floats(int64_t depth, int64_t n) const { return depth * round_up(n, panel_); }

void TallProducts::put_row(const float* row, int64_t i, const Right& right) const {
  if (kernel_) {
    kernel_->pack_along(&row, 1, right.n, reinterpret_cast<uint32_t*>(right.at) + i * panel_, right.depth * panel_);
  } else {
    std::memcpy(right.at + i * round_up(right.n, panel_), row, static_cast<size_t>(right.n) * sizeof(float));
  }
}

void TallProducts::multiply(const TallProduct& p) const {
  const int64_t depth = p.right.depth;
  if (kernel_) {
    const int64_t steps = ceil_div(depth, p.transposed ? kSquareStep : kMostStep), rows = kernel_->rows;
    kernel_->multiply({p.m, p.n, depth, ceil_div(depth, steps), reinterpret_cast<const uint32_t*>(p.left),
                       p.transposed ? 1 : p.left_stride, p.transposed ? p.left_stride : 1,
                       p.transposed ? rows : rows * p.left_stride,
                       reinterpret_cast<const uint32_t*>(p.right.at) + p.begin * depth, depth * panel_, p.c, p.c_stride, p.add});
    return;
  }
  const int32_t m = narrow(p.m), n = narrow(p.n), k = narrow(depth), ldr = narrow(round_up(p.right.n, panel_));
  const int32_t ldl = narrow(p.left_stride), ldc = narrow(p.c_stride);
  blas_->sgemm("N", p.transposed ? "T" : "N", &n, &m, &k, &kOne, p.right.at + p.begin, &ldr, p.left, &ldl,
               p.add ? &kOne : &kZero, p.c, &ldc);
}

}  // namespace headroom
