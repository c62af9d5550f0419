#include "chunks.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <new>
#include <vector>

#include "epilogue.h"
#include "gemm.h"
#include "plan.h"
#include "pool.h"
#include "tuning.h"

namespace headroom {
namespace {

// A bump allocator over the caller's workspace; make_plan has counted every piece.
class Arena {
 public:
  Arena(void* memory, int64_t bytes) : next_(static_cast<char*>(memory)), end_(next_ + bytes) {}

  template <class T>
  T* take(int64_t count) {
    char* at = next_;
    next_ += round_up(count * static_cast<int64_t>(sizeof(T)), 64);
    if (next_ > end_) throw std::bad_alloc();
    return reinterpret_cast<T*>(at);
  }

 private:
  char* next_;
  char* end_;
};

bool uses_own_product(const headroom_head& head) {
  return head.gemm == HEADROOM_GEMM_OWN || (head.gemm == HEADROOM_GEMM_AUTO && own_product_is_faster());
}

// What a worker keeps to itself while it is at a tile.
struct Worker {
  float* z = nullptr;       // recomputed logits of a block
  uint16_t* c16 = nullptr;  // bfloat16 copies of the tile's part of c and of the block's gradient
  uint16_t* g16 = nullptr;
};

class Chunks {
 public:
  Chunks(const headroom_head& head, Work work)
      : head_(head), work_(work), bf16_(head.compute == HEADROOM_BFLOAT16), gemm_(*head.blas, head.d, uses_own_product(head)) {
    for (int64_t i = 0; i < head.n; ++i) kept_count_ += target_at(head, i) != head.ignore_index;
    gathered_ = kept_count_ < head.n;
    headroom_head asked = head;
    if (work == Work::kForward) asked.de = asked.dc = asked.db = nullptr;
    if (work == Work::kBackward) asked.engine = HEADROOM_RECOMPUTED;
    plan_ = make_plan(asked, kept_count_, gathered_);
    take_workspace(asked);
  }

  void run() {
    clear_ignored_rows();
    if (kept_count_ == 0) {
      if (work_ != Work::kForward && !head_.add_dc) clear_classifier_gradient();
      return;
    }
    for (int64_t first = 0; first < kept_count_; first += plan_.chunk_rows) {
      load_chunk(first, std::min(plan_.chunk_rows, kept_count_ - first));
      if (work_ == Work::kBackward) {
        for (int64_t i = 0; i < rows_; ++i) lse_[i] = head_.lse[row(i)];
      } else {
        parallel_tasks(plan_.tiles, [this](int64_t tile, int32_t worker) { statistics(tile, workers_[worker]); });
        parallel_tasks((rows_ + kMergeRows - 1) / kMergeRows, [this](int64_t task, int32_t) { merge(task); });
      }
      if (work_ == Work::kForward) continue;
      for (int64_t i = 0; i < rows_; ++i) scale_row(i);
      parallel_tasks(plan_.parts, [this](int64_t part, int32_t worker) { gradients(part, workers_[worker]); });
      if (head_.de)
        parallel_tasks((rows_ + kMergeRows - 1) / kMergeRows, [this](int64_t task, int32_t) { sum_parts(task); });
      first_chunk_ = false;
    }
  }

 private:
  static constexpr int64_t kMergeRows = 64;

  struct Span {
    int64_t begin, end;
    int64_t size() const { return end - begin; }
  };

  void take_workspace(const headroom_head& asked) {
    Arena arena(head_.workspace, head_.workspace_bytes);
    const int64_t r = plan_.chunk_rows, d = head_.d, block = kBlockRows + kLeastRows;
    kept_ = arena.take<int64_t>(kept_count_);
    for (int64_t i = 0, k = 0; i < head_.n; ++i)
      if (target_at(head_, i) != head_.ignore_index) kept_[k++] = i;
    padded_ = arena.take<float>(kLeastRows * d);
    target_ = arena.take<int64_t>(r);
    lse_ = arena.take<float>(r);
    a_ = arena.take<float>(r);
    t_ = arena.take<float>(r);
    rest_ = arena.take<float>(r);
    z_target_ = arena.take<float>(r);
    max_ = arena.take<float>(r * plan_.tiles);
    sum_ = arena.take<float>(r * plan_.tiles);
    if (plan_.kept) logits_ = arena.take<float>(r * head_.v);
    if (gathered_ && !bf16_) gather_ = arena.take<float>(r * d);
    if (bf16_) e16_ = arena.take<uint16_t>(r * d);
    if (asked.de) parts_ = arena.take<float>(plan_.parts * r * d);
    workers_.resize(static_cast<size_t>(head_.threads));
    for (Worker& worker : workers_) {
      if (!plan_.kept) worker.z = arena.take<float>(block * plan_.tile_columns);
      if (bf16_) worker.c16 = arena.take<uint16_t>(plan_.tile_columns * d);
      if (bf16_) worker.g16 = arena.take<uint16_t>(block * plan_.tile_columns);
    }
  }

  template <class Body>
  void parallel_tasks(int64_t count, Body body) {
    const auto set = head_.blas->set_threads_local;
    parallel(count, head_.threads, [set] { if (set) set(1); }, body);
  }

  int64_t row(int64_t i) const { return kept_[first_ + i]; }
  const float* hidden_row(int64_t i) const {
    return static_cast<const float*>(head_.e) + row(i) * head_.e_stride;
  }
  Span columns(int64_t tile) const {
    const int64_t begin = tile * plan_.tile_columns;
    return {begin, std::min(begin + plan_.tile_columns, head_.v)};
  }
  const float* classifier(int64_t column) const { return static_cast<const float*>(head_.c) + column * head_.c_stride; }

  void clear_ignored_rows() {
    for (int64_t i = 0; gathered_ && i < head_.n; ++i) {
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

  // Points e_ (or e16_) at the chunk's rows: in place where they follow each other, else copied together.
  void load_chunk(int64_t first, int64_t rows) {
    first_ = first;
    rows_ = rows;
    for (int64_t i = 0; i < rows; ++i) target_[i] = target_at(head_, row(i));
    const int64_t d = head_.d, padded_rows = std::max(rows, kLeastRows);
    if (bf16_) {
      for (int64_t i = 0; i < rows; ++i) epilogues_.round_bf16(hidden_row(i), e16_ + i * d, d);
      std::fill(e16_ + rows * d, e16_ + padded_rows * d, uint16_t{0});
      return;
    }
    const bool together = row(rows - 1) - row(0) == rows - 1;
    if (together && rows >= kLeastRows) {
      e_ = {hidden_row(0), head_.e_stride};
      return;
    }
    float* to = rows < kLeastRows ? padded_ : gather_;
    for (int64_t i = 0; i < rows; ++i) std::memcpy(to + i * d, hidden_row(i), static_cast<size_t>(d) * sizeof(float));
    std::fill(to + rows * d, to + padded_rows * d, 0.0f);
    e_ = {to, d};
  }

  // Calls body(rows of a block); the last block takes up to kLeastRows - 1 rows more, so that none is shorter.
  template <class Body>
  void each_block(Body body) {
    for (int64_t begin = 0; begin < rows_;) {
      const int64_t left = rows_ - begin;
      const int64_t size = left < kBlockRows + kLeastRows ? left : kBlockRows;
      body(Span{begin, begin + size});
      begin += size;
    }
  }

  void load_classifier(Span columns, const Worker& worker) {
    if (!bf16_) return;
    for (int64_t v = columns.begin; v < columns.end; ++v)
      epilogues_.round_bf16(classifier(v), worker.c16 + (v - columns.begin) * head_.d, head_.d);
  }

  float* block_logits(int64_t tile, Span columns, Span rows, const Worker& worker) const {
    if (!plan_.kept) return worker.z;
    return logits_ + plan_.chunk_rows * plan_.tile_columns * tile + rows.begin * columns.size();
  }

  void make_logits(Span columns, Span rows, const Worker& worker, float* z) {
    const int64_t size = std::max(rows.size(), kLeastRows), d = head_.d;
    if (bf16_) {
      gemm_.logits({e16_ + rows.begin * d, d}, Matrix<uint16_t>{worker.c16, d}, size, columns.size(), z);
    } else {
      gemm_.logits({e_.at + rows.begin * e_.stride, e_.stride}, {classifier(columns.begin), head_.c_stride}, size,
                   columns.size(), z);
    }
  }

  Tile tile_of(float* z, Span columns, Span rows) const {
    return {z, columns.size(), rows.size(), columns.size(), head_.b ? head_.b + columns.begin : nullptr};
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

  void statistics(int64_t index, const Worker& worker) {
    const Span cols = columns(index);
    load_classifier(cols, worker);
    each_block([&](Span rows) {
      float* z = block_logits(index, cols, rows, worker);
      make_logits(cols, rows, worker, z);
      const Tile tile = tile_of(z, cols, rows);
      const int64_t at = index * plan_.chunk_rows + rows.begin;
      epilogues_.row_stats(tile, max_ + at, sum_ + at);
      each_target(tile, cols, rows, [&](int64_t i, float logit, float bias) { z_target_[i] = logit + bias; });
    });
  }

  // Merges the tiles' statistics in the order of ids, in float64: lse and nll do not depend on threads or chunks.
  void merge(int64_t task) {
    for (int64_t i = task * kMergeRows; i < std::min(rows_, (task + 1) * kMergeRows); ++i) {
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

  void gradients(int64_t part, const Worker& worker) {
    const int64_t begin = plan_.tiles * part / plan_.parts, end = plan_.tiles * (part + 1) / plan_.parts;
    float* de = parts_ ? parts_ + part * plan_.chunk_rows * head_.d : nullptr;
    for (int64_t index = begin; index < end; ++index) {
      const Span cols = columns(index);
      load_classifier(cols, worker);
      each_block([&](Span rows) {
        float* z = block_logits(index, cols, rows, worker);
        if (!plan_.kept) make_logits(cols, rows, worker, z);
        form_gradient(tile_of(z, cols, rows), cols, rows);
        multiply(z, cols, rows, worker, index > begin, de);
      });
    }
  }

  void form_gradient(const Tile& tile, Span cols, Span rows) {
    float target_z[kBlockRows + kLeastRows];  // 4 KiB of stack
    each_target(tile, cols, rows, [&](int64_t i, float logit, float bias) { target_z[i - rows.begin] = logit + bias; });
    epilogues_.row_gradient(tile, {lse_ + rows.begin, a_ + rows.begin, nullptr, nullptr, nullptr});
    each_target(tile, cols, rows, [&](int64_t i, float& entry, float) {
      entry = target_gradient(i, target_z[i - rows.begin]);
    });
    if (head_.db) {
      const bool fresh = first_chunk_ && rows.begin == 0 && !head_.add_dc;
      if (fresh) std::fill(head_.db + cols.begin, head_.db + cols.end, 0.0f);
      epilogues_.column_sums(tile, head_.db + cols.begin);
    }
  }

  void multiply(const float* g, Span cols, Span rows, const Worker& worker, bool add_de, float* de) {
    const int64_t d = head_.d, width = cols.size();
    float* dc = head_.dc ? head_.dc + cols.begin * head_.dc_stride : nullptr;
    const bool add_dc = head_.add_dc || !first_chunk_ || rows.begin > 0;
    float* de_rows = de ? de + rows.begin * d : nullptr;
    if (bf16_) {
      epilogues_.round_bf16(g, worker.g16, rows.size() * width);
      const Matrix<uint16_t> g16{worker.g16, width};
      if (de) gemm_.hidden(g16, {worker.c16, d}, rows.size(), width, add_de, de_rows);
      if (dc) gemm_.classifier(g16, {e16_ + rows.begin * d, d}, rows.size(), width, add_dc, dc, head_.dc_stride);
    } else {
      const Matrix<float> g32{g, width};
      if (de) gemm_.hidden(g32, {classifier(cols.begin), head_.c_stride}, rows.size(), width, add_de, de_rows);
      if (dc)
        gemm_.classifier(g32, {e_.at + rows.begin * e_.stride, e_.stride}, rows.size(), width, add_dc, dc,
                         head_.dc_stride);
    }
  }

  void sum_parts(int64_t task) {
    for (int64_t i = task * kMergeRows; i < std::min(rows_, (task + 1) * kMergeRows); ++i) {
      float* de = head_.de + row(i) * head_.de_stride;
      std::memcpy(de, parts_ + i * head_.d, static_cast<size_t>(head_.d) * sizeof(float));
      for (int64_t part = 1; part < plan_.parts; ++part)
        epilogues_.add(de, parts_ + (part * plan_.chunk_rows + i) * head_.d, head_.d);
    }
  }

  const headroom_head& head_;
  const Work work_;
  const bool bf16_;
  const Gemm gemm_;
  const Epilogues& epilogues_ = epilogues();
  Plan plan_{};
  int64_t kept_count_ = 0;
  bool gathered_ = false;
  bool first_chunk_ = true;

  // the chunk at hand
  int64_t first_ = 0, rows_ = 0;
  Matrix<float> e_{nullptr, 0};

  // pieces of the workspace
  int64_t* kept_ = nullptr;
  int64_t* target_ = nullptr;
  float *padded_ = nullptr, *gather_ = nullptr, *logits_ = nullptr, *parts_ = nullptr;
  float *lse_ = nullptr, *a_ = nullptr, *t_ = nullptr, *rest_ = nullptr, *z_target_ = nullptr, *max_ = nullptr, *sum_ = nullptr;
  uint16_t* e16_ = nullptr;
  std::vector<Worker> workers_;
};

}  // namespace

int64_t target_at(const headroom_head& head, int64_t row) {
  if (head.t_dtype == HEADROOM_INT32) return static_cast<const int32_t*>(head.t)[row];
  return static_cast<const int64_t*>(head.t)[row];
}

void run_chunks(const headroom_head& head, Work work) { Chunks(head, work).run(); }

}  // namespace headroom
