// The gradient filter: softmax is sparse in trained models, so a block of rows forms its gradient only for the classes
// to which one of its rows gives a probability of at least tau (and for its targets). The mass that a row loses is
// counted exactly and put back as one column: dropped mass x mean dropped column. Smoothing is of rank one and exact.
//
// tau and the order of tiles come from a pilot, some rows spread over the chunk, so that bits depend on the call alone.
#pragma once

#include <cstdint>
#include <vector>

#include "loop.h"

namespace headroom {

class Filter {
 public:
  Filter(const Loop& loop, Arena& arena);
  static int64_t fixed_bytes(const headroom_head& head, const Plan& plan);
  static int64_t bytes_per_row(const headroom_head& head, const Plan& plan);
  static int64_t bytes_per_worker(const headroom_head& head, const Plan& plan);

  // Before the statistics of a chunk: tau, the order of tiles, and a floor under each row's logits that count.
  void begin_chunk(bool lse_is_given);
  // Marks the classes that rows need whatever their p, once all of them are known.
  void mark_targets() const;
  // Marks the classes of a tile that a block needs.
  void mark(const Tile& tile, int64_t block, const Classes& classes) const;
  // A part of the gradient pass: dE of the part, and its classes' rows of dC and dB.
  void gradients(int64_t part, bool first_chunk, int32_t worker) const;
  // After all parts: what was dropped, what is put back, and the smoothing.
  void finish() const;

 private:
  struct Worker {
    float *dc, *bias, *row;  // of a group of classes: dC [columns, d], bias; a row of c widened
    int32_t* ids;
  };

  template <class Body>
  void each_pilot_block(Body body) const;
  void pilot();
  void choose_tau(const std::vector<double>& mass);
  void order_tiles();
  void set_floors(bool lse_is_given);
  void group_gradients(const Classes& classes, int64_t part, int64_t block, const Worker& own, int32_t worker) const;
  void sum_columns() const;
  void smooth() const;

  const Loop& loop_;
  const headroom_head& head_;
  int64_t most_blocks_;
  double log_tau_ = 0;
  std::vector<int32_t> hot_;   // the tiles that hold most of the pilot's mass
  uint8_t* marks_;             // [blocks, v]
  float* floors_;              // [rows]
  float* kept_mass_;           // [parts, rows]
  float* mean_p_;              // [v] over the pilot's rows
  float* sums_;                // [parts, blocks + 1, d]: sum of mean_p c over marked classes; the last over all
  float* weights_;             // [parts, blocks + 1]: the same of mean_p
  std::vector<Worker> workers_;
};

}  // namespace headroom
