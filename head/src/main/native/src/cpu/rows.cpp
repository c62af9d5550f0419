#include "rows.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "chunks.h"

namespace headroom {
namespace {

constexpr double kInfinity = __builtin_inf();
constexpr double kMostApart = 80;  // e^80 is a float32

double at_or_zero(const float* values, int64_t i) { return values ? static_cast<double>(values[i]) : 0.0; }

// Whether rows list classes of their own.
bool lists_own(const headroom_head& head) { return head.listed_count > 0 && head.listed_kind != HEADROOM_SHARED; }

bool smooths(const headroom_head& head) { return head.label_smoothing > 0; }

// With a filter the smoothing is put back as a term of rank one, for all classes alike.
bool smooths_by_entry(const headroom_head& head) { return smooths(head) && !filters(head); }

}  // namespace

int64_t Classes::column(int64_t v) const {
  if (!ids) return v >= begin && v < begin + count ? v - begin : -1;
  const int32_t* at = std::lower_bound(ids, ids + count, v);
  return at < ids + count && *at == v ? at - ids : -1;
}

RowStates::RowStates(const headroom_head& head, const Plan& plan, Arena& arena)
    : head_(head), tiles_(plan.tiles), chunk_rows_(plan.chunk_rows), tile_columns_(plan.tile_columns) {
  const int64_t r = plan.chunk_rows, each = r * plan.tiles;
  target_ = arena.take<int64_t>(r);
  scalars_ = arena.take<Scalars>(r);
  lse_ = arena.take<float>(r);
  a_ = arena.take<float>(r);
  b_ = arena.take<float>(r);
  s_ = arena.take<float>(r);
  nll_ = arena.take<float>(r);
  z_target_ = arena.take<float>(r);
  z_soft_ = arena.take<float>(r * head.soft_count);
  max_ = arena.take<float>(each);
  sum_ = arena.take<float>(each);
  moment_ = head.entropy ? arena.take<float>(each) : nullptr;
  second_ = head.variance ? arena.take<float>(each) : nullptr;
  squares_ = head.variance ? arena.take<float>(each) : nullptr;
  weighted_ = smooths(head) ? arena.take<float>(each) : nullptr;
  top_values_ = arena.take<float>(each * head.top_count);
  top_columns_ = arena.take<int32_t>(each * head.top_count);
  listed_order_ = lists_own(head) ? arena.take<int32_t>(r * head.listed_count) : nullptr;
  for (int64_t v = 0; smooths(head) && v < head.v; ++v) {
    if (!present(v)) continue;
    weight_sum_ += class_weight(v);
    weight_count_ += 1;
  }
}

int64_t RowStates::bytes(const headroom_head& head, const Plan& plan) {
  const int64_t of_tile = 8 + (head.entropy ? 4 : 0) + (head.variance ? 8 : 0) + (smooths(head) ? 4 : 0) + 8 * head.top_count;
  return 8 + static_cast<int64_t>(sizeof(Scalars)) + 6 * 4 + 4 * head.soft_count + (lists_own(head) ? 4 * head.listed_count : 0) + plan.tiles * of_tile;
}

void RowStates::begin_chunk(const int64_t* index, int64_t count) {
  index_ = index;
  for (int64_t i = 0; i < count; ++i) target_[i] = target_at(head_, index[i]);
  for (int64_t i = 0; i < count && lists_own(head_) && head_.listed_kind == HEADROOM_BY_ROW; ++i) order_listed(i);
}

void RowStates::order_listed(int64_t i) {
  if (place(i) < 0) return;
  int32_t* order = listed_order_ + i * head_.listed_count;
  std::iota(order, order + head_.listed_count, 0);
  std::sort(order, order + head_.listed_count, [&](int32_t a, int32_t b) {
    const int64_t of_a = listed_id(i, a), of_b = listed_id(i, b);
    return of_a != of_b ? of_a < of_b : a < b;
  });
}

// Calls body(row, column of the tile, where to remember its logit) for each class that the rows' targets name.
template <class Body>
void RowStates::each_target(Span rows, const Classes& classes, Body body) const {
  const int64_t k = head_.soft_count;
  for (int64_t i = rows.begin; i < rows.end; ++i) {
    const int64_t column = classes.column(target_[i]);
    if (column >= 0) body(i, column, z_target_ + i);
    for (int64_t j = 0; j < k; ++j) {
      const int64_t soft = classes.column(head_.soft_ids[index_[i] * k + j]);
      if (soft >= 0) body(i, soft, z_soft_ + i * k + j);
    }
  }
}

// Calls body(row, column of the tile) for the target of each row, not for soft ones.
template <class Body>
void RowStates::each_own_target(Span rows, const Classes& classes, Body body) const {
  for (int64_t i = rows.begin; i < rows.end; ++i) {
    const int64_t column = classes.column(target_[i]);
    if (column >= 0) body(i, column);
  }
}

// Calls body(row, column of the tile, place in the lists) for each listed class of the rows that have one.
template <class Body>
void RowStates::each_listed(Span rows, const Classes& classes, Body body) const {
  const int64_t k = head_.listed_count;
  if (k == 0 || classes.count == 0) return;
  if (lists_own(head_)) return each_own_listed(rows, classes, body);
  const int64_t* from = std::lower_bound(head_.listed_ids, head_.listed_ids + k, classes.id(0));
  const int64_t* end = std::upper_bound(from, head_.listed_ids + k, classes.id(classes.count - 1));
  for (; from < end; ++from) {
    const int64_t column = classes.column(*from);
    for (int64_t i = rows.begin; column >= 0 && i < rows.end; ++i)
      if (place(i) >= 0) body(i, column, place(i) * k + (from - head_.listed_ids));
  }
}

template <class Body>
void RowStates::each_own_listed(Span rows, const Classes& classes, Body body) const {
  const int64_t k = head_.listed_count, last = classes.id(classes.count - 1);
  for (int64_t i = rows.begin; i < rows.end; ++i) {
    if (place(i) < 0) continue;
    const int32_t *order = listed_order_ + i * k, *end = order + k;
    const auto below = [&](int32_t j, int64_t v) { return listed_id(i, j) < v; };
    for (const int32_t* j = std::lower_bound(order, end, classes.id(0), below); j < end && listed_id(i, *j) <= last; ++j) {
      const int64_t column = classes.column(listed_id(i, *j));
      if (column >= 0) body(i, column, place(i) * k + *j);
    }
  }
}

// The tile's part of w for the smoothing: 0 where a class is absent.
const float* RowStates::weights_of(const Classes& classes, float* room) const {
  if (!smooths(head_)) return nullptr;
  for (int64_t j = 0; j < classes.count; ++j)
    room[j] = present(classes.id(j)) ? static_cast<float>(class_weight(classes.id(j))) : 0.0f;
  return room;
}

void RowStates::take_statistics(const Tile& tile, Span rows, const Classes& classes, int64_t tile_index) {
  std::vector<float> room(smooths(head_) ? static_cast<size_t>(tile_columns_) : 0);
  const int64_t at = tile_index * chunk_rows_ + rows.begin;
  const auto logit = [&](int64_t i, int64_t column) -> float& { return tile.z[(i - rows.begin) * tile.ld + column]; };
  each_target(rows, classes, [&](int64_t i, int64_t column, float* z) { *z = logit(i, column); });
  // (the lists of largest logits are not known yet, and a filter's pilot hands none out)
  if (head_.listed_kind != HEADROOM_TOP && head_.listed_logits)
    each_listed(rows, classes, [&](int64_t i, int64_t column, int64_t place) { head_.listed_logits[place] = logit(i, column); });
  if (head_.top_count > 0)
    epilogues_.row_top(tile, head_.top_count, top_values_ + at * head_.top_count, top_columns_ + at * head_.top_count);
  if (weighted_) epilogues_.row_weighted(tile, weights_of(classes, room.data()), weighted_ + at);
  each_own_target(rows, classes, [&](int64_t i, int64_t column) { logit(i, column) = -__builtin_inff(); });
  if (joins_listed())
    each_listed(rows, classes, [&](int64_t i, int64_t column, int64_t) { logit(i, column) = -__builtin_inff(); });
  epilogues_.row_stats(tile, {max_ + at, sum_ + at, moment_ ? moment_ + at : nullptr, second_ ? second_ + at : nullptr,
                              squares_ ? squares_ + at : nullptr});
  each_own_target(rows, classes, [&](int64_t i, int64_t column) { logit(i, column) = z_target_[i]; });
  if (joins_listed())
    each_listed(rows, classes, [&](int64_t i, int64_t column, int64_t place) { logit(i, column) = head_.listed_logits[place]; });
}

void RowStates::merge(Span rows) {
  for (int64_t i = rows.begin; i < rows.end; ++i) merge_row(i);
}

void RowStates::merge_row(int64_t i) {
  const double target = static_cast<double>(z_target_[i]);
  float top = -__builtin_inff();
  for (int64_t j = 0; j < tiles_; ++j) top = std::max(top, max_[j * chunk_rows_ + i]);
  const int64_t listed = place(i) >= 0 && joins_listed() ? head_.listed_count : 0;
  for (int64_t j = 0; j < listed; ++j)
    if (listed_id(i, j) >= 0) top = std::max(top, head_.listed_logits[place(i) * listed + j]);
  const double most = std::max(static_cast<double>(top), target), origin = most == -kInfinity ? 0.0 : most;
  double rest = 0, moment = 0, second = 0, squares = 0, weighted = 0;
  for (int64_t j = 0; j < tiles_; ++j) {
    const int64_t at = j * chunk_rows_ + i;
    const double shift = static_cast<double>(max_[at]) - origin, part = std::exp(shift), sum = static_cast<double>(sum_[at]);
    rest += sum * part;
    if (weighted_) weighted += static_cast<double>(weighted_[at]);
    if (part == 0) continue;  // a tile of absent classes: nothing, not 0 x -inf
    const double first = moment_ ? static_cast<double>(moment_[at]) : 0.0;
    moment += part * (first + shift * sum);
    if (!second_) continue;
    second += part * (static_cast<double>(second_[at]) + shift * (2.0 * first + shift * sum));
    squares += part * part * static_cast<double>(squares_[at]);
  }
  const auto join = [&](double z) {
    const double shift = z - origin, part = std::exp(shift);
    if (part == 0) return part;
    moment += part * shift;
    second += part * shift * shift;
    squares += part * part;
    return part;
  };
  double others = rest;  // all but the target; what a row lists of its own joins here
  bool lists_target = false;
  for (int64_t j = 0; j < listed; ++j) {
    if (listed_id(i, j) == target_[i]) lists_target = true;
    else if (listed_id(i, j) >= 0) others += join(static_cast<double>(head_.listed_logits[place(i) * listed + j]));
  }
  const double part = join(target), total = others + part;
  // log(1 + exp(gap)) keeps every digit where the target takes all but a trace of the mass
  const double lse = origin + std::log(total), gap = origin + std::log(others) - target;
  const double nll = gap > 40 ? gap : std::log1p(std::exp(gap)), mean = moment / total;
  const int64_t row = index_[i];
  lse_[i] = head_.lse[row] = static_cast<float>(lse);
  nll_[i] = head_.nll[row] = static_cast<float>(nll);
  if (head_.entropy) head_.entropy[row] = static_cast<float>(std::log(total) - mean);
  if (head_.squares) head_.squares[row] = static_cast<float>(squares / total / total);
  if (head_.variance) head_.variance[row] = static_cast<float>(std::max(0.0, second / total - mean * mean));
  if (head_.smooth && smooths(head_)) head_.smooth[row] = static_cast<float>((weight_sum_ * lse - weighted) / weight_count_);
  if (head_.soft) head_.soft[row] = static_cast<float>(soft_loss(i, lse));
  merge_top(i, total == total && total < kInfinity);
  merge_listed(i, origin, head_.listed_kind == HEADROOM_TOP ? total : rest + (lists_target ? 0.0 : part), part);
}

// Writes what the lists of a row's own are still to say; `mass` is that of all classes for TOP, of those not listed else.
void RowStates::merge_listed(int64_t i, double origin, double mass, double target) {
  if (!lists_own(head_) || place(i) < 0) return;
  const int64_t k = head_.listed_count;
  bool lists_target = false, lists_all = k == head_.v;
  for (int64_t j = 0; j < k; ++j) {
    const int64_t id = listed_id(i, j);
    lists_all |= id < 0;
    lists_target |= id == target_[i];
    if (head_.listed_kind == HEADROOM_BY_ROW && id < 0) head_.listed_logits[place(i) * k + j] = -__builtin_inff();
    if (head_.listed_kind == HEADROOM_TOP) mass -= std::exp(static_cast<double>(head_.top_logits[index_[i] * head_.top_count + j]) - origin);
  }
  if (head_.listed_kind == HEADROOM_TOP) {
    order_listed(i);
    const double least = lists_target ? 0.0 : target;
    mass = mass < least || (lists_all && mass < kInfinity) ? least : mass;  // NaN stays NaN
  }
  if (head_.lse_rest) head_.lse_rest[place(i)] = static_cast<float>(origin + std::log(mass));
}

double RowStates::lse_over(int64_t i, const int32_t* tiles, int64_t count) const {
  double lse = -kInfinity;
  const auto join = [&lse](double other) {
    const double top = std::max(lse, other);
    lse = top == -kInfinity ? top : top + std::log(std::exp(lse - top) + std::exp(other - top));
  };
  for (int64_t j = 0; j < count; ++j) {
    const int64_t at = tiles[j] * chunk_rows_ + i;
    join(static_cast<double>(max_[at]) + std::log(static_cast<double>(sum_[at])));
    if (target_[i] / tile_columns_ == tiles[j]) join(static_cast<double>(z_target_[i]));
    for (int64_t at_list = 0; joins_listed() && place(i) >= 0 && at_list < head_.listed_count; ++at_list) {
      const int64_t id = listed_id(i, at_list);
      if (id >= 0 && id != target_[i] && id / tile_columns_ == tiles[j])
        join(static_cast<double>(head_.listed_logits[place(i) * head_.listed_count + at_list]));
    }
  }
  return lse;
}

double RowStates::soft_loss(int64_t i, double lse) const {
  const int64_t k = head_.soft_count;
  double loss = 0;
  for (int64_t j = 0; j < k; ++j) {
    const int64_t at = index_[i] * k + j;
    if (head_.soft_ids[at] == head_.ignore_index || head_.soft_weights[at] == 0) continue;
    loss += static_cast<double>(head_.soft_weights[at]) * (lse - static_cast<double>(z_soft_[i * k + j]));
  }
  return loss;
}

// Tiles come in the order of ids, so an equal logit of a later tile goes behind.
void RowStates::merge_top(int64_t i, bool finite) {
  const int64_t k = head_.top_count;
  int64_t* ids = head_.top_ids + index_[i] * k;
  float* logits = head_.top_logits + index_[i] * k;
  std::fill(ids, ids + k, int64_t{-1});
  std::fill(logits, logits + k, -__builtin_inff());
  for (int64_t j = 0; finite && j < tiles_; ++j)
    for (int64_t from = (j * chunk_rows_ + i) * k, end = from + k; from < end && top_values_[from] > logits[k - 1]; ++from) {
      int64_t at = k - 1;
      for (; at > 0 && top_values_[from] > logits[at - 1]; --at) {
        logits[at] = logits[at - 1];
        ids[at] = ids[at - 1];
      }
      logits[at] = top_values_[from];
      ids[at] = j * tile_columns_ + top_columns_[from];
    }
}

void RowStates::take_given(Span rows) {
  for (int64_t i = rows.begin; i < rows.end; ++i) {
    lse_[i] = head_.lse[index_[i]];
    nll_[i] = head_.nll ? head_.nll[index_[i]] : -1.0f;
    if (lists_own(head_) && head_.listed_kind == HEADROOM_TOP) order_listed(i);
  }
}

void RowStates::scale(Span rows) {
  const int64_t k = head_.soft_count;
  for (int64_t i = rows.begin; i < rows.end; ++i) {
    const int64_t row = index_[i];
    Scalars& x = scalars_[i];
    x.lse = static_cast<double>(lse_[i]);
    x.miss = nll_[i] < 0 ? -1.0 : -std::expm1(-static_cast<double>(nll_[i]));
    const double r = static_cast<double>(head_.r[row]), u_h = at_or_zero(head_.u_entropy, row);
    const double u_p = at_or_zero(head_.u_log_prob, row), sharp = r * (1.0 - head_.label_smoothing);
    const double per_class = smooths(head_) ? r * head_.label_smoothing / weight_count_ : 0.0;
    double mass = k > 0 ? 0.0 : class_weight(target_[i]);
    for (int64_t j = row * k; j < (row + 1) * k; ++j)
      if (head_.soft_ids[j] != head_.ignore_index) mass += static_cast<double>(head_.soft_weights[j]);
    x.b = -u_h;
    x.s = per_class;
    x.q = sharp;
    x.t = (k > 0 ? 0.0 : sharp * mass) - u_p;
    x.a = sharp * mass + per_class * weight_sum_ - u_p + at_or_zero(head_.u_lse, row) +
          2.0 * head_.z_loss * x.lse * at_or_zero(head_.r_z, row);
    if (head_.u_entropy) x.a += u_h * (x.lse - static_cast<double>(head_.entropy[row]));
    x.rest = 0;
    if (place(i) >= 0 && at_or_zero(head_.u_rest, place(i)) != 0) {
      // (where R lies this far below L, p of its classes is 0 in float32)
      const double apart = x.lse - static_cast<double>(head_.lse_rest[place(i)]);
      x.rest = static_cast<double>(head_.u_rest[place(i)]) * std::exp(apart > kMostApart ? kMostApart : apart);
    }
    a_[i] = static_cast<float>(x.a + x.rest);
    b_[i] = static_cast<float>(x.b);
    s_[i] = static_cast<float>(x.s);
  }
}

// The whole entry of a class that the row's targets name. With D what targets take away from it, p A - D is
// D (p - 1) + (A - D) p, which keeps every digit where p is near 1; rounded once.
// `a` is the row's factor of p for this class.
double RowStates::entry(int64_t i, int64_t v, double z, double a) const {
  const Scalars& x = scalars_[i];
  const int64_t k = head_.soft_count;
  const bool own = target_[i] == v;
  double taken = own ? x.t : 0.0;
  for (int64_t j = 0; j < k; ++j)
    if (head_.soft_ids[index_[i] * k + j] == v) taken += x.q * static_cast<double>(head_.soft_weights[index_[i] * k + j]);
  const double p = std::exp(z - x.lse), less = own && x.miss >= 0 ? -x.miss : std::expm1(z - x.lse);
  double g = taken * less + (a - taken) * p - (smooths_by_entry(head_) && present(v) ? x.s * class_weight(v) : 0.0);
  if (x.b != 0 && p != 0) g += x.b * p * z;
  return g == 0 ? g : g * slope(z);
}

// d z / d a
double RowStates::slope(double z) const {
  if (head_.stable_max) return head_.logit_scale * std::exp(-std::fabs(z));
  const double t = head_.soft_cap == 0 ? 0.0 : z / head_.soft_cap;
  return head_.logit_scale * (1.0 - t * t);
}

void RowStates::gradient(const Tile& tile, Span rows, const Classes& classes) {
  std::vector<float> room(smooths_by_entry(head_) ? static_cast<size_t>(tile_columns_) : 0);
  const float* w = smooths_by_entry(head_) ? weights_of(classes, room.data()) : nullptr;
  const auto entry_of = [&](int64_t i, int64_t column) -> float& { return tile.z[(i - rows.begin) * tile.ld + column]; };
  std::vector<float> listed;  // logits of listed classes, while they are there
  each_target(rows, classes, [&](int64_t i, int64_t column, float* z) { *z = entry_of(i, column); });
  if (gives_listed()) each_listed(rows, classes, [&](int64_t i, int64_t column, int64_t) { listed.push_back(entry_of(i, column)); });
  epilogues_.row_gradient(tile, {lse_ + rows.begin, a_ + rows.begin, head_.u_entropy ? b_ + rows.begin : nullptr,
                                 w ? s_ + rows.begin : nullptr, w, static_cast<float>(head_.logit_scale),
                                 cap_of(head_)});
  each_target(rows, classes, [&](int64_t i, int64_t column, const float* z) {
    entry_of(i, column) = static_cast<float>(entry(i, classes.id(column), static_cast<double>(*z), scalars_[i].a + scalars_[i].rest));
  });
  if (gives_listed())
    each_listed(rows, classes, [&, at = listed.begin()](int64_t i, int64_t column, int64_t place) mutable {
      const auto z = static_cast<double>(*at++);
      const double u = z == -kInfinity ? 0.0 : at_or_zero(head_.u_listed, place) * slope(z);
      // of a list of the row's own the whole entry, rounded once and without R's part
      const bool whole = lists_own(head_) && z > -kInfinity;
      entry_of(i, column) = static_cast<float>(u + (whole ? entry(i, classes.id(column), z, scalars_[i].a) : static_cast<double>(entry_of(i, column))));
    });
}

}  // namespace headroom
