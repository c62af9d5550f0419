// What the passes over a chunk share: the call's arguments as the kernels take them, its pieces of the workspace, and the
// products of its chunks with its tiles.
#pragma once

#include <algorithm>

#include "device.h"
#include "headroom.h"
#include "plan.h"
#include "work.h"

namespace headroom::cuda {

inline int64_t over(int64_t count, int64_t block) { return (count + block - 1) / block; }

struct Call {
  Call(const headroom_head& head, bool gradients, Device& device);

  const headroom_head head;
  const Stream stream;
  Device& device;
  const Plan plan;
  const Layout at;
  const Head args;
  const Kernels& kernels;
  const TypedKernels typed;
  Chunk chunk;

  // Memory of the call's outputs.
  void fill(void* memory, unsigned char value, int64_t bytes) const;
  void clear(float* memory, int64_t count) const { fill(memory, 0, count * 4); }
  // `count` rows of d elements.
  void clear_rows(float* rows, int64_t stride, int64_t count) const;

  void by_row(const Kernel<Head, Chunk>& kernel) const { by_row(kernel, chunk); }
  void by_row(const Kernel<Head, Chunk>& kernel, const Chunk& rows) const { kernel(stream, over(rows.rows, kThreads), 1, args, rows); }
  void begin_chunk(int64_t first, int64_t count);

  int64_t columns(int64_t tile) const { return std::min(plan.tile_columns, head.v - tile * plan.tile_columns); }
  Tile tile(int64_t index) const;

  // The chunk's hidden states and a tile's classes as operands.
  const void* hidden() const;
  int64_t hidden_stride() const { return plan.copies_e ? plan.operand_columns : head.e_stride; }
  const void* classes(int64_t tile) const;
  int64_t classes_stride() const { return plan.copies_c ? plan.operand_columns : head.c_stride; }
  void load_classes(int64_t tile) const;
  void copy_classes(int64_t begin, int64_t count, const Int* ids, void* to) const;

  // The chunk's dE: the caller's rows, or those gathered.
  float* de() const { return plan.gathered ? at.de : head.de + chunk.first * head.de_stride; }
  int64_t de_stride() const { return plan.gathered ? head.d : head.de_stride; }

  // A tile's products z = e c'.
  void make_products(int64_t index) const;
  // Products with a gradient g of some rows by some classes, written to `to` or added to it: g c, a part of dE, and g' e, of
  // dC.
  struct Gradient {
    int64_t rows, classes;
    const void* g;
    int64_t g_ld;
  };
  void times_classes(const Gradient& gradient, const void* classes, int64_t stride, float* to, int64_t to_stride, bool adds) const;
  void times_hidden(const Gradient& gradient, const void* hidden, float* to, int64_t to_stride, bool adds) const;
  // The sums of a tile's columns over these rows.
  void sum_columns(const Chunk& rows, const Tile& tile, const ColumnSums& sums) const;

 private:
  void multiply(const Product& product) const;
};

}  // namespace headroom::cuda
