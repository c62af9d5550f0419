#include "chunks.h"

#include "filter.h"
#include "loop.h"

namespace headroom {
namespace {

class Chunks {
 public:
  Chunks(const headroom_head& head, Work work, const LogitsOut& logits) : head_(asked(head, work)), work_(work), logits_(logits) {
    for (int64_t i = 0; i < head.n; ++i) kept_count_ += target_at(head, i) != head.ignore_index;
    plan_ = make_plan(head_, kept_count_, kept_count_ < head.n);
    take_workspace();
  }

  void run() {
    if (!looks_only()) clear_ignored_rows();
    if (kept_count_ == 0) {
      if (forms_gradients() && !head_.add_dc) clear_classifier_gradient();
      return;
    }
    for (int64_t first = 0; first < kept_count_; first += plan_.chunk_rows) {
      begin_chunk(first, std::min(plan_.chunk_rows, kept_count_ - first));
      if (work_ != Work::kBackward || filter_) load_rows(Pass::kStatistics);
      if (work_ == Work::kBackward) loop_.rows->take_given({0, loop_.count});
      if (filter_) filter_->begin_chunk(work_ == Work::kBackward);
      if (work_ != Work::kBackward || filter_)
        loop_.each_task(plan_.tiles, [this](int64_t tile, int32_t worker) { look(tile, worker); });
      if (takes_statistics()) loop_.each_group_of_rows([this](Span rows, int32_t) { loop_.rows->merge(rows); });
      if (work_ == Work::kBoth && head_.between) head_.between(head_.between_context, loop_.index, loop_.count);
      if (forms_gradients()) form_gradients();
    }
  }

 private:
  bool looks_only() const { return work_ == Work::kLogits; }
  bool takes_statistics() const { return headroom::takes_statistics(work_); }
  bool forms_gradients() const { return headroom::forms_gradients(work_); }

  // What this work needs of the call: no gradients for statistics, no kept logits where none were made or few are used.
  static headroom_head asked(headroom_head head, Work work) {
    if (work == Work::kForward || work == Work::kLogits) head.de = head.dc = head.db = nullptr;
    if (work == Work::kForward || work == Work::kLogits) head.filter_tau = head.filter_mass = 0;
    if (work == Work::kLogits) head.engine = HEADROOM_RECOMPUTED, head.top_count = head.listed_count = 0;
    if (work == Work::kBackward) head.engine = HEADROOM_RECOMPUTED;
    return head;
  }

  void take_workspace() {
    Arena arena(head_.workspace, head_.workspace_bytes);
    const int64_t r = plan_.chunk_rows;
    kept_ = arena.take<int64_t>(kept_count_);
    for (int64_t i = 0, k = 0; i < head_.n; ++i)
      if (target_at(head_, i) != head_.ignore_index) kept_[k++] = i;
    loop_.rows = std::make_unique<RowStates>(head_, plan_, arena);
    if (head_.de) loop_.parts = arena.take<float>(plan_.parts * r * head_.d);
    if (plan_.kept) loop_.kept_logits = arena.take<float>(r * plan_.tiles * plan_.logit_stride);
    for (int32_t i = 0; i < head_.threads && !plan_.kept; ++i)
      loop_.block_logits.push_back(arena.take<float>(plan_.block_rows * plan_.logit_stride));
    loop_.products = make_products(head_, plan_, arena);
    if (filters(head_)) filter_ = std::make_unique<Filter>(loop_, arena);
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
    for (float* output : {head_.entropy, head_.squares, head_.variance, head_.smooth, head_.soft, head_.dropped})
      if (output) output[row] = 0.0f;
    std::fill_n(head_.top_ids + row * head_.top_count, head_.top_count, int64_t{-1});
    std::fill_n(head_.top_logits + row * head_.top_count, head_.top_count, 0.0f);
  }

  void clear_classifier_gradient() {
    for (int64_t v = 0; head_.dc && v < head_.v; ++v)
      std::memset(head_.dc + v * head_.dc_stride, 0, static_cast<size_t>(head_.d) * sizeof(float));
    if (head_.db) std::memset(head_.db, 0, static_cast<size_t>(head_.v) * sizeof(float));
  }

  void begin_chunk(int64_t first, int64_t count) {
    loop_.index = kept_ + first;
    loop_.count = count;
    loop_.rows->begin_chunk(loop_.index, count);
    loop_.products->begin_chunk(loop_.index, count);
  }

  void load_rows(Pass pass) {
    loop_.each_group_of_rows([this, pass](Span rows, int32_t worker) { loop_.products->load_rows(rows, pass, worker); });
  }

  // The first pass over a tile: statistics of its rows, and the classes that the filter keeps.
  void look(int64_t index, int32_t worker) {
    const Classes classes = loop_.tile(index);
    loop_.products->load_tile(classes, Pass::kStatistics, worker);
    for (int64_t b = 0; b < loop_.blocks(); ++b) {
      const Span rows = loop_.block(b);
      const Tile tile = loop_.make_logits(loop_.room(index, rows, worker), rows, classes, loop_.bias_of(classes), worker);
      if (takes_statistics()) loop_.rows->take_statistics(tile, rows, classes, index);
      if (logits_.z) copy_logits(tile, rows, classes);
      if (filter_) filter_->mark(tile, b, classes);
    }
  }

  void copy_logits(const Tile& tile, Span rows, const Classes& classes) {
    for (int64_t i = 0; i < rows.size(); ++i)
      std::memcpy(logits_.z + loop_.index[rows.begin + i] * logits_.stride + classes.begin, tile.z + i * tile.ld,
                  static_cast<size_t>(classes.count) * sizeof(float));
  }

  void form_gradients() {
    load_rows(Pass::kGradients);
    loop_.rows->scale({0, loop_.count});
    if (filter_) {
      filter_->mark_targets();
      loop_.each_task(plan_.parts, [this](int64_t part, int32_t worker) { filter_->gradients(part, first_chunk_, worker); });
    }
    if (!filter_ || (head_.filter_full_c && (head_.dc || head_.db)))
      loop_.each_task(plan_.parts, [this](int64_t part, int32_t worker) { gradients(part, worker); });
    if (filter_) filter_->finish();
    if (head_.de) loop_.each_group_of_rows([this](Span rows, int32_t) { sum_parts(rows); });
    first_chunk_ = false;
  }

  // All classes of a part; dE only where no filter has formed it.
  void gradients(int64_t part, int32_t worker) {
    const int64_t d = head_.d;
    float* de = head_.de && !filter_ ? loop_.parts + part * plan_.chunk_rows * d : nullptr;
    for (int64_t index = loop_.part(part).begin; index < loop_.part(part).end; ++index) {
      const Classes classes = loop_.tile(index);
      float* dc = head_.dc ? head_.dc + classes.begin * head_.dc_stride : nullptr;
      loop_.products->load_tile(classes, Pass::kGradients, worker);
      for (int64_t b = 0; b < loop_.blocks(); ++b) {
        const Span rows = loop_.block(b);
        float* z = loop_.room(index, rows, worker);
        const Tile tile = plan_.kept ? Tile{z, plan_.logit_stride, rows.size(), classes.count}
                                     : loop_.make_logits(z, rows, classes, loop_.bias_of(classes), worker);
        loop_.rows->gradient(tile, rows, classes);
        const bool fresh = first_chunk_ && b == 0 && !head_.add_dc;
        if (head_.db) {
          if (fresh) std::fill_n(head_.db + classes.begin, classes.count, 0.0f);
          epilogues().column_sums(tile, head_.db + classes.begin);
        }
        const bool more = index > loop_.part(part).begin;
        loop_.products->gradients({z, rows, classes, de ? de + rows.begin * d : nullptr, d, more, dc, head_.dc_stride, !fresh}, worker);
      }
    }
  }

  void sum_parts(Span rows) {
    for (int64_t i = rows.begin; i < rows.end; ++i) {
      float* de = head_.de + loop_.index[i] * head_.de_stride;
      std::memcpy(de, loop_.parts + i * head_.d, static_cast<size_t>(head_.d) * sizeof(float));
      for (int64_t part = 1; part < plan_.parts; ++part)
        epilogues().add(de, loop_.parts + (part * plan_.chunk_rows + i) * head_.d, head_.d);
    }
  }

  const headroom_head head_;
  const Work work_;
  const LogitsOut logits_;
  Plan plan_{};
  Loop loop_{head_, plan_, nullptr, nullptr, {}};
  std::unique_ptr<Filter> filter_;
  int64_t* kept_ = nullptr;  // rows that are not ignored
  int64_t kept_count_ = 0;
  bool first_chunk_ = true;
};

}  // namespace

int64_t target_at(const headroom_head& head, int64_t row) {
  if (head.t_dtype == HEADROOM_INT32) return static_cast<const int32_t*>(head.t)[row];
  return static_cast<const int64_t*>(head.t)[row];
}

void run_chunks(const headroom_head& head, Work work, const LogitsOut& logits) { Chunks(head, work, logits).run(); }

}  // namespace headroom
