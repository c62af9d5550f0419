// Loops over rows of floats that sum in float64 or take a mean away; the same bits on every instruction set.
#pragma once

#include <cstdint>

namespace headroom {

struct WideRows {
  // sums += row
  void (*add)(double* sums, const float* row, int64_t count);
  // to = (row - high) - low, a mean in two parts: no bits of it are lost where it is large beside what it is taken from
  void (*centre)(const float* row, const float* high, const float* low, float* to, int64_t count);
  // y += x diagonal
  void (*add_product)(float* y, const float* x, const float* diagonal, int64_t count);
};

// The best set that this machine can run, chosen once.
const WideRows& wide_rows();

double dot(const float* x, const float* y, int64_t count);
double dot(const float* x, const double* y, int64_t count);

}  // namespace headroom
