// What is done to a tile of logits once the matrix product has made it: row statistics, and the gradient in place.
// One source, compiled once per instruction set; the best one of this machine is chosen at run time.
#pragma once

#include <cstdint>

namespace headroom {

// z is a tile [rows, cols] with `ld` floats between rows.
struct Tile {
  float* z;
  int64_t ld, rows, cols;
};

// What turns the products into logits: z = s, or cap tanh(s / cap) where cap is positive, or sgn(s) log(1 + |s|) where it
// is kStableMax, with s = scale (z + bias). bias is the tile's part of b, or null. -inf (an absent class), +inf and NaN pass
// through.
constexpr float kStableMax = -1.0f;
struct Transform {
  const float* bias;
  float scale, cap;
};

// Statistics of a tile's rows, each array [rows]; those after `sum` may be null: moment alone, or all three.
struct RowStats {
  float* max;       // max_v z_v; -inf for a row that is -inf throughout
  float* sum;       // sum_v exp(z_v - max); 0 for such a row. NaN anywhere in a row makes it NaN
  float* moment;    // sum_v exp(z_v - max) (z_v - max)
  float* second;    // sum_v exp(z_v - max) (z_v - max)^2
  float* squares;   // sum_v exp(z_v - max)^2
};

// The row scalars of d loss / d z_v = p_v a + p_v z_v b - s w_v, with p_v = exp(z_v - lse), and the factor
// dz/da = scale (1 - (z/cap)^2), or scale exp(-|z|) with kStableMax, that follows it. The targets' entries are the caller's: a few numbers a row. b may be
// null; s and w are both null or both given (w is the tile's part, 0 where z is -inf).
struct RowScalars {
  const float* lse;
  const float* a;
  const float* b;
  const float* s;
  const float* w;
  float scale, cap;
};

struct Epilogues {
  const char* isa;
  void (*transform)(const Tile& tile, const Transform& transform);
  // Sums run in an order that depends on cols alone.
  void (*row_stats)(const Tile& tile, const RowStats& stats);
  // weighted[i] = sum_v w_v z_iv, with w 0 where z is -inf.
  void (*row_weighted)(const Tile& tile, const float* w, float* weighted);
  // The k largest logits of each row and their columns, [rows,k], largest first, ties to the lower column; -inf and -1
  // where fewer than k are above -inf. NaN is passed over.
  void (*row_top)(const Tile& tile, int64_t k, float* values, int32_t* columns);
  // marks[v] = 1 for each column with a logit at or above its row's floor; others stay.
  void (*column_marks)(const Tile& tile, const float* floors, uint8_t* marks);
  // mass[i] += sum_v exp(z_iv - lse_i)
  void (*row_mass)(const Tile& tile, const float* lse, float* mass);
  // z becomes d loss / d a, in place.
  void (*row_gradient)(const Tile& tile, const RowScalars& scalars);
  // sums[v] += sum_i z_iv, in the order of i.
  void (*column_sums)(const Tile& tile, float* sums);
  // y += x
  void (*add)(float* y, const float* x, int64_t count);
  // bfloat16 by round to nearest even; NaN stays NaN.
  void (*round_bf16)(const float* x, uint16_t* y, int64_t count);
  // float16 to float32, exactly.
  void (*widen_f16)(const uint16_t* x, float* y, int64_t count);
  // exp, tanh and log(1 + x) for x >= 0 alone, for the tests of their errors.
  void (*exp)(const float* x, float* y, int64_t count);
  void (*tanh)(const float* x, float* y, int64_t count);
  void (*log1p)(const float* x, float* y, int64_t count);
};

extern const Epilogues epilogues_generic;
extern const Epilogues epilogues_avx2;
extern const Epilogues epilogues_avx512;

// The best set that this machine can run, chosen once.
const Epilogues& epilogues();

}  // namespace headroom
