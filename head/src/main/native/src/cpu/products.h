// The three matrix products of a block of rows with a tile of classes: z = e c^T, dE += g c, dC += g^T e.
// Two ways to form them: the BLAS that was handed in (blas_products.cpp), and our own kernels on operands that are
// packed once and used by every tile (packed_products.cpp).
#pragma once

#include <cstdint>
#include <memory>

#include "arena.h"
#include "headroom.h"
#include "plan.h"
#include "rows.h"

namespace headroom {

// A matrix of the call, float32 or float16.
struct Operand {
  const void* at;
  int64_t stride;
  int32_t dtype;
  int64_t columns;
  // Row i as floats: where it lies, or widened into `room`.
  const float* row(int64_t i, float* room) const;
};
inline Operand hidden_of(const headroom_head& head) { return {head.e, head.e_stride, head.e_dtype, head.d}; }
inline Operand classifier_of(const headroom_head& head) { return {head.c, head.c_stride, head.c_dtype, head.d}; }

// A call makes one pass over the tiles for the statistics of its rows, one for their gradients, or one after the other.
enum class Pass { kStatistics, kGradients };

// A block of the gradient of the logits, g[rows, columns] with plan.logit_stride floats between rows, and what it is
// multiplied into: rows of dE and of dC, or null; `add` says whether they are added to or overwritten.
struct GradientBlock {
  const float* g;
  Span rows;
  Classes classes;
  float* de;
  int64_t de_stride;
  bool add_de;
  float* dc;
  int64_t dc_stride;
  bool add_dc;
};

class Products {
 public:
  virtual ~Products() = default;
  // Makes the chunk's rows (index[i] of e) ready for a pass: first the whole, then its parts, loaded in parallel.
  virtual void begin_chunk(const int64_t* index, int64_t count) = 0;
  virtual void load_rows(Span rows, Pass pass, int32_t worker) = 0;
  // Makes a tile of c ready for this worker.
  virtual void load_tile(const Classes& classes, Pass pass, int32_t worker) = 0;
  virtual void logits(Span rows, const Classes& classes, int32_t worker, float* z) = 0;
  virtual void gradients(const GradientBlock& block, int32_t worker) = 0;
};

// Takes from the arena what products_scratch has counted.
std::unique_ptr<Products> make_products(const headroom_head& head, const Plan& plan, Arena& arena);

// Memory of the products: of the call, of a row of the chunk, of a worker.
struct Scratch {
  int64_t fixed, per_row, per_worker;
};
Scratch products_scratch(const headroom_head& head, const Plan& plan);

// Whether the products of a call are our own: asked for, or measured to be faster than the BLAS on this processor.
bool takes_own_products(const headroom_head& head);
// Whether our own products of this compute type can run here, and whether they were measured to be faster.
bool own_products_can_run(int32_t compute);
bool own_products_are_faster(int32_t compute);

std::unique_ptr<Products> make_blas_products(const headroom_head& head, const Plan& plan, Arena& arena);
Scratch blas_scratch(const headroom_head& head, const Plan& plan);
std::unique_ptr<Products> make_packed_products(const headroom_head& head, const Plan& plan, Arena& arena);
Scratch packed_scratch(const headroom_head& head, const Plan& plan);

}  // namespace headroom
