#include "divergence_chunks.h"

#include "divergence_plan.h"
#include "divergence_rows.h"
#include "loop.h"

namespace headroom {
namespace {

constexpr float kAbsent = -__builtin_inff();

class DivergenceChunks {
 public:
  DivergenceChunks(const headroom_divergence& divergence, bool gradients) : divergence_(divergence), gradients_(gradients) {
    if (!gradients) divergence_.de = divergence_.dc = divergence_.db = nullptr;
    student_ = student_of(divergence_);
    teacher_ = teacher_of(divergence_);
    for (int64_t i = 0; i < divergence.n; ++i) kept_count_ += divergence.t[i] != divergence.ignore_index;
    plan_ = make_divergence_plan(divergence_, kept_count_, kept_count_ < divergence.n);
    take_workspace();
  }

  void run() {
    clear_ignored_rows();
    if (kept_count_ == 0 && gradients_ && !divergence_.add_dc) clear_classifier_gradient();
    for (int64_t first = 0; first < kept_count_; first += plan_.chunk_rows) {
      begin_chunk(first, std::min(plan_.chunk_rows, kept_count_ - first));
      load_rows(Pass::kStatistics);
      x_.each_task(plan_.tiles, [this](int64_t tile, int32_t worker) { look(tile, worker); });
      x_.each_group_of_rows([this](Span rows, int32_t) { rows_->merge_statistics(rows); });
      x_.each_task(plan_.tiles, [this](int64_t tile, int32_t worker) { measure(tile, worker); });
      x_.each_group_of_rows([this](Span rows, int32_t) { rows_->merge_sums(rows); });
      if (gradients_) form_gradients();
    }
  }

 private:
  void take_workspace() {
    Arena arena(divergence_.workspace, divergence_.workspace_bytes);
    kept_ = arena.take<int64_t>(kept_count_);
    for (int64_t i = 0, k = 0; i < divergence_.n; ++i)
      if (divergence_.t[i] != divergence_.ignore_index) kept_[k++] = i;
    rows_ = std::make_unique<DivergenceRows>(divergence_, plan_, arena);
    if (divergence_.de) x_.parts = arena.take<float>(plan_.parts * plan_.chunk_rows * student_.d);
    for (Loop* side : {&x_, &y_}) {
      if (plan_.kept) side->kept_logits = arena.take<float>(plan_.chunk_rows * plan_.tiles * plan_.logit_stride);
      for (int32_t i = 0; i < divergence_.threads && !plan_.kept; ++i)
        side->block_logits.push_back(arena.take<float>(plan_.block_rows * plan_.logit_stride));
      side->products = make_products(side->head, plan_, arena);
    }
  }

  void clear_ignored_rows() {
    for (int64_t i = 0; plan_.gathered && i < divergence_.n; ++i) {
      if (divergence_.t[i] != divergence_.ignore_index) continue;
      divergence_.value[i] = 0.0f;
      if (divergence_.de) std::fill_n(divergence_.de + i * divergence_.de_stride, student_.d, 0.0f);
    }
  }

  void clear_classifier_gradient() {
    for (int64_t v = 0; divergence_.dc && v < student_.v; ++v)
      std::fill_n(divergence_.dc + v * divergence_.dc_stride, student_.d, 0.0f);
    if (divergence_.db) std::fill_n(divergence_.db, student_.v, 0.0f);
  }

  void begin_chunk(int64_t first, int64_t count) {
    for (Loop* side : {&x_, &y_}) {
      side->index = kept_ + first;
      side->count = count;
      side->products->begin_chunk(side->index, count);
    }
    rows_->begin_chunk(x_.index);
  }

  void load_rows(Pass pass) {
    x_.each_group_of_rows([this, pass](Span rows, int32_t worker) {
      x_.products->load_rows(rows, pass, worker);
      if (pass == Pass::kStatistics) y_.products->load_rows(rows, pass, worker);
    });
  }

  // The teacher's part of a tile: none of it where the student has more classes.
  Classes shared(const Classes& classes) const {
    return {classes.begin, std::clamp<int64_t>(teacher_.v - classes.begin, 0, classes.count), nullptr};
  }

  void load_tile(const Classes& classes, Pass pass, int32_t worker) {
    x_.products->load_tile(classes, pass, worker);
    if (shared(classes).count > 0) y_.products->load_tile(shared(classes), Pass::kStatistics, worker);
  }

  TilePair pair(int64_t index, Span rows, const Classes& classes, int32_t worker) const {
    return {x_.room(index, rows, worker), y_.room(index, rows, worker), plan_.logit_stride, rows.size(), classes.count};
  }

  // Logits of both sides, those of absent classes -inf.
  TilePair make_logits(int64_t index, Span rows, const Classes& classes, int32_t worker) const {
    const TilePair tiles = pair(index, rows, classes, worker);
    const Classes known = shared(classes);
    x_.make_logits(tiles.x, rows, classes, x_.bias_of(classes), worker);
    if (known.count > 0) y_.make_logits(tiles.y, rows, known, y_.bias_of(known), worker);
    for (int64_t i = 0; i < tiles.rows && known.count < classes.count; ++i)
      std::fill(tiles.y + i * tiles.ld + known.count, tiles.y + i * tiles.ld + classes.count, kAbsent);
    for (int64_t i = 0; i < tiles.rows && divergence_.without_target; ++i) {
      const int64_t column = classes.column(divergence_.t[x_.index[rows.begin + i]]);
      if (column >= 0) tiles.x[i * tiles.ld + column] = tiles.y[i * tiles.ld + column] = kAbsent;
    }
    divergence_epilogues().restrict_classes(tiles, divergence_.kind);
    return tiles;
  }

  void look(int64_t index, int32_t worker) {
    const Classes classes = x_.tile(index);
    load_tile(classes, Pass::kStatistics, worker);
    for (int64_t b = 0; b < x_.blocks(); ++b)
      rows_->take_statistics(make_logits(index, x_.block(b), classes, worker), x_.block(b), index);
  }

  // A block's logits again: kept, or formed once more.
  TilePair again(int64_t index, Span rows, const Classes& classes, int32_t worker) const {
    return plan_.kept ? pair(index, rows, classes, worker) : make_logits(index, rows, classes, worker);
  }

  void measure(int64_t index, int32_t worker) {
    const Classes classes = x_.tile(index);
    if (!plan_.kept) load_tile(classes, Pass::kStatistics, worker);
    for (int64_t b = 0; b < x_.blocks(); ++b)
      rows_->take_sums(again(index, x_.block(b), classes, worker), x_.block(b), index);
  }

  void form_gradients() {
    load_rows(Pass::kGradients);
    x_.each_task(plan_.parts, [this](int64_t part, int32_t worker) { gradients(part, worker); });
    if (divergence_.de) x_.each_group_of_rows([this](Span rows, int32_t) { sum_parts(rows); });
    first_chunk_ = false;
  }

  void gradients(int64_t part, int32_t worker) {
    const Span tiles = x_.part(part);
    for (int64_t index = tiles.begin; index < tiles.end; ++index) {
      const Classes classes = x_.tile(index);
      if (plan_.kept) {
        x_.products->load_tile(classes, Pass::kGradients, worker);
      } else {
        load_tile(classes, Pass::kGradients, worker);
      }
      for (int64_t b = 0; b < x_.blocks(); ++b) {
        const TilePair logits = again(index, x_.block(b), classes, worker);
        rows_->gradient(logits, x_.block(b));
        deliver({logits.x, x_.block(b), classes, nullptr, student_.d, index > tiles.begin, nullptr, divergence_.dc_stride,
                 !(first_chunk_ && b == 0 && !divergence_.add_dc)},
                part, worker);
      }
    }
  }

  void deliver(GradientBlock block, int64_t part, int32_t worker) {
    const int64_t d = student_.d;
    if (divergence_.de) block.de = x_.parts + (part * plan_.chunk_rows + block.rows.begin) * d;
    if (divergence_.dc) block.dc = divergence_.dc + block.classes.begin * divergence_.dc_stride;
    if (divergence_.db) {
      float* db = divergence_.db + block.classes.begin;
      if (!block.add_dc) std::fill_n(db, block.classes.count, 0.0f);
      epilogues().column_sums({const_cast<float*>(block.g), plan_.logit_stride, block.rows.size(), block.classes.count}, db);
    }
    x_.products->gradients(block, worker);
  }

  void sum_parts(Span rows) {
    for (int64_t i = rows.begin; i < rows.end; ++i) {
      float* de = divergence_.de + x_.index[i] * divergence_.de_stride;
      std::copy_n(x_.parts + i * student_.d, student_.d, de);
      for (int64_t part = 1; part < plan_.parts; ++part)
        epilogues().add(de, x_.parts + (part * plan_.chunk_rows + i) * student_.d, student_.d);
    }
  }

  headroom_divergence divergence_;
  const bool gradients_;
  headroom_head student_{}, teacher_{};
  Plan plan_{};
  Loop x_{student_, plan_, nullptr, nullptr, {}}, y_{teacher_, plan_, nullptr, nullptr, {}};
  std::unique_ptr<DivergenceRows> rows_;
  int64_t* kept_ = nullptr;  // rows that are not ignored
  int64_t kept_count_ = 0;
  bool first_chunk_ = true;
};

}  // namespace

void run_divergence(const headroom_divergence& divergence, bool gradients) { DivergenceChunks(divergence, gradients).run(); }

}  // namespace headroom
