// What is done to a tile of logits once the matrix product has made it: row statistics, and the gradient in place.
// One source, compiled once per instruction set; the best one of this machine is chosen at run time.
#pragma once

#include <cstdint>

namespace headroom {

// z is a tile [rows, cols] with `ld` floats between rows. bias is the tile's part of b, or null.
struct Tile {
  float* z;
  int64_t ld, rows, cols;
  const float* bias;
};

// The row scalars of d loss / d z_v = p_v a + p_v z_v b - s w_v, with p_v = exp(z_v - lse). The target's entry is
// the caller's: it is one number a row. b may be null; s and w are both null or both given (w is the tile's part).
struct RowScalars {
  const float* lse;
  const float* a;
  const float* b;
  const float* s;
  const float* w;
};

struct Epilogues {
  const char* isa;
  // max[i] = max_v z_iv, sum[i] = sum_v exp(z_iv - max[i]); -inf and 0 for a row that is -inf throughout.
  // NaN anywhere in a row makes its sum NaN. The order of the sum depends on cols alone.
  void (*row_stats)(const Tile& tile, float* max, float* sum);
  // z becomes d loss / d z, in place.
  void (*row_gradient)(const Tile& tile, const RowScalars& scalars);
  // sums[v] += sum_i z_iv, in the order of i.
  void (*column_sums)(const Tile& tile, float* sums);
  // y += x
  void (*add)(float* y, const float* x, int64_t count);
  // bfloat16 by round to nearest even; NaN stays NaN.
  void (*round_bf16)(const float* x, uint16_t* y, int64_t count);
  // exp alone, for the test of its error.
  void (*exp)(const float* x, float* y, int64_t count);
};

extern const Epilogues epilogues_generic;
extern const Epilogues epilogues_avx2;
extern const Epilogues epilogues_avx512;

// The best set that this machine can run, chosen once.
const Epilogues& epilogues();

}  // namespace headroom
