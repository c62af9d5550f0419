// The library's own matrix product for tiles, for processors on which the BLAS at hand packs more than it has to.
#pragma once

#include <cstdint>

namespace headroom {

// c[m,n] = a[m,k] b[k,n], added to c where `add`. a is read at any strides; b's rows (or, transposed, its columns) and
// c's rows are contiguous. Sums over k run in a fixed order that depends on nothing but k, so a row of the result has
// the same bits whatever stands beside it.
struct Product {
  int64_t m, n, k;
  const float* a;
  int64_t a_row, a_column;
  const float* b;
  int64_t b_stride;
  bool b_transposed;
  float* c;
  int64_t c_stride;
  bool add;
};

void multiply_avx512(const Product& product);

// True where multiply_avx512 was measured to beat the BLAS (dev/README.md): AMD processors with AVX-512.
bool own_product_is_faster();
// True where it can run at all.
bool own_product_can_run();

}  // namespace headroom
