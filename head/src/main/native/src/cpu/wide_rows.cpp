#include "wide_rows.h"

namespace headroom {
namespace {

__attribute__((always_inline)) inline void add_lanes(double* __restrict sums, const float* __restrict row, int64_t count) {
  for (int64_t i = 0; i < count; ++i) sums[i] += static_cast<double>(row[i]);
}

// (row and to may be one)
__attribute__((always_inline)) inline void centre_lanes(const float* row, const float* __restrict high,
                                                        const float* __restrict low, float* to, int64_t count) {
#pragma GCC ivdep
  for (int64_t i = 0; i < count; ++i) to[i] = (row[i] - high[i]) - low[i];
}

__attribute__((always_inline)) inline void add_product_lanes(float* __restrict y, const float* __restrict x,
                                                             const float* __restrict diagonal, int64_t count) {
  for (int64_t i = 0; i < count; ++i) y[i] += x[i] * diagonal[i];
}

void add(double* sums, const float* row, int64_t count) { add_lanes(sums, row, count); }
void centre(const float* row, const float* high, const float* low, float* to, int64_t count) {
  centre_lanes(row, high, low, to, count);
}
void add_product(float* y, const float* x, const float* diagonal, int64_t count) { add_product_lanes(y, x, diagonal, count); }

#if defined(__x86_64__)
__attribute__((target("avx2"))) void add_avx2(double* sums, const float* row, int64_t count) { add_lanes(sums, row, count); }
__attribute__((target("avx2"))) void centre_avx2(const float* row, const float* high, const float* low, float* to, int64_t count) {
  centre_lanes(row, high, low, to, count);
}
__attribute__((target("avx512f,avx512vl"))) void add_avx512(double* sums, const float* row, int64_t count) {
  add_lanes(sums, row, count);
}
__attribute__((target("avx512f,avx512vl"))) void centre_avx512(const float* row, const float* high, const float* low, float* to,
                                                               int64_t count) {
  centre_lanes(row, high, low, to, count);
}
__attribute__((target("avx2"))) void add_product_avx2(float* y, const float* x, const float* diagonal, int64_t count) {
  add_product_lanes(y, x, diagonal, count);
}
__attribute__((target("avx512f,avx512vl"))) void add_product_avx512(float* y, const float* x, const float* diagonal, int64_t count) {
  add_product_lanes(y, x, diagonal, count);
}
#endif

WideRows best() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl")) return {add_avx512, centre_avx512, add_product_avx512};
  if (__builtin_cpu_supports("avx2")) return {add_avx2, centre_avx2, add_product_avx2};
#endif
  return {add, centre, add_product};
}

template <class T>
double dot_lanes(const float* x, const T* y, int64_t count) {
  double sums[4] = {};
  int64_t i = 0;
  for (; i + 4 <= count; i += 4)
    for (int64_t k = 0; k < 4; ++k) sums[k] += static_cast<double>(x[i + k]) * static_cast<double>(y[i + k]);
  for (; i < count; ++i) sums[0] += static_cast<double>(x[i]) * static_cast<double>(y[i]);
  return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

}  // namespace

const WideRows& wide_rows() {
  static const WideRows chosen = best();
  return chosen;
}

double dot(const float* x, const float* y, int64_t count) { return dot_lanes(x, y, count); }
double dot(const float* x, const double* y, int64_t count) { return dot_lanes(x, y, count); }

}  // namespace headroom
