#include "chunks.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>
#include <vector>

#include "arena.h"
#include "epilogue.h"
#include "plan.h"
#include "pool.h"
#include "products.h"

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
        for (int64_t i = 0; i < rows_; ++i) lse_[i] = head_.lse[row(i)];
      } else {
        load_rows(Pass::kStatistics);
        parallel_tasks(plan_.tiles, [this](int64_t tile, int32_t worker) { statistics(tile, worker); });
        each_group_of_rows([this](Span rows) { merge(rows); });
      }
      if (work_ == Work::kForward) continue;
      load_rows(Pass::kGradients);
      for (int64_t i = 0; i < rows_; ++i) scale_row(i);
      parallel_tasks(plan_.parts, [this](int64_t part, int32_t worker) { gradients(part, worker); });
      if (head_.de) each_group_of_rows([this](Span rows) { sum_parts(rows); });
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
    target_ = arena.take<int64_t>(r);
    lse_ = arena.take<float>(r);
    a_ = arena.take<float>(r);
    t_ = arena.take<float>(r);
    rest_ = arena.take<float>(r);
    z_target_ = arena.take<float>(r);
    max_ = arena.take<float>(r * plan_.tiles);
    sum_ = arena.take<float>(r * plan_.tiles);
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
    parallel_tasks((rows_ + group - 1) / group,
                   [&](int64_t task, int32_t) { body(Span{task * group, std::min(rows_, (task + 1) * group)}); });
  }

  int64_t row(int64_t i) const { return kept_[first_ + i]; }
  Span columns(int64_t tile) const {
    const int64_t begin = tile * plan_.tile_columns;
    return {begin, std::min(begin + plan_.tile_columns, head_.v)};
  }

  void clear_ignored_rows() {
    for (int64_t i = 0; plan_.gathered && i < head_.n; ++i) {
      if (target_at(head_, i) != head_.ignore_index) continue;
      if (work_ != Work::kBackward) head_.nll[i] = head_.lse[i] = 0.0f;
      if (work_ != Work::kForward && head_.de)
        std::memset(head_.de + i * head_.de_stride, 0, static_cast<size_t>(head_.d) * sizeof(float));
    }
  }

  void clear_classifier_gradient() {
    for (int64_t v = 0; head_.dc && v < head_.v; ++v)
      std::memset(head_.dc + v * head_.dc_stride, 0, static_cast<size_t>(head_.d) * sizeof(float));
    if (head_.db) std::memset(head_.db, 0, static_cast<size_t>(head_.v) * sizeof(float));
  }

  void begin_chunk(int64_t first, int64_t rows) {
    first_ = first;
    rows_ = rows;
    for (int64_t i = 0; i < rows; ++i) target_[i] = target_at(head_, row(i));
    products_->begin_chunk({static_cast<const float*>(head_.e), head_.e_stride, kept_ + first, rows});
  }

  void load_rows(Pass pass) {
    each_group_of_rows([this, pass](Span rows) { products_->load_rows(rows, pass); });
  }

  // Calls body(rows of a block): blocks of nearly equal size, cut between units of rows.
  template <class Body>
  void each_block(Body body) {
    const int64_t unit = plan_.row_unit, units = (rows_ + unit - 1) / unit;
    const int64_t most = plan_.block_rows / unit, blocks = (units + most - 1) / most;
    for (int64_t i = 0; i < blocks; ++i)
      body(Span{units * i / blocks * unit, std::min(rows_, units * (i + 1) / blocks * unit)});
  }

  float* block_logits(int64_t tile, Span rows, int32_t worker) const {
    if (!plan_.kept) return block_logits_[static_cast<size_t>(worker)];
    return logits_ + (plan_.chunk_rows * tile + rows.begin) * plan_.logit_stride;
  }

  Tile tile_of(float* z, Span columns, Span rows) const {
    return {z, plan_.logit_stride, rows.size(), columns.size(), head_.b ? head_.b + columns.begin : nullptr};
  }

  // Calls body(row, logit) for each row of the block whose target lies in the tile.
  template <class Body>
  void each_target(const Tile& tile, Span columns, Span rows, Body body) {
    for (int64_t i = rows.begin; i < rows.end; ++i) {
      const int64_t v = target_[i] - columns.begin;
      if (v >= 0 && v < columns.size())
        body(i, tile.z[(i - rows.begin) * tile.ld + v], tile.bias ? tile.bias[v] : 0.0f);
    }
  }

  void statistics(int64_t index, int32_t worker) {
    const Span cols = columns(index);
    products_->load_tile(cols, Pass::kStatistics, worker);
    each_block([&](Span rows) {
      float* z = block_logits(index, rows, worker);
      products_->logits(rows, cols, worker, z);
      const Tile tile = tile_of(z, cols, rows);
      const int64_t at = index * plan_.chunk_rows + rows.begin;
      epilogues_.row_stats(tile, max_ + at, sum_ + at);
      each_target(tile, cols, rows, [&](int64_t i, float logit, float bias) { z_target_[i] = logit + bias; });
    });
  }

  // Merges the tiles' statistics in the order of ids, in float64: lse and nll do not depend on threads or chunks.
  void merge(Span rows) {
    for (int64_t i = rows.begin; i < rows.end; ++i) {
      float top = -INFINITY;
      for (int64_t j = 0; j < plan_.tiles; ++j) top = std::max(top, max_[j * plan_.chunk_rows + i]);
      const double origin = std::isinf(top) && top < 0 ? 0.0 : static_cast<double>(top);
      double total = 0;
      for (int64_t j = 0; j < plan_.tiles; ++j) {
        const int64_t at = j * plan_.chunk_rows + i;
        total += static_cast<double>(sum_[at]) * std::exp(static_cast<double>(max_[at]) - origin);
      }
      const double lse = origin + std::log(total);
      lse_[i] = static_cast<float>(lse);
      head_.lse[row(i)] = lse_[i];
      head_.nll[row(i)] = static_cast<float>(lse - static_cast<double>(z_target_[i]));
    }
  }

  // The row scalars of the formula in headroom.h: A = r + 2 lambda L r_z and T = r.
  void scale_row(int64_t i) {
    const double r = static_cast<double>(head_.r[row(i)]);
    const double r_z = head_.r_z ? static_cast<double>(head_.r_z[row(i)]) : 0.0;
    const double z_part = 2.0 * head_.z_loss * static_cast<double>(lse_[i]) * r_z;
    a_[i] = static_cast<float>(r + z_part);
    t_[i] = static_cast<float>(r);
    rest_[i] = static_cast<float>(z_part);
  }

  // p A - T as T (p - 1) + rest p with rest = A - T: expm1 keeps every digit where p is near 1; rounded once.
  float target_gradient(int64_t i, float z) const {
    const double x = static_cast<double>(z) - static_cast<double>(lse_[i]);
    return static_cast<float>(static_cast<double>(t_[i]) * std::expm1(x) + static_cast<double>(rest_[i]) * std::exp(x));
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
        if (!plan_.kept) products_->logits(rows, cols, worker, z);
        form_gradient(tile_of(z, cols, rows), cols, rows);
        products_->gradients({z, rows, cols, de ? de + rows.begin * d : nullptr, d, index > begin, dc, head_.dc_stride,
                              head_.add_dc || !first_chunk_ || rows.begin > 0},
                             worker);
      });
    }
  }

  void form_gradient(const Tile& tile, Span cols, Span rows) {
    each_target(tile, cols, rows, [&](int64_t i, float logit, float bias) { z_target_[i] = logit + bias; });
    epilogues_.row_gradient(tile, {lse_ + rows.begin, a_ + rows.begin, nullptr, nullptr, nullptr});
    each_target(tile, cols, rows, [&](int64_t i, float& entry, float) {
      entry = target_gradient(i, z_target_[i]);
    });
    if (head_.db) {
      const bool fresh = first_chunk_ && rows.begin == 0 && !head_.add_dc;
      if (fresh) std::fill(head_.db + cols.begin, head_.db + cols.end, 0.0f);
      epilogues_.column_sums(tile, head_.db + cols.begin);
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
  std::unique_ptr<Products> products_;
  int64_t kept_count_ = 0;
  bool first_chunk_ = true;

  // the chunk at hand
  int64_t first_ = 0, rows_ = 0;

  // pieces of the workspace
  int64_t* kept_ = nullptr;
  int64_t* target_ = nullptr;
  float *logits_ = nullptr, *parts_ = nullptr;
  float *lse_ = nullptr, *a_ = nullptr, *t_ = nullptr, *rest_ = nullptr, *z_target_ = nullptr, *max_ = nullptr, *sum_ = nullptr;
  std::vector<float*> block_logits_;  // of each worker, where they are recomputed
};

}  // namespace

int64_t target_at(const headroom_head& head, int64_t row) {
  if (head.t_dtype == HEADROOM_INT32) return static_cast<const int32_t*>(head.t)[row];
  return static_cast<const int64_t*>(head.t)[row];
}

void run_chunks(const headroom_head& head, Work work) { Chunks(head, work).run(); }

}  // namespace headroom
