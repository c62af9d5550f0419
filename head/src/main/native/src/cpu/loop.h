// What the passes over a chunk share: blocks of rows, tiles of classes, and a tile of logits.
#pragma once

#include <algorithm>
#include <cstring>
#include <memory>
#include <vector>

#include "arena.h"
#include "epilogue.h"
#include "headroom.h"
#include "plan.h"
#include "pool.h"
#include "products.h"
#include "rows.h"

namespace headroom {

struct Loop {
  const headroom_head& head;
  const Plan& plan;
  std::unique_ptr<RowStates> rows;
  std::unique_ptr<Products> products;
  std::vector<float*> block_logits;  // of each worker, where logits are not kept
  float* kept_logits = nullptr;
  float* parts = nullptr;  // of dE: [parts, chunk_rows, d]
  const int64_t* index = nullptr;  // the chunk's rows of the call
  int64_t count = 0;

  template <class Body>
  void each_task(int64_t tasks, Body body) const {
    const auto set = head.blas ? head.blas->set_threads_local : nullptr;
    parallel(tasks, head.threads, set, body);
  }

  template <class Body>
  void each_group_of_rows(Body body) const {
    const int64_t group = plan.row_unit * 16;
    each_task((count + group - 1) / group,
              [&](int64_t task, int32_t worker) { body(Span{task * group, std::min(count, (task + 1) * group)}, worker); });
  }

  int64_t blocks() const {
    const int64_t most = plan.block_rows / plan.row_unit;
    return (units() + most - 1) / most;
  }

  // The rows of a block: blocks are of nearly equal size, cut between units of rows.
  Span block(int64_t i) const {
    return {units() * i / blocks() * plan.row_unit, std::min(count, units() * (i + 1) / blocks() * plan.row_unit)};
  }

  Classes tile(int64_t i) const {
    const int64_t begin = i * plan.tile_columns;
    return {begin, std::min(plan.tile_columns, head.v - begin), nullptr};
  }

  // The tiles of a part of the gradient pass.
  Span part(int64_t i) const { return {plan.tiles * i / plan.parts, plan.tiles * (i + 1) / plan.parts}; }

  float* room(int64_t tile, Span block, int32_t worker) const {
    if (!plan.kept) return block_logits[static_cast<size_t>(worker)];
    return kept_logits + (plan.chunk_rows * tile + block.begin) * plan.logit_stride;
  }

  // The block's logits: products, then bias (that of these classes), scale and cap where there are any.
  Tile make_logits(float* z, Span block, const Classes& classes, const float* bias, int32_t worker) const {
    products->logits(block, classes, worker, z);
    const Tile made{z, plan.logit_stride, block.size(), classes.count};
    if (bias || head.logit_scale != 1 || cap_of(head) != 0)
      epilogues().transform(made, {bias, static_cast<float>(head.logit_scale), cap_of(head)});
    return made;
  }

  const float* bias_of(const Classes& classes) const { return head.b ? head.b + classes.begin : nullptr; }

 private:
  int64_t units() const { return (count + plan.row_unit - 1) / plan.row_unit; }
};

}  // namespace headroom
