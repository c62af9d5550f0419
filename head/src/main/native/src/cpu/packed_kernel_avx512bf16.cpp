// bfloat16 operands, float32 sums: a word is a pair that follows each other along the sum.
#include "lanes_avx512.h"

namespace headroom {
namespace {

// Both rounded to nearest even; NaN stays NaN.
inline __m512i round_pair(__m512 low, __m512 high) { return reinterpret_cast<__m512i>(_mm512_cvtne2ps_pbh(high, low)); }

struct Word {
  static constexpr int64_t elements = 2;
  static __m512i load(const float* row, int64_t left) {
    return round_pair(load_floats(row, left), load_floats(row + std::min(left, kLanes), left - kLanes));
  }
  static __m512 add(__m512 sum, __m512i left, __m512i right) {
    return _mm512_dpbf16_ps(sum, reinterpret_cast<__m512bh>(left), reinterpret_cast<__m512bh>(right));
  }
};

}  // namespace
}  // namespace headroom

#include "packed_kernel.inc"

namespace headroom {
namespace {

// Words (a[j], b[j]) for 16 columns j.
inline __m512i pair_rows(__m512 a, __m512 b) {
  // the two halves of round_pair hold a's and b's columns; their elements are put in turn
  alignas(64) static constexpr uint16_t kInTurn[32] = {0, 16, 1, 17, 2,  18, 3,  19, 4,  20, 5,  21, 6,  22, 7,  23,
                                                       8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31};
  return _mm512_permutexvar_epi16(_mm512_load_si512(kInTurn), round_pair(a, b));
}

void pack_along(const float* const* x, int64_t k, int64_t n, uint32_t* to, int64_t panel) {
  for (int64_t j = 0; j < n; j += kColumns)
    for (int64_t i = 0; i < k; i += 2) {
      uint32_t* words = to + j / kColumns * panel + i / 2 * kColumns;
      for (int64_t lane = 0; lane < kColumns; lane += kLanes) {
        const int64_t left = n - j - lane, at = left > 0 ? j + lane : 0;
        const __m512 b = i + 1 < k ? load_floats(x[i + 1] + at, left) : _mm512_setzero_ps();
        _mm512_storeu_si512(words + lane, pair_rows(load_floats(x[i] + at, left), b));
      }
    }
}

void pack_gradient(const float* g, int64_t ld, int64_t rows, int64_t columns, uint32_t* by_row, int64_t row_stride,
                   uint32_t* by_column, int64_t column_stride) {
  for (int64_t i = 0; i < rows; ++i)
    for (int64_t j = 0; j < columns; j += 2 * kLanes)
      _mm512_storeu_si512(by_row + i * row_stride + j / 2, Word::load(g + i * ld + j, columns - j));
  for (int64_t i = 0; i < rows; i += 2)
    for (int64_t j = 0; j < columns; j += kLanes) {
      const __m512 b = i + 1 < rows ? load_floats(g + (i + 1) * ld + j, columns - j) : _mm512_setzero_ps();
      _mm512_storeu_si512(by_column + i / 2 * column_stride + j, pair_rows(load_floats(g + i * ld + j, columns - j), b));
    }
}

}  // namespace

const PackedKernel packed_kernel_avx512bf16 = {kRows, kColumns, Word::elements, pack_across, pack_along, pack_gradient, multiply};

}  // namespace headroom
