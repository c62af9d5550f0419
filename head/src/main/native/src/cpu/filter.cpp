#include "filter.h"

#include <cmath>
#include <numeric>

#include "tuning.h"

namespace headroom {
namespace {

constexpr double kBucketsPerNat = 4;
constexpr int64_t kBuckets = 512;
constexpr double kMargin = 1e-5;  // of the floor, so that rounding loses nothing above tau

int64_t block_span(const Plan& plan) { return plan.block_rows / plan.row_unit * plan.row_unit; }

int64_t blocks_of(const Plan& plan) { return (plan.chunk_rows + block_span(plan) - 1) / block_span(plan); }

void add_scaled(float* to, double scale, const float* x, int64_t count) {
  for (int64_t k = 0; k < count; ++k) to[k] += static_cast<float>(scale * static_cast<double>(x[k]));
}

}  // namespace

Filter::Filter(const Loop& loop, Arena& arena) : loop_(loop), head_(loop.head), most_blocks_(blocks_of(loop.plan)) {
  const Plan& plan = loop.plan;
  marks_ = arena.take<uint8_t>(most_blocks_ * head_.v);
  floors_ = arena.take<float>(plan.chunk_rows);
  kept_mass_ = arena.take<float>(plan.parts * plan.chunk_rows);
  mean_p_ = arena.take<float>(head_.v);
  sums_ = arena.take<float>(plan.parts * (most_blocks_ + 1) * head_.d);
  weights_ = arena.take<float>(plan.parts * (most_blocks_ + 1));
  for (int32_t i = 0; i < head_.threads; ++i)
    workers_.push_back({arena.take<float>(plan.tile_columns * head_.d), arena.take<float>(plan.tile_columns),
                        arena.take<float>(std::max(head_.d, plan.tile_columns)), arena.take<int32_t>(plan.tile_columns)});
}

int64_t Filter::fixed_bytes(const headroom_head& head, const Plan& plan) {
  return head.v * 5 + plan.parts * 2 * (head.d + 1) * 4 + 6 * kLine;
}

int64_t Filter::bytes_per_row(const headroom_head& head, const Plan& plan) {
  const int64_t of_block = head.v + plan.parts * (head.d + 1) * 4;
  return of_block / block_span(plan) + 1 + 4 + plan.parts * 4;
}

int64_t Filter::bytes_per_worker(const headroom_head& head, const Plan& plan) {
  return (plan.tile_columns * (head.d + 2) + std::max(head.d, plan.tile_columns)) * 4 + 4 * kLine;
}

void Filter::begin_chunk(bool lse_is_given) {
  pilot();
  order_tiles();
  std::fill_n(marks_, loop_.blocks() * head_.v, uint8_t{0});
  set_floors(lse_is_given);
}

// Some whole units of rows, spread evenly over the chunk: a BLAS reads a unit even where fewer rows are left.
template <class Body>
void Filter::each_pilot_block(Body body) const {
  const int64_t unit = loop_.plan.row_unit, units = std::max<int64_t>(1, loop_.count / unit), taken = std::min(units, kPilotUnits);
  for (int64_t j = 0; j < taken; ++j) {
    const int64_t begin = units * j / taken * unit;
    body(Span{begin, std::min(loop_.count, begin + unit)});
  }
}

// The mean of p over the pilot's rows, and from it tau where a mass is given.
void Filter::pilot() {
  const Plan& plan = loop_.plan;
  std::vector<int32_t> all(static_cast<size_t>(plan.tiles));
  std::iota(all.begin(), all.end(), 0);
  const auto each_tile = [&](auto body) {
    loop_.each_task(plan.tiles, [&](int64_t index, int32_t worker) {
      const Classes classes = loop_.tile(index);
      loop_.products->load_tile(classes, Pass::kStatistics, worker);
      each_pilot_block([&](Span rows) {
        body(loop_.make_logits(loop_.room(index, rows, worker), rows, classes, loop_.bias_of(classes), worker), rows, classes, index,
             worker);
      });
    });
  };
  each_tile([&](const Tile& tile, Span rows, const Classes& classes, int64_t index, int32_t) {
    loop_.rows->take_statistics(tile, rows, classes, index);
  });
  std::vector<double> lse(static_cast<size_t>(loop_.count));
  double rows_taken = 0;
  each_pilot_block([&](Span rows) {
    for (int64_t i = rows.begin; i < rows.end; ++i, ++rows_taken) lse[static_cast<size_t>(i)] = loop_.rows->lse_over(i, all.data(), plan.tiles);
  });
  std::vector<double> mass(static_cast<size_t>(head_.filter_mass > 0 ? plan.tiles * kBuckets : 0));
  std::fill_n(mean_p_, head_.v, 0.0f);
  each_tile([&](const Tile& tile, Span rows, const Classes& classes, int64_t index, int32_t worker) {
    float* p = workers_[static_cast<size_t>(worker)].row;
    for (int64_t i = rows.begin; i < rows.end; ++i) {
      float* z = tile.z + (i - rows.begin) * tile.ld;
      for (int64_t v = 0; v < classes.count; ++v) z[v] -= static_cast<float>(lse[static_cast<size_t>(i)]);
      epilogues().exp(z, p, classes.count);
      add_scaled(mean_p_ + classes.begin, 1 / rows_taken, p, classes.count);
      for (int64_t v = 0; v < classes.count && !mass.empty(); ++v) {
        const double bucket = -static_cast<double>(z[v]) * kBucketsPerNat;
        const auto at = bucket < kBuckets - 1 ? static_cast<int64_t>(std::max(bucket, 0.0)) : kBuckets - 1;
        mass[static_cast<size_t>(index * kBuckets + at)] += static_cast<double>(p[v]) / rows_taken;
      }
    }
  });
  choose_tau(mass);
}

// The largest tau of which the pilot's rows lose no more than the given mass, counted entry by entry: whole classes are
// kept later, so that less is lost.
void Filter::choose_tau(const std::vector<double>& mass) {
  log_tau_ = head_.filter_tau > 0 ? std::log(head_.filter_tau) : 0;
  if (mass.empty()) return;
  double lost = 0;
  int64_t bucket = kBuckets;
  while (bucket > 0) {
    double in_bucket = 0;
    for (int64_t tile = 0; tile < loop_.plan.tiles; ++tile) in_bucket += mass[static_cast<size_t>(tile * kBuckets + bucket - 1)];
    if (!(lost + in_bucket <= head_.filter_mass)) break;
    lost += in_bucket;
    --bucket;
  }
  log_tau_ = std::min(log_tau_, -static_cast<double>(bucket) / kBucketsPerNat);
}

// The tiles that hold most of the mass come first: their statistics alone put a tight floor under every row.
void Filter::order_tiles() {
  const int64_t tiles = loop_.plan.tiles;
  std::vector<double> mass(static_cast<size_t>(tiles));
  for (int64_t i = 0; i < tiles; ++i) {
    const Classes classes = loop_.tile(i);
    for (int64_t v = 0; v < classes.count; ++v) mass[static_cast<size_t>(i)] += static_cast<double>(mean_p_[classes.begin + v]);
  }
  hot_.resize(static_cast<size_t>(tiles));
  std::iota(hot_.begin(), hot_.end(), 0);
  std::sort(hot_.begin(), hot_.end(), [&](int32_t a, int32_t b) {
    const double of_a = mass[static_cast<size_t>(a)], of_b = mass[static_cast<size_t>(b)];
    return of_a != of_b ? of_a > of_b : a < b;
  });
  size_t taken = 0;
  const size_t most = static_cast<size_t>(std::max<int64_t>(1, tiles / kHotShare));
  for (double held = 0; taken < most && held < kHotMass; ++taken) held += mass[static_cast<size_t>(hot_[taken])];
  hot_.resize(std::max<size_t>(1, taken));
}

void Filter::set_floors(bool lse_is_given) {
  const auto hot = static_cast<int64_t>(hot_.size());
  if (!lse_is_given)
    loop_.each_task(hot, [&](int64_t task, int32_t worker) {
      const int64_t index = hot_[static_cast<size_t>(task)];
      const Classes classes = loop_.tile(index);
      loop_.products->load_tile(classes, Pass::kStatistics, worker);
      for (int64_t b = 0; b < loop_.blocks(); ++b) {
        const Span rows = loop_.block(b);
        const Tile tile = loop_.make_logits(loop_.room(index, rows, worker), rows, classes, loop_.bias_of(classes), worker);
        loop_.rows->take_statistics(tile, rows, classes, index);
      }
    });
  for (int64_t i = 0; i < loop_.count; ++i) {
    const double below = lse_is_given ? static_cast<double>(*loop_.rows->lse_of({i, i + 1})) : loop_.rows->lse_over(i, hot_.data(), hot);
    floors_[i] = static_cast<float>(below + log_tau_ - kMargin);
  }
}

void Filter::mark_targets() const {
  for (int64_t b = 0; b < loop_.blocks(); ++b)
    for (int64_t i = loop_.block(b).begin; i < loop_.block(b).end; ++i)
      loop_.rows->each_target_class(i, [&](int64_t v) { marks_[b * head_.v + v] = 1; });
}

void Filter::mark(const Tile& tile, int64_t block, const Classes& classes) const {
  epilogues().column_marks(tile, floors_ + loop_.block(block).begin, marks_ + block * head_.v + classes.begin);
}

void Filter::gradients(int64_t part, bool first_chunk, int32_t worker) const {
  const Plan& plan = loop_.plan;
  const Span tiles = loop_.part(part);
  const Worker& own = workers_[static_cast<size_t>(worker)];
  const int64_t begin = tiles.begin * plan.tile_columns, end = std::min(tiles.end * plan.tile_columns, head_.v), d = head_.d;
  if (first_chunk && !head_.add_dc && !head_.filter_full_c) {
    for (int64_t v = begin; v < end && head_.dc; ++v) std::fill_n(head_.dc + v * head_.dc_stride, d, 0.0f);
    if (head_.db) std::fill(head_.db + begin, head_.db + end, 0.0f);
  }
  if (head_.de) std::fill_n(loop_.parts + part * plan.chunk_rows * d, plan.chunk_rows * d, 0.0f);
  std::fill_n(kept_mass_ + part * plan.chunk_rows, plan.chunk_rows, 0.0f);
  for (int64_t b = 0; b < loop_.blocks(); ++b) {
    std::fill_n(sums_ + (part * (most_blocks_ + 1) + b) * d, d, 0.0f);
    weights_[part * (most_blocks_ + 1) + b] = 0;
    Classes group{0, 0, own.ids};
    for (int64_t v = begin; v < end; ++v) {
      if (marks_[b * head_.v + v]) own.ids[group.count++] = static_cast<int32_t>(v);
      if (group.count < plan.tile_columns && v + 1 < end) continue;
      if (group.count > 0) group_gradients(group, part, b, own, worker);
      group.count = 0;
    }
  }
}

void Filter::group_gradients(const Classes& classes, int64_t part, int64_t block, const Worker& own, int32_t worker) const {
  const Plan& plan = loop_.plan;
  const Span rows = loop_.block(block);
  const int64_t d = head_.d, at = part * (most_blocks_ + 1) + block;
  for (int64_t j = 0; j < classes.count; ++j) {
    const int64_t v = classes.id(j);
    if (head_.b) own.bias[j] = head_.b[v];
    if (!head_.de) continue;
    add_scaled(sums_ + at * d, static_cast<double>(mean_p_[v]), classifier_of(head_).row(v, own.row), d);
    weights_[at] += mean_p_[v];
  }
  loop_.products->load_tile(classes, Pass::kGradients, worker);
  float* z = loop_.room(0, rows, worker);
  const Tile tile = loop_.make_logits(z, rows, classes, head_.b ? own.bias : nullptr, worker);
  epilogues().row_mass(tile, loop_.rows->lse_of(rows), kept_mass_ + part * plan.chunk_rows + rows.begin);
  loop_.rows->gradient(tile, rows, classes);
  const bool classifier = head_.dc && !head_.filter_full_c;
  float* de = head_.de ? loop_.parts + (part * plan.chunk_rows + rows.begin) * d : nullptr;
  loop_.products->gradients({z, rows, classes, de, d, true, classifier ? own.dc : nullptr, d, false}, worker);
  for (int64_t j = 0; j < classes.count && classifier; ++j)
    epilogues().add(head_.dc + classes.id(j) * head_.dc_stride, own.dc + j * d, d);
  if (!head_.db || head_.filter_full_c) return;
  std::fill_n(own.bias, classes.count, 0.0f);
  epilogues().column_sums(tile, own.bias);
  for (int64_t j = 0; j < classes.count; ++j) head_.db[classes.id(j)] += own.bias[j];
}

// The sum of mean_p c over all classes, a part at a time.
void Filter::sum_columns() const {
  loop_.each_task(loop_.plan.parts, [&](int64_t part, int32_t worker) {
    const Span tiles = loop_.part(part);
    const int64_t at = part * (most_blocks_ + 1) + most_blocks_, d = head_.d;
    std::fill_n(sums_ + at * d, d, 0.0f);
    weights_[at] = 0;
    for (int64_t v = tiles.begin * loop_.plan.tile_columns; v < std::min(tiles.end * loop_.plan.tile_columns, head_.v); ++v) {
      add_scaled(sums_ + at * d, static_cast<double>(mean_p_[v]), classifier_of(head_).row(v, workers_[static_cast<size_t>(worker)].row), d);
      weights_[at] += mean_p_[v];
    }
  });
}

void Filter::finish() const {
  const Plan& plan = loop_.plan;
  const int64_t d = head_.d;
  if (head_.de) sum_columns();
  loop_.each_task(loop_.blocks(), [&](int64_t b, int32_t) {
    std::vector<double> column(static_cast<size_t>(d));
    double weight = 0;
    for (int64_t part = 0; part < plan.parts && head_.de; ++part) {
      const int64_t all = part * (most_blocks_ + 1) + most_blocks_, marked = part * (most_blocks_ + 1) + b;
      for (int64_t k = 0; k < d; ++k)
        column[static_cast<size_t>(k)] += static_cast<double>(sums_[all * d + k]) - static_cast<double>(sums_[marked * d + k]);
      weight += static_cast<double>(weights_[all]) - static_cast<double>(weights_[marked]);
    }
    for (int64_t i = loop_.block(b).begin; i < loop_.block(b).end; ++i) {
      double kept = 0;
      for (int64_t part = 0; part < plan.parts; ++part) kept += static_cast<double>(kept_mass_[part * plan.chunk_rows + i]);
      const double dropped = kept <= 1 ? 1 - kept : kept > 1 ? 0 : kept;  // NaN stays NaN
      if (head_.dropped) head_.dropped[loop_.index[i]] = static_cast<float>(dropped);
      if (!head_.de || !(weight > 0)) continue;
      const double scale = loop_.rows->scale_of_p(i) * dropped / weight;
      for (int64_t k = 0; k < d; ++k) loop_.parts[i * d + k] += static_cast<float>(scale * column[static_cast<size_t>(k)]);
    }
  });
  if (head_.label_smoothing > 0) smooth();
}

// dE_i -= s_i sum_v w_v c_v,  dC_v -= w_v sum_i s_i e_i,  dB_v -= w_v sum_i s_i.
void Filter::smooth() const {
  const int64_t d = head_.d;
  std::vector<float> columns(static_cast<size_t>(d)), rows(static_cast<size_t>(d)), room(static_cast<size_t>(d));
  double total = 0;
  for (int64_t v = 0; v < head_.v && head_.de; ++v)
    add_scaled(columns.data(), loop_.rows->smoothing_weight(v), classifier_of(head_).row(v, room.data()), d);
  for (int64_t i = 0; i < loop_.count; ++i) {
    const double s = loop_.rows->scale_of_smoothing(i);
    total += s;
    add_scaled(rows.data(), s, hidden_of(head_).row(loop_.index[i], room.data()), d);
    if (head_.de) add_scaled(loop_.parts + i * d, -s, columns.data(), d);
  }
  for (int64_t v = 0; v < head_.v; ++v) {
    const double w = loop_.rows->smoothing_weight(v);
    if (head_.dc) add_scaled(head_.dc + v * head_.dc_stride, -w, rows.data(), d);
    if (head_.db) head_.db[v] -= static_cast<float>(w * total);
  }
}

}  // namespace headroom
