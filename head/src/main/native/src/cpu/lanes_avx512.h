// Vectors of 16 floats, the last of a row in part. For the AVX-512 sources only.
#pragma once

#include <immintrin.h>

#include <algorithm>
#include <cstdint>

namespace headroom {
namespace {

constexpr int64_t kLanes = 16;

inline __mmask16 first_lanes(int64_t count) {
  return static_cast<__mmask16>((1u << std::clamp<int64_t>(count, 0, kLanes)) - 1u);
}

// The row's next 16 floats of which `left` exist, zeros beyond; reads nothing where none is left.
inline __m512 load_floats(const float* row, int64_t left) { return _mm512_maskz_loadu_ps(first_lanes(left), row); }

}  // namespace
}  // namespace headroom
