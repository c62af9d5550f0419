// Our own matrix products on packed operands, one table for each compute type that this machine can run.
//
// A word is what one lane of a multiply-add reads of an operand: a float, or a pair of bfloat16 that follow each other
// along the sum. The left operand gives one word to all lanes, the right one a word to each:
//   left panels   [m / rows][depth][rows]        right panels   [n / columns][depth][columns]
// in words, depth = words along the sum, the last panel padded with zeros.
#pragma once

#include <cstdint>

#include "headroom.h"

namespace headroom {

// c[m,n] = left x right over `depth` words, added to c where `add`. Sums run over `step` words in a register and are
// then added to c: shorter sums err less, and their order depends on depth and step alone.
struct PackedProduct {
  int64_t m, n, depth, step;
  const uint32_t* left;
  int64_t left_row, left_step, left_panel;  // words between rows, steps of the sum, panels
  const uint32_t* right;
  int64_t right_panel;  // words between panels; within one, `columns` words a step
  float* c;
  int64_t c_stride;
  bool add;
};

struct PackedKernel {
  int64_t rows, columns;    // of the block that the accumulators hold
  int64_t elements;         // of the sum in a word: 1 float or 2 bfloat16
  // Panels of `width` (rows or columns above) rows of x[count, k], read along k: the transposing copy.
  void (*pack_across)(const float* const* x, int64_t count, int64_t k, int64_t width, uint32_t* to);
  // Right panels of x[k, n] whose rows follow each other along the sum; `panel` words between panels.
  void (*pack_along)(const float* const* x, int64_t k, int64_t n, uint32_t* to, int64_t panel);
  // g[rows, columns] as words along the columns, by_row[rows, stride words], and as words along the rows,
  // by_column[rows / elements, stride words]. Null where g itself already is both.
  void (*pack_gradient)(const float* g, int64_t ld, int64_t rows, int64_t columns, uint32_t* by_row, int64_t row_stride,
                        uint32_t* by_column, int64_t column_stride);
  void (*multiply)(const PackedProduct& product);
};

extern const PackedKernel packed_kernel_avx512;
extern const PackedKernel packed_kernel_avx512bf16;

// The kernel for a compute type, or null where this processor has none.
const PackedKernel* packed_kernel(int32_t compute);

}  // namespace headroom
