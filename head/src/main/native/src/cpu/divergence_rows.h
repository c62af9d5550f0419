// What is known of the rows of a chunk whose two softmaxes are compared: normalisers, value and what the gradient needs.
#pragma once

#include <cstdint>

#include "arena.h"
#include "divergence_epilogue.h"
#include "headroom.h"
#include "plan.h"
#include "rows.h"

namespace headroom {

class DivergenceRows {
 public:
  DivergenceRows(const headroom_divergence& divergence, const Plan& plan, Arena& arena);
  // Bytes of a row of the chunk.
  static int64_t bytes(const Plan& plan);

  void begin_chunk(const int64_t* index) { index_ = index; }

  // Largest logit and sum of exponentials of both sides in a tile.
  void take_statistics(const TilePair& tiles, Span rows, int64_t tile);
  // Joins them over tiles in the order of ids, in float64: results do not depend on threads or chunks.
  void merge_statistics(Span rows);
  // The tile's part of the values, once normalisers are known.
  void take_sums(const TilePair& tiles, Span rows, int64_t tile);
  // Writes the values of rows and what their gradients need.
  void merge_sums(Span rows);
  // The student's logits become the gradient of the products.
  void gradient(const TilePair& tiles, Span rows) const;

 private:
  void normalise(int64_t i, const float* max, const float* sum, float* row_max, float* row_log) const;
  void merge_row(int64_t i);
  Normalisers normalisers(Span rows) const;

  const headroom_divergence& divergence_;
  const int64_t tiles_, chunk_rows_;
  const int64_t* index_ = nullptr;
  float *x_max_, *x_log_, *y_max_, *y_log_, *center_, *r_;
  float *first_, *second_, *third_, *fourth_;  // of each tile: [tiles, rows]
};

}  // namespace headroom
