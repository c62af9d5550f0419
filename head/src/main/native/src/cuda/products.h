// Matrix products by cuBLASLt: inputs of 16 or 32 bits, sums and output in float32, on the caller's stream, within the
// caller's workspace.
#pragma once

#include <cstdint>

#include "libraries.h"

namespace headroom::cuda {

// C = op(A) op(B) + beta C, column by column as cuBLAS counts: op(A) is [m,k], op(B) [k,n], C [m,n] of float32.
struct Product {
  bool transpose_a, transpose_b;
  std::int64_t m, n, k;
  const void* a;
  std::int64_t lda;
  const void* b;
  std::int64_t ldb;
  float* c;
  std::int64_t ldc;
  float beta;
  // The sizes for which the algorithm is chosen: the same one then serves other m and n, so that an element's bits do not
  // depend on them. 0: those of this product.
  std::int64_t usual_m, usual_n;
};

// The products of one context; safe for several threads.
class Products {
 public:
  explicit Products(const CublasLt& lt);
  ~Products();
  Products(const Products&) = delete;
  Products& operator=(const Products&) = delete;

  // type: kReal32, kReal16 or kBrain16; compute: kCompute32 or kComputeTf32. Nothing waits for the device, nothing is
  // allocated there; algorithms are chosen once for each kind of product and kept. No split sums over k in place, and with
  // usual sizes none at all: the same call gives the same bits, and with usual sizes they depend on nothing but k, types,
  // transposes, workspace_bytes, and the alignments of addresses and strides up to 16 bytes. (An algorithm that does not
  // serve the sizes met is replaced by their own.) The workspace is used from its first multiple of 256 bytes.
  void multiply(const Product& product, int type, int compute, void* workspace, std::int64_t workspace_bytes, Stream stream);

 private:
  struct State;
  State* state_;
};

}  // namespace headroom::cuda
