#include "divergence_rows.h"

#include <algorithm>
#include <cmath>

#include "epilogue.h"

namespace headroom {

DivergenceRows::DivergenceRows(const headroom_divergence& divergence, const Plan& plan, Arena& arena)
    : divergence_(divergence), tiles_(plan.tiles), chunk_rows_(plan.chunk_rows) {
  for (float** row : {&x_max_, &x_log_, &y_max_, &y_log_, &center_, &r_}) *row = arena.take<float>(plan.chunk_rows);
  for (float** tile : {&first_, &second_, &third_, &fourth_}) *tile = arena.take<float>(plan.chunk_rows * plan.tiles);
}

int64_t DivergenceRows::bytes(const Plan& plan) { return (6 + 4 * plan.tiles) * static_cast<int64_t>(sizeof(float)); }

void DivergenceRows::take_statistics(const TilePair& tiles, Span rows, int64_t tile) {
  const int64_t at = tile * chunk_rows_ + rows.begin;
  epilogues().row_stats({tiles.x, tiles.ld, tiles.rows, tiles.cols}, {first_ + at, second_ + at, nullptr, nullptr, nullptr});
  epilogues().row_stats({tiles.y, tiles.ld, tiles.rows, tiles.cols}, {third_ + at, fourth_ + at, nullptr, nullptr, nullptr});
}

void DivergenceRows::merge_statistics(Span rows) {
  for (int64_t i = rows.begin; i < rows.end; ++i) {
    normalise(i, first_, second_, x_max_, x_log_);
    normalise(i, third_, fourth_, y_max_, y_log_);
    r_[i] = divergence_.r ? divergence_.r[index_[i]] : 0.0f;
  }
}

// A row without any class gets -inf and NaN, which make its value NaN.
void DivergenceRows::normalise(int64_t i, const float* max, const float* sum, float* row_max, float* row_log) const {
  float top = -__builtin_inff();
  for (int64_t j = 0; j < tiles_; ++j) top = std::max(top, max[j * chunk_rows_ + i]);
  double total = 0;
  for (int64_t j = 0; j < tiles_; ++j) {
    const int64_t at = j * chunk_rows_ + i;
    if (sum[at] == 0) continue;  // absent classes: nothing, not 0 x NaN
    total += static_cast<double>(sum[at]) * std::exp(static_cast<double>(max[at]) - static_cast<double>(top));
  }
  row_max[i] = top;
  row_log[i] = static_cast<float>(std::log(total));
}

Normalisers DivergenceRows::normalisers(Span rows) const {
  return {x_max_ + rows.begin, x_log_ + rows.begin, y_max_ + rows.begin, y_log_ + rows.begin};
}

void DivergenceRows::take_sums(const TilePair& tiles, Span rows, int64_t tile) {
  const int64_t at = tile * chunk_rows_ + rows.begin;
  divergence_epilogues().sums(tiles, normalisers(rows), divergence_.kind, static_cast<float>(divergence_.beta), first_ + at,
                              second_ + at);
}

void DivergenceRows::merge_sums(Span rows) {
  for (int64_t i = rows.begin; i < rows.end; ++i) merge_row(i);
}

void DivergenceRows::merge_row(int64_t i) {
  const double beta = divergence_.beta;
  double first = 0, second = 0, value, center;
  float top = -__builtin_inff();
  for (int64_t j = 0; j < tiles_; ++j) top = std::max(top, first_[j * chunk_rows_ + i]);
  for (int64_t j = 0; j < tiles_; ++j) {
    const int64_t at = j * chunk_rows_ + i;
    first += static_cast<double>(first_[at]);
    const bool overlap = divergence_.kind == HEADROOM_INNER_PRODUCT && second_[at] != 0;
    second += static_cast<double>(second_[at]) * (overlap ? std::exp(static_cast<double>(first_[at]) - static_cast<double>(top)) : 1.0);
  }
  switch (divergence_.kind) {
    case HEADROOM_FORWARD_KL:
    case HEADROOM_REVERSE_KL:
    case HEADROOM_EXPECTED_LOGIT: value = center = first; break;
    case HEADROOM_JENSEN_SHANNON: value = beta * first + (1.0 - beta) * (center = second); break;
    case HEADROOM_SYMMETRIC_CE: value = first + (center = second); break;
    default: value = -(center = static_cast<double>(top) + std::log(second));
  }
  // without classes no softmax exists, whatever the sums of nothing are
  if (!(x_max_[i] > -__builtin_inff() && y_max_[i] > -__builtin_inff())) value = center = __builtin_nan("");
  center_[i] = static_cast<float>(center);
  divergence_.value[index_[i]] = static_cast<float>(value);
}

void DivergenceRows::gradient(const TilePair& tiles, Span rows) const {
  divergence_epilogues().gradient(tiles, normalisers(rows), divergence_.kind, static_cast<float>(divergence_.beta),
                                  {center_ + rows.begin, r_ + rows.begin, static_cast<float>(divergence_.student.logit_scale),
                                   static_cast<float>(divergence_.student.soft_cap)});
}

}  // namespace headroom
