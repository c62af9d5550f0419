#include "chunks.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <vector>

#include "arena.h"
#include "epilogue.h"
#include "plan.h"
#include "pool.h"
#include "products.h"
#include "rows.h"

namespace headroom {
namespace {

class Chunks {
 public:
  Chunks(const headroom_head& head, Work work)
      : head_(asked(head, work)), work_(work) {
    for (int64_t i = 0; i < head.n; ++i) kept_count_ += target_at(head, i) != head.ignore_index;
    plan_ = make_plan(head_, kept_count_, kept_count_ < head.n);
    take_workspace();
  }

  void run() {
    clear_ignored_rows();
    if (kept_count_ == 0) {
      if (work_ != Work::kForward && !head_.add_dc) clear_classifier_gradient();
      return;
    }
    for (int64_t first = 0; first < kept_count_; first += plan_.chunk_rows) {
      begin_chunk(first, std::min(plan_.chunk_rows, kept_count_ - first));
      if (work_ == Work::kBackward) {
        rows_->take_given({0, count_});
      } else {
        load_rows(Pass::kStatistics);
        parallel_tasks(plan_.tiles, [this](int64_t tile, int32_t worker) { statistics(tile, worker); });
        each_group_of_rows([this](Span rows, int32_t) { rows_->merge(rows); });
      }
      if (work_ == Work::kForward) continue;
      load_rows(Pass::kGradients);
      rows_->scale({0, count_});
      parallel_tasks(plan_.parts, [this](int64_t part, int32_t worker) { gradients(part, worker); });
      if (head_.de) each_group_of_rows([this](Span rows, int32_t) { sum_parts(rows); });
      first_chunk_ = false;
    }
  }

 private:
  // What this work needs of the call: no gradients for statistics, no kept logits where none were made.
  static headroom_head asked(headroom_head head, Work work) {
    if (work == Work::kForward) head.de = head.dc = head.db = nullptr;
    if (work == Work::kBackward) head.engine = HEADROOM_RECOMPUTED;
    return head;
  }

  void take_workspace() {
    Arena arena(head_.workspace, head_.workspace_bytes);
    const int64_t r = plan_.chunk_rows;
    kept_ = arena.take<int64_t>(kept_count_);
    for (int64_t i = 0, k = 0; i < head_.n; ++i)
      if (target_at(head_, i) != head_.ignore_index) kept_[k++] = i;
    rows_ = std::make_unique<RowStates>(head_, plan_, arena);
    if (head_.de) parts_ = arena.take<float>(plan_.parts * r * head_.d);
    if (plan_.kept) logits_ = arena.take<float>(r * plan_.tiles * plan_.logit_stride);
    for (int32_t i = 0; i < head_.threads && !plan_.kept; ++i)
      block_logits_.push_back(arena.take<float>(plan_.block_rows * plan_.logit_stride));
    products_ = make_products(head_, plan_, arena);
  }

  template <class Body>
  void parallel_tasks(int64_t count, Body body) {
    const auto set = head_.blas ? head_.blas->set_threads_local : nullptr;
    parallel(count, head_.threads, [set] { if (set) set(1); }, body);
  }

  template <class Body>
  void each_group_of_rows(Body body) {
    const int64_t group = plan_.row_unit * 16;
    parallel_tasks((count_ + group - 1) / group,
                   [&](int64_t task, int32_t worker) { body(Span{task * group, std::min(count_, (task + 1) * group)}, worker); });
  }

  int64_t row(int64_t i) const { return kept_[first_ + i]; }
  Span columns(int64_t tile) const {
    const int64_t begin = tile * plan_.tile_columns;
    return {begin, std::min(begin + plan_.tile_columns, head_.v)};
  }

  void clear_ignored_rows() {
    for (int64_t i = 0; plan_.gathered && i < head_.n; ++i) {
      if (target_at(head_, i) != head_.ignore_index) continue;
      if (work_ != Work::kBackward) clear_statistics(i);
      if (work_ != Work::kForward && head_.de)
        std::memset(head_.de + i * head_.de_stride, 0, static_cast<size_t>(head_.d) * sizeof(float));
    }
  }

  void clear_statistics(int64_t row) {
    head_.nll[row] = head_.lse[row] = 0.0f;
    for (float* output : {head_.entropy, head_.smooth, head_.soft})
      if (output) output[row] = 0.0f;
    std::fill_n(head_.top_ids + row * head_.top_count, head_.top_count, int64_t{-1});
    std::fill_n(head_.top_logits + row * head_.top_count, head_.top_count, 0.0f);
  }

  void clear_classifier_gradient() {
    for (int64_t v = 0; head_.dc && v < head_.v; ++v)
      std::memset(head_.dc + v * head_.dc_stride, 0, static_cast<size_t>(head_.d) * sizeof(float));
    if (head_.db) std::memset(head_.db, 0, static_cast<size_t>(head_.v) * sizeof(float));
  }

  void begin_chunk(int64_t first, int64_t rows) {
    first_ = first;
    count_ = rows;
    rows_->begin_chunk(kept_ + first, rows);
    products_->begin_chunk(kept_ + first, rows);
  }

  void load_rows(Pass pass) {
    each_group_of_rows([this, pass](Span rows, int32_t worker) { products_->load_rows(rows, pass, worker); });
  }

  // Calls body(rows of a block): blocks of nearly equal size, cut between units of rows.
  template <class Body>
  void each_block(Body body) {
    const int64_t unit = plan_.row_unit, units = (count_ + unit - 1) / unit;
    const int64_t most = plan_.block_rows / unit, blocks = (units + most - 1) / most;
    for (int64_t i = 0; i < blocks; ++i)
      body(Span{units * i / blocks * unit, std::min(count_, units * (i + 1) / blocks * unit)});
  }

  float* block_logits(int64_t tile, Span rows, int32_t worker) const {
    if (!plan_.kept) return block_logits_[static_cast<size_t>(worker)];
    return logits_ + (plan_.chunk_rows * tile + rows.begin) * plan_.logit_stride;
  }

  // The block's logits: products, then bias, scale and cap where there are any.
  Tile make_logits(float* z, Span rows, Span columns, int32_t worker) const {
    products_->logits(rows, columns, worker, z);
    const Tile tile{z, plan_.logit_stride, rows.size(), columns.size()};
    if (head_.b || head_.logit_scale != 1 || head_.soft_cap != 0)
      epilogues_.transform(tile, {head_.b ? head_.b + columns.begin : nullptr, static_cast<float>(head_.logit_scale),
                                  static_cast<float>(head_.soft_cap)});
    return tile;
  }

  void statistics(int64_t index, int32_t worker) {
    const Span cols = columns(index);
    products_->load_tile(cols, Pass::kStatistics, worker);
    each_block([&](Span rows) {
      const Tile tile = make_logits(block_logits(index, rows, worker), rows, cols, worker);
      rows_->take_statistics(tile, rows, cols, index);
    });
  }

  void gradients(int64_t part, int32_t worker) {
    const int64_t begin = plan_.tiles * part / plan_.parts, end = plan_.tiles * (part + 1) / plan_.parts, d = head_.d;
    float* de = parts_ ? parts_ + part * plan_.chunk_rows * d : nullptr;
    for (int64_t index = begin; index < end; ++index) {
      const Span cols = columns(index);
      float* dc = head_.dc ? head_.dc + cols.begin * head_.dc_stride : nullptr;
      products_->load_tile(cols, Pass::kGradients, worker);
      each_block([&](Span rows) {
        float* z = block_logits(index, rows, worker);
        const Tile tile = plan_.kept ? Tile{z, plan_.logit_stride, rows.size(), cols.size()} : make_logits(z, rows, cols, worker);
        rows_->gradient(tile, rows, cols);
        const bool fresh = first_chunk_ && rows.begin == 0 && !head_.add_dc;
        if (head_.db) {
          if (fresh) std::fill(head_.db + cols.begin, head_.db + cols.end, 0.0f);
          epilogues_.column_sums(tile, head_.db + cols.begin);
        }
        products_->gradients({z, rows, cols, de ? de + rows.begin * d : nullptr, d, index > begin, dc, head_.dc_stride, !fresh},
                             worker);
      });
    }
  }

  void sum_parts(Span rows) {
    for (int64_t i = rows.begin; i < rows.end; ++i) {
      float* de = head_.de + row(i) * head_.de_stride;
      std::memcpy(de, parts_ + i * head_.d, static_cast<size_t>(head_.d) * sizeof(float));
      for (int64_t part = 1; part < plan_.parts; ++part)
        epilogues_.add(de, parts_ + (part * plan_.chunk_rows + i) * head_.d, head_.d);
    }
  }

  const headroom_head head_;
  const Work work_;
  const Epilogues& epilogues_ = epilogues();
  Plan plan_{};
  std::unique_ptr<RowStates> rows_;
  std::unique_ptr<Products> products_;
  int64_t kept_count_ = 0;
  bool first_chunk_ = true;

  // the chunk at hand
  int64_t first_ = 0, count_ = 0;

  // pieces of the workspace
  int64_t* kept_ = nullptr;
  float *logits_ = nullptr, *parts_ = nullptr;
  std::vector<float*> block_logits_;  // of each worker, where they are recomputed
};

}  // namespace

int64_t target_at(const headroom_head& head, int64_t row) {
  if (head.t_dtype == HEADROOM_INT32) return static_cast<const int32_t*>(head.t)[row];
  return static_cast<const int64_t*>(head.t)[row];
}

void run_chunks(const headroom_head& head, Work work) { Chunks(head, work).run(); }

}  // namespace headroom
