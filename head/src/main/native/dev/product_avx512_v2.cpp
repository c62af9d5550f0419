// Version 2: with prefetch. See README.md for what it brings and where it loses.
// A panel of b (256 x 32) is copied to the first-level cache once and serves every row of a; a is broadcast from where
// it lies and never copied: that copy is what a general BLAS pays again for each of our small products.
// 14 x 2 vectors of accumulators and 2 of b fill the 32 registers.
#include <algorithm>
#include <cstring>

#include "product.h"

namespace headroom {
namespace {

constexpr int64_t kLanes = 16;
constexpr int64_t kRows = 14;
constexpr int64_t kColumns = 2 * kLanes;
constexpr int64_t kDepth = 256;

typedef float Floats __attribute__((vector_size(64)));
typedef int32_t Ints __attribute__((vector_size(64)));

inline Floats load(const float* p) {
  Floats x;
  std::memcpy(&x, p, sizeof x);
  return x;
}

inline void store(float* p, Floats x) { std::memcpy(p, &x, sizeof x); }

struct Block {
  const float* a;
  int64_t a_row, a_column;
  const float* panel;  // [depth, kColumns]
  int64_t depth;
  float* c;
  int64_t c_stride;
  bool add;
};

template <int kCount>
void block_rows(const Block& block) {
  Floats sums[kCount][2];
  // what is read or written at the end starts its way from memory now
#pragma GCC unroll 16
  for (int i = 0; i < kCount; ++i) {
    __builtin_prefetch(block.c + i * block.c_stride, 1);
    __builtin_prefetch(block.c + i * block.c_stride + kLanes, 1);
  }
#pragma GCC unroll 16
  for (int i = 0; i < kCount; ++i) sums[i][0] = sums[i][1] = Floats{};
  for (int64_t k = 0; k < block.depth; ++k) {
    const Floats left = load(block.panel + k * kColumns), right = load(block.panel + k * kColumns + kLanes);
    const float* a = block.a + k * block.a_column;
#pragma GCC unroll 16
    for (int i = 0; i < kCount; ++i) {
      const float x = a[i * block.a_row];
      sums[i][0] += x * left;
      sums[i][1] += x * right;
    }
  }
#pragma GCC unroll 16
  for (int i = 0; i < kCount; ++i) {
    float* c = block.c + i * block.c_stride;
    store(c, block.add ? load(c) + sums[i][0] : sums[i][0]);
    store(c + kLanes, block.add ? load(c + kLanes) + sums[i][1] : sums[i][1]);
  }
}

using BlockRows = void (*)(const Block&);
constexpr BlockRows kBlockRows[kRows + 1] = {
    nullptr,       block_rows<1>, block_rows<2>,  block_rows<3>,  block_rows<4>,  block_rows<5>,  block_rows<6>, block_rows<7>,
    block_rows<8>, block_rows<9>, block_rows<10>, block_rows<11>, block_rows<12>, block_rows<13>, block_rows<14>};

// Transposes 16 x 16 floats in place, exchanging the off-diagonal blocks of size 1, 2, 4, 8.
inline void transpose(Floats* rows) {
#pragma GCC unroll 4
  for (int size = 1; size < 16; size *= 2) {
    Ints low, high;
    for (int lane = 0; lane < 16; ++lane) {
      low[lane] = lane & size ? lane - size + 16 : lane;
      high[lane] = lane & size ? lane + 16 : lane + size;
    }
#pragma GCC unroll 16
    for (int i = 0; i < 16; ++i) {
      if (i & size) continue;
      const Floats a = rows[i], b = rows[i + size];
      rows[i] = __builtin_shuffle(a, b, low);
      rows[i + size] = __builtin_shuffle(a, b, high);
    }
  }
}

// Columns past the matrix are zero in the panel.
void copy_panel(const float* b, int64_t stride, int64_t depth, int64_t columns, float* panel) {
  for (int64_t k = 0; k < depth; ++k) {
    std::memcpy(panel + k * kColumns, b + k * stride, static_cast<size_t>(columns) * sizeof(float));
    std::fill(panel + k * kColumns + columns, panel + (k + 1) * kColumns, 0.0f);
  }
}

void copy_panel_transposed(const float* b, int64_t stride, int64_t depth, int64_t columns, float* panel) {
  int64_t k = 0;
  for (; columns == kColumns && k + kLanes <= depth; k += kLanes)
    for (int64_t half = 0; half < kColumns; half += kLanes) {
      Floats rows[kLanes];
      for (int64_t i = 0; i < kLanes; ++i) rows[i] = load(b + (half + i) * stride + k);
      transpose(rows);
      for (int64_t i = 0; i < kLanes; ++i) store(panel + (k + i) * kColumns + half, rows[i]);
    }
  for (; k < depth; ++k)
    for (int64_t j = 0; j < kColumns; ++j) panel[k * kColumns + j] = j < columns ? b[j * stride + k] : 0.0f;
}

// The last columns, fewer than a panel's, go through a buffer of whole vectors.
void ragged_block(const Block& block, int64_t rows, int64_t columns) {
  float whole[kRows * kColumns];
  Block inner = block;
  inner.c = whole;
  inner.c_stride = kColumns;
  inner.add = false;
  kBlockRows[rows](inner);
  for (int64_t i = 0; i < rows; ++i)
    for (int64_t j = 0; j < columns; ++j) {
      float& out = block.c[i * block.c_stride + j];
      out = block.add ? out + whole[i * kColumns + j] : whole[i * kColumns + j];
    }
}

}  // namespace

void multiply_avx512(const Product& p) {
  alignas(64) float panel[kDepth * kColumns];
  for (int64_t j = 0; j < p.n; j += kColumns) {
    const int64_t columns = std::min(kColumns, p.n - j);
    for (int64_t k = 0; k < p.k; k += kDepth) {
      const int64_t depth = std::min(kDepth, p.k - k);
      if (p.b_transposed) {
        copy_panel_transposed(p.b + j * p.b_stride + k, p.b_stride, depth, columns, panel);
      } else {
        copy_panel(p.b + k * p.b_stride + j, p.b_stride, depth, columns, panel);
      }
      // the next panel's lines, a share with each block of rows
      const bool deeper = k + kDepth < p.k;
      const int64_t next_k = deeper ? k + kDepth : 0, next_j = deeper ? j : j + kColumns;
      const int64_t next_depth = std::min(kDepth, p.k - next_k), next_columns = std::min(kColumns, p.n - next_j);
      const int64_t lines = next_columns <= 0 ? 0 : p.b_transposed ? next_columns * ((next_depth + 15) / 16) : next_depth * 2;
      const int64_t blocks = (p.m + kRows - 1) / kRows, share = (lines + blocks - 1) / blocks;
      int64_t line = 0;
      for (int64_t i = 0; i < p.m; i += kRows) {
        for (const int64_t end = std::min(lines, line + share); line < end; ++line) {
          if (p.b_transposed) {
            const int64_t per = (next_depth + 15) / 16;
            __builtin_prefetch(p.b + (next_j + line / per) * p.b_stride + next_k + line % per * 16);
          } else {
            __builtin_prefetch(p.b + (next_k + line / 2) * p.b_stride + next_j + line % 2 * 16);
          }
        }
        const int64_t rows = std::min(kRows, p.m - i);
        const Block block{p.a + i * p.a_row + k * p.a_column, p.a_row, p.a_column,        panel, depth,
                          p.c + i * p.c_stride + j,           p.c_stride, p.add || k > 0};
        if (columns == kColumns) {
          kBlockRows[rows](block);
        } else {
          ragged_block(block, rows, columns);
        }
      }
    }
  }
}

}  // namespace headroom
