// float32: a word is a float.
#include "lanes_avx512.h"

namespace headroom {
namespace {

struct Word {
  static constexpr int64_t elements = 1;
  static __m512i load(const float* row, int64_t left) { return _mm512_castps_si512(load_floats(row, left)); }
  static __m512 add(__m512 sum, __m512i left, __m512i right) {
    return _mm512_fmadd_ps(_mm512_castsi512_ps(left), _mm512_castsi512_ps(right), sum);
  }
};

}  // namespace
}  // namespace headroom

#include "packed_kernel.inc"

namespace headroom {
namespace {

void pack_along(const float* const* x, int64_t k, int64_t n, uint32_t* to, int64_t panel) {
  for (int64_t j = 0; j < n; j += kColumns)
    for (int64_t i = 0; i < k; ++i) {
      uint32_t* words = to + j / kColumns * panel + i * kColumns;
      _mm512_storeu_si512(words, Word::load(x[i] + j, n - j));
      _mm512_storeu_si512(words + kLanes, n - j > kLanes ? Word::load(x[i] + j + kLanes, n - j - kLanes) : _mm512_setzero_si512());
    }
}

}  // namespace

const PackedKernel packed_kernel_avx512 = {kRows, kColumns, Word::elements, pack_across, pack_along, nullptr, multiply};

}  // namespace headroom
