#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <numeric>

#include "gram.h"
#include "pool.h"
#include "products.h"
#include "spherical.h"
#include "spherical_rows.h"
#include "status.h"
#include "tuning.h"
#include "wide_rows.h"

namespace headroom {
namespace {

// A target of a kept row.
struct Entry {
  int64_t v, at;  // class, and place in t
  bool operator<(const Entry& other) const { return v != other.v ? v < other.v : at < other.at; }
};

// Below this share of |e|^2 trace Q a sum of squares is the rounding of float32.
constexpr double kNoise = 0x1p-24;

Operand hidden(const headroom_spherical& h) { return {h.e, h.e_stride, h.e_dtype, h.d}; }
Operand classifier(const headroom_spherical& h) { return {h.c, h.c_stride, h.c_dtype, h.d}; }

bool takes_own(const headroom_spherical& h) {
  return h.gemm == HEADROOM_GEMM_OWN || (h.gemm == HEADROOM_GEMM_AUTO && own_products_are_faster(HEADROOM_FLOAT32));
}

// Memory of a call beside that of the Gram matrix; each line is a piece that the constructor takes.
int64_t piece_bytes(const headroom_spherical& h, const TallSizes& sizes, const TallProducts& products) {
  return h.n * 16 + h.n * h.target_count * static_cast<int64_t>(sizeof(Entry)) +  // kept rows and their weights, entries
         sizes.tiles(h.v) * h.d * 8 +                                             // means of the tiles
         3 * h.d * 4 + h.d * 8 + kMostParts * h.d * 8 +                           // split mean, diagonal, sums of u_mean e
         products.right_floats(h.d + 1, h.d) * 4 +                                // Q or M
         h.threads * (sizes.tile_rows * h.d * 4 + h.d * 4 + 2 * kLine) +          // x of a tile, a widened row
         16 * kLine;
}

class Spherical {
 public:
  explicit Spherical(const headroom_spherical& head)
      : h_(head), products_(head.blas, takes_own(head)), sizes_(head.d), tiles_(sizes_.tiles(head.v)) {
    Arena arena(head.workspace, head.workspace_bytes);
    kept_ = arena.take<int64_t>(head.n);
    weights_ = arena.take<double>(head.n);
    entries_ = arena.take<Entry>(head.n * head.target_count);
    means_ = arena.take<double>(tiles_ * head.d);
    split_ = {arena.take<float>(head.d), arena.take<float>(head.d)};
    partial_ = arena.take<double>(kMostParts * head.d);
    diagonal_ = arena.take<double>(head.d);
    narrow_diagonal_ = arena.take<float>(head.d);
    right_ = {arena.take<float>(products_.right_floats(head.d + 1, head.d)), head.d, head.d};
    for (int32_t i = 0; i < head.threads; ++i) {
      x_.push_back(arena.take<float>(sizes_.tile_rows * head.d));
      row_.push_back(arena.take<float>(head.d));
    }
    gram_ = std::make_unique<Gram>(
        sizes_, products_, [this](int64_t tasks, const Task& body) { each_task(tasks, body); }, head.threads, arena);
    find_kept();
  }

  void forward() {
    clear_statistics();
    std::fill(h_.mean, h_.mean + h_.d, 0.0);
    if (kept_count_ == 0) return;
    CentredTiles within(classifier(h_), h_.v, sizes_, means_);
    gram_->add(within, true);
    for (int64_t tile = 0; tile < tiles_; ++tile)
      for (int64_t j = 0; j < h_.d; ++j)
        h_.mean[j] += static_cast<double>(sizes_.tile(tile, h_.v).size()) * means_[tile * h_.d + j];
    for (int64_t j = 0; j < h_.d; ++j) h_.mean[j] /= static_cast<double>(h_.v);
    BetweenTiles between(h_.v, sizes_, means_, h_.mean);
    gram_->add(between, false);
    gram_->take(right_, diagonal_, 1.0);
    noise_ = kNoise * std::accumulate(diagonal_, diagonal_ + h_.d, 0.0);
    KeptRows rows(hidden(h_), kept_, kept_count_, nullptr);
    each_task(sizes_.tiles(kept_count_), [&](int64_t tile, int32_t worker) { statistics(rows, tile, worker); });
  }

  void backward() {
    clear_ignored(h_.de, h_.de_stride);
    if (h_.dc) classifier_gradient();
    if (h_.de) each_task(sizes_.tiles(kept_count_), [&](int64_t tile, int32_t worker) { hidden_gradient(tile, worker); });
  }

 private:
  void each_task(int64_t tasks, const Task& body) const {
    parallel(tasks, h_.threads, h_.blas ? h_.blas->set_threads_local : nullptr, body);
  }

  void find_kept() {
    for (int64_t i = 0; i < h_.n; ++i) {
      bool any = false;
      each_target(i, [&](int64_t, int64_t) { any = true; });
      if (any) kept_[kept_count_++] = i;
    }
  }

  // Calls body(place in t, class) for each target of a row.
  template <class Body>
  void each_target(int64_t i, Body body) const {
    for (int64_t at = i * h_.target_count; at < (i + 1) * h_.target_count; ++at)
      if (h_.t[at] != h_.ignore_index) body(at, h_.t[at]);
  }

  void clear_statistics() {
    std::fill(h_.mu, h_.mu + h_.n, 0.0);
    std::fill(h_.spread, h_.spread + h_.n, 0.0);
    std::fill(h_.y, h_.y + h_.n * h_.target_count, 0.0);
    clear_ignored(h_.de, h_.de_stride);
  }

  void clear_ignored(float* rows, int64_t stride) const {
    for (int64_t i = 0, k = 0; rows && i < h_.n; ++i) {
      if (k < kept_count_ && kept_[k] == i) {
        ++k;
      } else {
        std::fill(rows + i * stride, rows + i * stride + h_.d, 0.0f);
      }
    }
  }

  void statistics(KeptRows& rows, int64_t tile, int32_t worker) {
    const Span span = sizes_.tile(tile, kept_count_);
    const int64_t stride = sizes_.room_stride;
    float *room = gram_->worker(worker).room, *x = x_[static_cast<size_t>(worker)];
    rows.read(span, h_.d, room, stride, nullptr);
    products_.multiply({span.size(), h_.d, room, stride, false, right_, 0, x, h_.d, false});
    for (int64_t k = 0; k < span.size(); ++k) {
      const int64_t i = kept_[span.begin + k];
      const float* e = room + k * stride;
      for (int64_t j = 0; j < h_.d; ++j)
        x[k * h_.d + j] = static_cast<float>(static_cast<double>(x[k * h_.d + j]) + diagonal_[j] * static_cast<double>(e[j]));
      h_.mu[i] = dot(e, h_.mean, h_.d);
      h_.spread[i] = above_noise(dot(e, x + k * h_.d, h_.d), dot(e, e, h_.d));
      each_target(i, [&](int64_t at, int64_t v) { h_.y[at] = centred_dot(e, v, worker); });
      if (h_.de) std::copy_n(x + k * h_.d, h_.d, h_.de + i * h_.de_stride);
    }
  }

  // NaN where it has left the range: a loss divides by it, and no wrong number may look right.
  double above_noise(double spread, double size) const {
    if (!std::isfinite(spread)) return std::numeric_limits<double>::quiet_NaN();
    return spread <= noise_ * size ? 0.0 : spread;
  }

  // <c_v - m, e>
  double centred_dot(const float* e, int64_t v, int32_t worker) const {
    const float* c = classifier(h_).row(v, row_[static_cast<size_t>(worker)]);
    double sum = 0;
    for (int64_t j = 0; j < h_.d; ++j) sum += (static_cast<double>(c[j]) - h_.mean[j]) * static_cast<double>(e[j]);
    return sum;
  }

  void classifier_gradient() {
    if (kept_count_ == 0) {
      for (int64_t v = 0; !h_.add_dc && v < h_.v; ++v) std::fill_n(h_.dc + v * h_.dc_stride, h_.d, 0.0f);
      return;
    }
    // weights near 1 cannot leave the range of float32 on their way
    double most = 0;
    for (int64_t k = 0; k < kept_count_; ++k) most = std::max(most, std::fabs(h_.u_spread[kept_[k]]));
    const double scale = most > 0 && std::isfinite(most) ? std::exp2(std::floor(std::log2(most))) : 1.0;
    for (int64_t k = 0; k < kept_count_; ++k) weights_[k] = h_.u_spread[kept_[k]] / scale;
    KeptRows rows(hidden(h_), kept_, kept_count_, weights_);
    gram_->add(rows, true);
    right_.depth = h_.d + 1;
    gram_->take(right_, diagonal_, scale);
    for (int64_t j = 0; j < h_.d; ++j) narrow_diagonal_[j] = static_cast<float>(diagonal_[j]);
    put_constant_row();
    split_.set(h_.mean, h_.d);
    sort_entries();
    each_task(tiles_, [this](int64_t tile, int32_t worker) { classifier_rows(tile, worker); });
  }

  // (1/v) sum u_mean e, the last row of the right operand: a column of ones on the left adds it to every class.
  void put_constant_row() {
    each_task(kMostParts, [this](int64_t part, int32_t worker) {
      double* sums = partial_ + part * h_.d;
      std::fill(sums, sums + h_.d, 0.0);
      for (int64_t k = kept_count_ * part / kMostParts; k < kept_count_ * (part + 1) / kMostParts; ++k) {
        const float* e = hidden(h_).row(kept_[k], row_[static_cast<size_t>(worker)]);
        for (int64_t j = 0; j < h_.d; ++j) sums[j] += h_.u_mean[kept_[k]] * static_cast<double>(e[j]);
      }
    });
    float* row = row_[0];
    for (int64_t j = 0; j < h_.d; ++j) {
      double sum = 0;
      for (int64_t part = 0; part < kMostParts; ++part) sum += partial_[part * h_.d + j];
      row[j] = static_cast<float>(sum / static_cast<double>(h_.v));
    }
    products_.put_row(row, h_.d, right_);
  }

  void sort_entries() {
    entry_count_ = 0;
    for (int64_t k = 0; k < kept_count_; ++k)
      each_target(kept_[k], [this](int64_t at, int64_t v) { entries_[entry_count_++] = {v, at}; });
    std::sort(entries_, entries_ + entry_count_);
  }

  void classifier_rows(int64_t tile, int32_t worker) {
    const Span span = sizes_.tile(tile, h_.v);
    const int64_t stride = sizes_.room_stride;
    float* room = gram_->worker(worker).room;
    for (int64_t v = span.begin; v < span.end; ++v) {
      float* row = room + (v - span.begin) * stride;
      wide_rows().centre(classifier(h_).row(v, row), split_.high, split_.low, row, h_.d);
      row[h_.d] = 1.0f;
    }
    products_.multiply({span.size(), h_.d, room, stride, false, right_, 0, h_.dc + span.begin * h_.dc_stride, h_.dc_stride,
                        h_.add_dc != 0});
    for (int64_t v = span.begin; v < span.end; ++v)
      wide_rows().add_product(h_.dc + v * h_.dc_stride, room + (v - span.begin) * stride, narrow_diagonal_, h_.d);
    const Entry* entry = std::lower_bound(entries_, entries_ + entry_count_, Entry{span.begin, 0});
    for (; entry < entries_ + entry_count_ && entry->v < span.end; ++entry) {
      const float* e = hidden(h_).row(entry->at / h_.target_count, row_[static_cast<size_t>(worker)]);
      float* dc = h_.dc + entry->v * h_.dc_stride;
      const auto u = static_cast<float>(h_.u_target[entry->at]);
      for (int64_t j = 0; j < h_.d; ++j) dc[j] += u * e[j];
    }
  }

  // x becomes u_mean m + u_spread x + sum u_target c_t, formed as (u_mean + sum u_target) m + ... (c_t - m): a large mean
  // cancels in the bracket.
  void hidden_gradient(int64_t tile, int32_t worker) const {
    const Span span = sizes_.tile(tile, kept_count_);
    double* sum = gram_->worker(worker).sums;
    for (int64_t k = span.begin; k < span.end; ++k) {
      const int64_t i = kept_[k];
      float* x = h_.de + i * h_.de_stride;
      double of_mean = h_.u_mean[i];
      each_target(i, [&](int64_t at, int64_t) { of_mean += h_.u_target[at]; });
      for (int64_t j = 0; j < h_.d; ++j) sum[j] = of_mean * h_.mean[j] + h_.u_spread[i] * static_cast<double>(x[j]);
      each_target(i, [&](int64_t at, int64_t v) {
        const float* c = classifier(h_).row(v, row_[static_cast<size_t>(worker)]);
        for (int64_t j = 0; j < h_.d; ++j) sum[j] += h_.u_target[at] * (static_cast<double>(c[j]) - h_.mean[j]);
      });
      for (int64_t j = 0; j < h_.d; ++j) x[j] = static_cast<float>(sum[j]);
    }
  }

  const headroom_spherical& h_;
  const TallProducts products_;
  const TallSizes sizes_;
  const int64_t tiles_;
  int64_t kept_count_ = 0, entry_count_ = 0;
  int64_t* kept_;
  double *weights_, *means_, *partial_, *diagonal_;
  float* narrow_diagonal_;
  Entry* entries_;
  SplitMean split_{};
  Right right_{};
  std::vector<float*> x_, row_;
  std::unique_ptr<Gram> gram_;
  double noise_ = 0;
};

void check_workspace(const headroom_spherical& head) {
  const int64_t bytes = make_spherical_plan(head).bytes;
  if (head.workspace_bytes < bytes)
    invalid("workspace bytes", std::to_string(head.workspace_bytes),
            "at least " + std::to_string(bytes) + " for n " + std::to_string(head.n) + ", d " + std::to_string(head.d) +
                ", v " + std::to_string(head.v) + ", " + std::to_string(head.threads) + " threads");
}

}  // namespace

SphericalPlan make_spherical_plan(const headroom_spherical& head) {
  const bool own = takes_own(head);
  const TallProducts products(head.blas, own);
  const TallSizes sizes(head.d);
  return {own, sizes.tile_rows, piece_bytes(head, sizes, products) + Gram::bytes(sizes, products, head.threads)};
}

void spherical_forward(const headroom_spherical& head) {
  check_workspace(head);
  Spherical(head).forward();
}

void spherical_backward(const headroom_spherical& head) {
  check_workspace(head);
  Spherical(head).backward();
}

}  // namespace headroom
