#include "fake_gemm.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "cuda/libraries.h"

namespace headroom::fake {

namespace {

constexpr std::int64_t kRows = 32, kColumns = 4;  // of C at a time

float half_to_float(std::uint16_t bits) {
  const std::uint32_t sign = (bits & 0x8000u) << 16, exponent = bits >> 10 & 31u, fraction = bits & 0x3ffu;
  float x = static_cast<float>(fraction) * 0x1p-24f;
  std::uint32_t wide = exponent == 31 ? 0x7f800000u | fraction << 13 : (exponent + 112) << 23 | fraction << 13;
  if (exponent != 0) std::memcpy(&x, &wide, sizeof x);
  return sign ? -x : x;
}

float element(const Operand& x, std::int64_t at, bool tf32) {
  if (x.type == cuda::kReal16) return half_to_float(static_cast<const std::uint16_t*>(x.data)[at]);
  std::uint32_t bits = 0;
  if (x.type == cuda::kBrain16) {
    bits = static_cast<std::uint32_t>(static_cast<const std::uint16_t*>(x.data)[at]) << 16;
  } else {
    bits = static_cast<const std::uint32_t*>(x.data)[at];
    if (tf32 && (bits & 0x7f800000u) != 0x7f800000u) bits = (bits + 0x1000u) & ~0x1fffu;
  }
  float y;
  std::memcpy(&y, &bits, sizeof y);
  return y;
}

// Panels of `width` rows of op(A), or columns of op(B): [panel][k][width], zeros behind the last.
std::vector<float> pack(const Operand& x, bool tf32, std::int64_t count, std::int64_t k, std::int64_t width, bool along_rows) {
  const std::int64_t panels = (count + width - 1) / width;
  std::vector<float> to(static_cast<std::size_t>(panels * width * k));
  for (std::int64_t i = 0; i < count; ++i)
    for (std::int64_t p = 0; p < k; ++p) {
      const std::int64_t row = along_rows ? i : p, column = along_rows ? p : i;
      const std::int64_t at = x.transposed ? row * x.ld + column : column * x.ld + row;
      to[static_cast<std::size_t>(i / width * width * k + p * width + i % width)] = element(x, at, tf32);
    }
  return to;
}

// sums[kColumns][kRows] of k products, in blocks.
__attribute__((target_clones("avx512f", "avx2", "default"))) void sum_panel(const float* a, const float* b, std::int64_t k,
                                                                           std::int64_t block, float* sums) {
  for (std::int64_t begin = 0; begin < k; begin += block) {
    const std::int64_t end = std::min(begin + block, k);
    for (std::int64_t half = 0; half < kRows; half += 16) {
      float part[kColumns][16] = {};
      for (std::int64_t p = begin; p < end; ++p)
        for (std::int64_t j = 0; j < kColumns; ++j)
          for (std::int64_t i = 0; i < 16; ++i) part[j][i] += a[p * kRows + half + i] * b[p * kColumns + j];
      for (std::int64_t j = 0; j < kColumns; ++j)
        for (std::int64_t i = 0; i < 16; ++i) sums[j * kRows + half + i] += part[j][i];
    }
  }
}

}  // namespace

void multiply(const Operand& a, const Operand& b, const Summation& sums, std::int64_t m, std::int64_t n, std::int64_t k, float alpha,
              float beta, const float* c, std::int64_t ldc, float* d, std::int64_t ldd) {
  const std::vector<float> packed_a = pack(a, sums.tf32, m, k, kRows, true), packed_b = pack(b, sums.tf32, n, k, kColumns, false);
  const std::int64_t part_k = (k + sums.splits - 1) / sums.splits;
  for (std::int64_t column = 0; column < n; column += kColumns) {
    for (std::int64_t row = 0; row < m; row += kRows) {
      const float *panel_a = packed_a.data() + row * k, *panel_b = packed_b.data() + column * k;
      float total[kColumns * kRows] = {};
      for (std::int64_t begin = 0; begin < k; begin += part_k) {
        float part[kColumns * kRows] = {};
        sum_panel(panel_a + begin * kRows, panel_b + begin * kColumns, std::min(part_k, k - begin), sums.block, part);
        for (int i = 0; i < kColumns * kRows; ++i) total[i] += part[i];
      }
      for (std::int64_t j = 0; j < std::min(kColumns, n - column); ++j) {
        for (std::int64_t i = 0; i < std::min(kRows, m - row); ++i) {
          const float product = alpha * total[j * kRows + i];
          d[(column + j) * ldd + row + i] = beta == 0.0f ? product : product + beta * c[(column + j) * ldc + row + i];
        }
      }
    }
  }
}

}  // namespace headroom::fake
