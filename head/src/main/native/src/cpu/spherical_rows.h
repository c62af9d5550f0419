// The tall matrices of the spherical family whose Gram matrices are formed.
#pragma once

#include <cmath>
#include <cstring>

#include "gram.h"
#include "products.h"
#include "wide_rows.h"

namespace headroom {

// A mean as two floats, high + low.
struct SplitMean {
  float *high, *low;
  void set(const double* mean, int64_t count) const {
    for (int64_t j = 0; j < count; ++j) {
      high[j] = static_cast<float>(mean[j]);
      low[j] = static_cast<float>(mean[j] - static_cast<double>(high[j]));
    }
  }
};

// Each tile of the classifier less its own mean row; the means are kept.
class CentredTiles : public TallRows {
 public:
  CentredTiles(const Operand& c, int64_t v, const TallSizes& sizes, double* means)
      : c_(c), v_(v), sizes_(sizes), means_(means) {}
  int64_t count() const override { return v_; }
  void read(Span rows, int64_t columns, float* to, int64_t stride, double* sums) override {
    std::fill(sums, sums + columns, 0.0);
    for (int64_t i = rows.begin; i < rows.end; ++i) wide_rows().add(sums, c_.row(i, to + (i - rows.begin) * stride), columns);
    for (int64_t j = 0; j < columns; ++j) sums[j] /= static_cast<double>(rows.size());
    // the group with the last columns sees all of them
    if (columns == sizes_.d) std::memcpy(means_ + rows.begin / sizes_.tile_rows * columns, sums, static_cast<size_t>(columns) * 8);
    for (int64_t i = rows.begin; i < rows.end; ++i) {
      float* row = to + (i - rows.begin) * stride;
      const float* from = c_.dtype == HEADROOM_FLOAT32 ? c_.row(i, row) : row;
      for (int64_t j = 0; j < columns; ++j) row[j] = from[j] - static_cast<float>(sums[j]);
    }
  }

 private:
  const Operand c_;
  const int64_t v_;
  const TallSizes& sizes_;
  double* means_;
};

// What the tiles' centring left out: their means less the mean of all, times the root of their number of rows.
class BetweenTiles : public TallRows {
 public:
  BetweenTiles(int64_t v, const TallSizes& sizes, const double* means, const double* mean)
      : v_(v), sizes_(sizes), means_(means), mean_(mean) {}
  int64_t count() const override { return sizes_.tiles(v_); }
  void read(Span rows, int64_t columns, float* to, int64_t stride, double*) override {
    for (int64_t i = rows.begin; i < rows.end; ++i) {
      const double root = std::sqrt(static_cast<double>(sizes_.tile(i, v_).size()));
      for (int64_t j = 0; j < columns; ++j)
        to[(i - rows.begin) * stride + j] = static_cast<float>(root * (means_[i * sizes_.d + j] - mean_[j]));
    }
  }

 private:
  const int64_t v_;
  const TallSizes& sizes_;
  const double *means_, *mean_;
};

// Rows of the hidden states that count.
class KeptRows : public TallRows {
 public:
  KeptRows(const Operand& e, const int64_t* index, int64_t count, const double* weights)
      : e_(e), index_(index), count_(count), weights_(weights) {}
  int64_t count() const override { return count_; }
  const double* weights() const override { return weights_; }
  void read(Span rows, int64_t columns, float* to, int64_t stride, double*) override {
    for (int64_t i = rows.begin; i < rows.end; ++i) {
      float* row = to + (i - rows.begin) * stride;
      const float* from = e_.row(index_[i], row);
      if (from != row) std::memcpy(row, from, static_cast<size_t>(columns) * sizeof(float));
    }
  }

 private:
  const Operand e_;
  const int64_t *index_, count_;
  const double* weights_;
};

}  // namespace headroom
