// Products on the CPU, summed in a fixed order that knows nothing of m and n.
#pragma once

#include <cstdint>

namespace headroom::fake {

struct Operand {
  const void* data;
  int type;  // kReal32, kReal16 or kBrain16
  std::int64_t ld;
  bool transposed;
};

// How k is summed: `splits` parts one after the other, each in blocks of `block` products, all in float32.
struct Summation {
  int block, splits;
  bool tf32;  // operands of 32 bits lose their last 13
};

// D = alpha op(A) op(B) + beta C, column by column; C is read where beta is not 0.
void multiply(const Operand& a, const Operand& b, const Summation& sums, std::int64_t m, std::int64_t n, std::int64_t k, float alpha,
              float beta, const float* c, std::int64_t ldc, float* d, std::int64_t ldd);

}  // namespace headroom::fake
