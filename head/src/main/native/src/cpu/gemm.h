// The three matrix products of a tile, by the BLAS that was handed in or by our own. e[rows,d], c[columns,d],
// g[rows,columns].
#pragma once

#include <cstdint>

#include "headroom.h"
#include "product.h"

namespace headroom {

template <class T>
struct Matrix {
  const T* at;
  int64_t stride;
};

class Gemm {
 public:
  // `own`: float32 products by multiply_avx512; bfloat16 ones always go to the BLAS.
  Gemm(const headroom_blas& blas, int64_t d, bool own) : blas_(blas), d_(static_cast<int32_t>(d)), own_(own) {}

  // z = e c^T
  void logits(Matrix<float> e, Matrix<float> c, int64_t rows, int64_t columns, float* z) const {
    if (own_) return multiply_avx512({rows, columns, d_, e.at, e.stride, 1, c.at, c.stride, true, z, columns, false});
    const auto m = static_cast<int32_t>(columns), n = static_cast<int32_t>(rows);
    const auto lda = static_cast<int32_t>(c.stride), ldb = static_cast<int32_t>(e.stride);
    blas_.sgemm("T", "N", &m, &n, &d_, &kOne, c.at, &lda, e.at, &ldb, &kZero, z, &m);
  }
  void logits(Matrix<uint16_t> e, Matrix<uint16_t> c, int64_t rows, int64_t columns, float* z) const {
    const auto m = static_cast<int32_t>(rows), n = static_cast<int32_t>(columns);
    blas_.gemm_bf16(kRowMajor, kNoTrans, kTrans, m, n, d_, 1.0f, e.at, static_cast<int32_t>(e.stride), c.at,
                    static_cast<int32_t>(c.stride), 0.0f, z, n);
  }

  // dE = g c, or added to dE
  void hidden(Matrix<float> g, Matrix<float> c, int64_t rows, int64_t columns, bool add, float* de) const {
    if (own_) return multiply_avx512({rows, d_, columns, g.at, g.stride, 1, c.at, c.stride, false, de, d_, add});
    const float beta = add ? 1.0f : 0.0f;
    const auto n = static_cast<int32_t>(rows), k = static_cast<int32_t>(columns);
    const auto lda = static_cast<int32_t>(c.stride), ldb = static_cast<int32_t>(g.stride);
    blas_.sgemm("N", "N", &d_, &n, &k, &kOne, c.at, &lda, g.at, &ldb, &beta, de, &d_);
  }
  void hidden(Matrix<uint16_t> g, Matrix<uint16_t> c, int64_t rows, int64_t columns, bool add, float* de) const {
    blas_.gemm_bf16(kRowMajor, kNoTrans, kNoTrans, static_cast<int32_t>(rows), d_, static_cast<int32_t>(columns), 1.0f,
                    g.at, static_cast<int32_t>(g.stride), c.at, static_cast<int32_t>(c.stride), add ? 1.0f : 0.0f, de, d_);
  }

  // dC = g^T e, or added to dC
  void classifier(Matrix<float> g, Matrix<float> e, int64_t rows, int64_t columns, bool add, float* dc,
                  int64_t dc_stride) const {
    if (own_) return multiply_avx512({columns, d_, rows, g.at, 1, g.stride, e.at, e.stride, false, dc, dc_stride, add});
    const float beta = add ? 1.0f : 0.0f;
    const auto n = static_cast<int32_t>(columns), k = static_cast<int32_t>(rows);
    const auto lda = static_cast<int32_t>(e.stride), ldb = static_cast<int32_t>(g.stride);
    const auto ldc = static_cast<int32_t>(dc_stride);
    blas_.sgemm("N", "T", &d_, &n, &k, &kOne, e.at, &lda, g.at, &ldb, &beta, dc, &ldc);
  }
  void classifier(Matrix<uint16_t> g, Matrix<uint16_t> e, int64_t rows, int64_t columns, bool add, float* dc,
                  int64_t dc_stride) const {
    blas_.gemm_bf16(kRowMajor, kTrans, kNoTrans, static_cast<int32_t>(columns), d_, static_cast<int32_t>(rows), 1.0f,
                    g.at, static_cast<int32_t>(g.stride), e.at, static_cast<int32_t>(e.stride), add ? 1.0f : 0.0f, dc,
                    static_cast<int32_t>(dc_stride));
  }

 private:
  static constexpr float kOne = 1.0f, kZero = 0.0f;
  static constexpr int32_t kRowMajor = 101, kNoTrans = 111, kTrans = 112;
  const headroom_blas& blas_;
  int32_t d_;
  bool own_;
};

}  // namespace headroom
