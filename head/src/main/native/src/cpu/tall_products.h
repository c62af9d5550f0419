// Products of a tall matrix with a square one and with itself, on one thread, by our own kernels or the BLAS.
#pragma once

#include <cstdint>

#include "headroom.h"
#include "packed_kernel.h"

namespace headroom {

// A right operand [depth, n] in the form that the products read, n padded to whole panels.
struct Right {
  float* at;
  int64_t depth, n;
};

// c[m,n] = left x right, added to c where `add`, for the right operand's columns from `begin` (the start of a panel) on.
// left is [m, depth] or, where `transposed`, [depth, m], with left_stride floats between its rows.
struct TallProduct {
  int64_t m, n;
  const float* left;
  int64_t left_stride;
  bool transposed;
  Right right;
  int64_t begin;
  float* c;
  int64_t c_stride;
  bool add;
};

class TallProducts {
 public:
  // `own` needs own_products_can_run(HEADROOM_FLOAT32); else blas is given.
  TallProducts(const headroom_blas* blas, bool own);
  int64_t panel() const { return panel_; }
  int64_t right_floats(int64_t depth, int64_t n) const;
  // Writes row i of the right operand.
  void put_row(const float* row, int64_t i, const Right& right) const;
  void multiply(const TallProduct& product) const;

 private:
  const headroom_blas* blas_;
  const PackedKernel* kernel_;  // null: the BLAS
  int64_t panel_;
};

}  // namespace headroom
