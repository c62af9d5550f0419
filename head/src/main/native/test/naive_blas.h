// Matrix products by their definition, so that the sanitizers see every access that a BLAS would make.
#pragma once

#include <cstdint>
#include <cstring>

#include "headroom.h"

namespace naive {

inline void sgemm(const char* transa, const char* transb, const int32_t* m, const int32_t* n, const int32_t* k,
                  const float* alpha, const float* a, const int32_t* lda, const float* b, const int32_t* ldb,
                  const float* beta, float* c, const int32_t* ldc) {
  for (int64_t j = 0; j < *n; ++j)
    for (int64_t i = 0; i < *m; ++i) {
      float sum = 0;
      for (int64_t l = 0; l < *k; ++l) {
        const float x = *transa == 'N' ? a[l * *lda + i] : a[i * *lda + l];
        const float y = *transb == 'N' ? b[j * *ldb + l] : b[l * *ldb + j];
        sum += x * y;
      }
      float& out = c[j * *ldc + i];
      out = *alpha * sum + (*beta == 0 ? 0 : *beta * out);
    }
}

inline float widen(uint16_t half) {
  const uint32_t bits = static_cast<uint32_t>(half) << 16;
  float x;
  std::memcpy(&x, &bits, sizeof x);
  return x;
}

inline void gemm_bf16(int32_t, int32_t transa, int32_t transb, int32_t m, int32_t n, int32_t k, float alpha,
                      const uint16_t* a, int32_t lda, const uint16_t* b, int32_t ldb, float beta, float* c, int32_t ldc) {
  for (int64_t i = 0; i < m; ++i)
    for (int64_t j = 0; j < n; ++j) {
      float sum = 0;
      for (int64_t l = 0; l < k; ++l)
        sum += widen(transa == 111 ? a[i * lda + l] : a[l * lda + i]) * widen(transb == 111 ? b[l * ldb + j] : b[j * ldb + l]);
      float& out = c[i * ldc + j];
      out = alpha * sum + (beta == 0 ? 0 : beta * out);
    }
}

inline headroom_blas blas() { return {sgemm, gemm_bf16, nullptr}; }

}  // namespace naive
