// Every option at once, against the formula in float64, under the sanitizers.
#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "check.h"
#include "headroom.h"
#include "naive_blas.h"

namespace {

const headroom_blas kBlas = naive::blas();

struct Shape {
  int64_t n, d, v;
};

struct Setting {
  int32_t engine, gemm;
  bool half, soft, forward_first;
  double tau;   // of the filter; 0: none
  bool full_c, stable;
  int32_t lists;  // headroom_listed
};

// float16 bits of a number that float16 holds exactly: a multiple of 1/64 below 16.
uint16_t half_of(float x) {
  if (x == 0) return 0;
  int exponent;
  const float fraction = std::frexp(std::fabs(x), &exponent);
  const auto bits = static_cast<uint32_t>((exponent + 14) << 10) + static_cast<uint32_t>((fraction * 2 - 1) * 1024);
  return static_cast<uint16_t>((x < 0 ? 0x8000u : 0u) | bits);
}

class Call {
 public:
  Call(Shape shape, Setting setting) : s_(shape), setting_(setting), random_(static_cast<unsigned>(shape.n * 31 + shape.v)) {
    fill(e_, s_.n * s_.d), fill(c_, s_.v * s_.d), fill(b_, s_.v), fill(w_, s_.v), fill(r_, s_.n), fill(r_z_, s_.n);
    fill(u_l_, s_.n), fill(u_h_, s_.n), fill(u_p_, s_.n);
    for (float& x : w_) x = std::fabs(x);
    if (s_.v > 3) b_[1] = -__builtin_inff();
    for (int64_t i = 0; i < s_.n; ++i) t_.push_back(i % 5 == 4 ? -100 : i % 3 == 0 ? 0 : s_.v - 1);
    for (int64_t i = 0; i < s_.n; ++i) places_.push_back(i % 2 == 0 ? i / 2 : -1);
    for (int64_t v = 0; v < s_.v; ++v)
      if (v < 4 || v == s_.v - 1 || v == 448) listed_.push_back(v);
    if (setting.lists == HEADROOM_BY_ROW) list_by_row();
    top_ = std::min<int64_t>(setting.lists == HEADROOM_TOP ? 4 : 2, s_.v);
    listed_count_ = setting.lists == HEADROOM_SHARED ? listed_.size() : setting.lists == HEADROOM_TOP ? static_cast<size_t>(std::min<int64_t>(3, s_.v)) : kOwn;
    const auto places = static_cast<size_t>((s_.n + 1) / 2);
    listed_logits_.assign(places * listed_count_, 7), rest_.assign(places, 7);
    fill(u_v_, static_cast<int64_t>(listed_logits_.size())), fill(u_rest_, static_cast<int64_t>(places));
    for (int64_t i = 0; i < s_.n * kPairs; ++i) {
      soft_ids_.push_back(i % 7 == 6 ? -100 : i % kPairs == 1 ? 0 : static_cast<int64_t>(random_() % 2) * (s_.v - 1));
      soft_weights_.push_back(0.5f - static_cast<float>(i % 3));
    }
  }

  void check() {
    run();
    reference();
    const double bound = 3e-4;
    if (setting_.tau > 1e-6) return check_filtered(bound);
    for (size_t i = 0; i < t_.size(); ++i) {
      close("nll", i, nll_[i], x_nll_[i], bound), close("lse", i, lse_[i], x_lse_[i], bound);
      close("entropy", i, entropy_[i], x_entropy_[i], bound), close("smooth", i, smooth_[i], x_smooth_[i], bound);
      close("squares", i, squares_[i], x_squares_[i], bound), close("variance", i, variance_[i], x_variance_[i], bound);
      if (setting_.soft) close("soft", i, soft_[i], x_soft_[i], bound);
    }
    for (size_t i = 0; i < rest_.size() && setting_.lists == HEADROOM_BY_ROW; ++i)
      CHECK(static_cast<double>(rest_[i]) == x_rest_[i] || std::fabs(static_cast<double>(rest_[i]) - x_rest_[i]) < bound * (1 + std::fabs(x_rest_[i])),
            "kind %d rest %zu: %g, %g", setting_.lists, i, static_cast<double>(rest_[i]), x_rest_[i]);
    for (size_t i = 0; i < t_.size() && setting_.lists == HEADROOM_TOP; ++i) {
      if (places_[i] < 0 || t_[i] < 0) continue;
      const auto place = static_cast<size_t>(places_[i]);
      const double mass = std::exp(static_cast<double>(rest_[place] - lse_[i])), expected = std::exp(x_rest_[place] - x_lse_[i]);
      CHECK(std::fabs(mass - expected) < 1e-5, "mass outside of the top of row %zu: %g, %g", i, mass, expected);
    }
    for (size_t i = 0; i < listed_logits_.size() && setting_.lists != HEADROOM_TOP; ++i)
      CHECK(static_cast<double>(listed_logits_[i]) == x_listed_[i] || std::fabs(static_cast<double>(listed_logits_[i]) - x_listed_[i]) < bound,
            "listed %zu: %g, %g", i, static_cast<double>(listed_logits_[i]), x_listed_[i]);
    for (size_t i = 0; i < de_.size(); ++i) close("dE", i, de_[i], x_de_[i], bound * 10);
    for (size_t i = 0; i < dc_.size(); ++i) close("dC", i, dc_[i], x_dc_[i], bound * 30);
    for (size_t i = 0; i < db_.size(); ++i) close("dB", i, db_[i], x_db_[i], bound * 30);
    for (size_t i = 0; i < top_ids_.size(); ++i) CHECK(top_ids_[i] == x_top_[i], "top %zu: %ld, %ld", i, static_cast<long>(top_ids_[i]), static_cast<long>(x_top_[i]));
  }

  // The dropped mass is at most the mass below tau, and what is dropped of the gradient is at most that mass.
  void check_filtered(double bound) {
    double total = 0;
    for (size_t i = 0; i < t_.size(); ++i) {
      const double dropped = static_cast<double>(dropped_[i]);
      CHECK(dropped >= 0 && dropped <= x_below_[i] + 1e-5, "dropped of row %zu: %g, at most %g", i, dropped, x_below_[i]);
      total += dropped;
      for (int64_t k = 0; k < s_.d; ++k) {
        const size_t at = i * static_cast<size_t>(s_.d) + static_cast<size_t>(k);
        const double slack = 8 * dropped * x_scale_[i] + bound * 10 * (1 + std::fabs(x_de_[at]));
        CHECK(std::fabs(static_cast<double>(de_[at]) - x_de_[at]) <= slack, "filtered dE %zu: %g, %g", at, static_cast<double>(de_[at]), x_de_[at]);
      }
    }
    CHECK(s_.v < 100 || total > 0.01, "n %ld v %ld: nothing dropped at tau %g", static_cast<long>(s_.n), static_cast<long>(s_.v), setting_.tau);
    for (size_t i = 0; setting_.full_c && i < dc_.size(); ++i) close("dC", i, dc_[i], x_dc_[i], bound * 30);
    for (size_t i = 0; setting_.full_c && i < db_.size(); ++i) close("dB", i, db_[i], x_db_[i], bound * 30);
  }

 private:
  static constexpr int64_t kPairs = 3;
  static constexpr size_t kOwn = 5;
  static constexpr double kSmoothing = 0.1, kScale = 0.75, kZLoss = 0.02;

  void fill(std::vector<float>& x, int64_t count) {
    std::uniform_int_distribution<int> steps(-64, 64);
    x.resize(static_cast<size_t>(count));
    for (float& value : x) value = static_cast<float>(steps(random_)) / 64;
  }

  // In no order, some places empty, the target and an absent class among them.
  void list_by_row() {
    listed_.clear();
    for (int64_t i = 0; i < s_.n; ++i) {
      if (places_[static_cast<size_t>(i)] < 0) continue;
      std::vector<int64_t> own;
      for (size_t j = 0; j < kOwn; ++j) {
        const int64_t id = j == 0 && i % 3 == 0 ? std::max<int64_t>(0, t_[static_cast<size_t>(i)]) : j == 2 ? 1 : static_cast<int64_t>(random_() % static_cast<unsigned>(s_.v));
        const bool named = std::find(own.begin(), own.end(), id) != own.end();
        own.push_back(named || j == 3 ? -1 - static_cast<int64_t>(j) : id);
      }
      listed_.insert(listed_.end(), own.begin(), own.end());
    }
  }

  void close(const char* name, size_t i, float got, double expected, double bound) {
    CHECK(std::fabs(static_cast<double>(got) - expected) <= bound * (1 + std::fabs(expected)),
          "n %ld d %ld v %ld engine %d gemm %d half %d soft %d later %d: %s %zu: %g, %g", static_cast<long>(s_.n), static_cast<long>(s_.d),
          static_cast<long>(s_.v), setting_.engine, setting_.gemm, setting_.half, setting_.soft, setting_.forward_first, name, i,
          static_cast<double>(got), expected);
  }

  // The row scales come between statistics and gradients, for exactly the rows that are named.
  static void scale_rows(void* context, const int64_t* rows, int64_t count) {
    auto& call = *static_cast<Call*>(context);
    for (int64_t i = 0; i < count; ++i) {
      const auto row = static_cast<size_t>(rows[i]);
      CHECK(call.lse_[row] != 7, "row %zu has no statistics yet", row);
      call.late_r_[row] = call.r_[row];
    }
  }

  void run() {
    const auto n = static_cast<size_t>(s_.n);
    nll_.assign(n, 7), lse_.assign(n, 7), entropy_.assign(n, 7), smooth_.assign(n, 7), soft_.assign(n, 7);
    squares_.assign(n, 7), variance_.assign(n, 7), late_r_.assign(n, NAN);
    top_ids_.assign(n * static_cast<size_t>(top_), 7), top_logits_.assign(top_ids_.size(), 7);
    de_.assign(e_.size(), 7), dc_.assign(c_.size(), 7), db_.assign(b_.size(), 7);
    for (float x : e_) e16_.push_back(half_of(x));
    for (float x : c_) c16_.push_back(half_of(x));
    headroom_head h{};
    h.abi = HEADROOM_ABI, h.blas = &kBlas, h.n = s_.n, h.d = s_.d, h.v = s_.v;
    h.e = setting_.half ? static_cast<const void*>(e16_.data()) : e_.data(), h.e_stride = s_.d;
    h.c = setting_.half ? static_cast<const void*>(c16_.data()) : c_.data(), h.c_stride = s_.d;
    h.e_dtype = h.c_dtype = setting_.half ? HEADROOM_FLOAT16 : HEADROOM_FLOAT32;
    h.b = b_.data(), h.t = t_.data(), h.t_dtype = HEADROOM_INT64, h.ignore_index = -100;
    h.class_weight = w_.data(), h.label_smoothing = kSmoothing, h.logit_scale = kScale, h.soft_cap = cap_, h.stable_max = setting_.stable, h.z_loss = kZLoss;
    if (setting_.soft) h.soft_count = kPairs, h.soft_ids = soft_ids_.data(), h.soft_weights = soft_weights_.data(), h.soft = soft_.data();
    h.r = r_.data(), h.r_z = r_z_.data(), h.u_lse = u_l_.data(), h.u_entropy = u_h_.data(), h.u_log_prob = u_p_.data();
    h.listed_count = static_cast<int64_t>(listed_count_), h.listed_kind = setting_.lists, h.listed_places = places_.data();
    if (setting_.lists != HEADROOM_TOP) h.listed_ids = listed_.data(), h.listed_logits = listed_logits_.data();
    if (setting_.lists != HEADROOM_SHARED) h.lse_rest = rest_.data(), h.u_rest = u_rest_.data();
    h.u_listed = u_v_.data(), h.squares = squares_.data(), h.variance = variance_.data();
    if (!setting_.forward_first) h.r = late_r_.data(), h.between = scale_rows, h.between_context = this;
    h.nll = nll_.data(), h.lse = lse_.data(), h.entropy = entropy_.data(), h.smooth = smooth_.data();
    h.top_count = top_, h.top_ids = top_ids_.data(), h.top_logits = top_logits_.data();
    h.de = de_.data(), h.de_stride = s_.d, h.dc = dc_.data(), h.dc_stride = s_.d, h.db = db_.data();
    h.engine = setting_.forward_first || setting_.tau > 0 ? HEADROOM_RECOMPUTED : setting_.engine, h.gemm = setting_.gemm, h.threads = 2, h.workspace_bytes = 64 << 20;
    dropped_.assign(n, 7);
    h.filter_tau = setting_.tau, h.filter_full_c = setting_.full_c, h.dropped = dropped_.data();
    headroom_plan plan{};
    CHECK(headroom_head_plan(&h, &plan) == HEADROOM_OK, "%s", headroom_last_error());
    h.workspace_bytes = plan.used_workspace_bytes;
    h.workspace = headroom_alloc(h.workspace_bytes);
    if (setting_.forward_first) {
      CHECK(headroom_head_forward(&h) == HEADROOM_OK, "%s", headroom_last_error());
      CHECK(headroom_head_backward(&h) == HEADROOM_OK, "%s", headroom_last_error());
    } else {
      CHECK(headroom_head_forward_backward(&h) == HEADROOM_OK, "%s", headroom_last_error());
    }
    headroom_free(h.workspace, h.workspace_bytes);
  }

  double get(const std::vector<float>& x, int64_t i) const { return static_cast<double>(x[static_cast<size_t>(i)]); }

  void reference() {
    const auto n = static_cast<size_t>(s_.n);
    x_nll_.assign(n, 0), x_lse_.assign(n, 0), x_entropy_.assign(n, 0), x_smooth_.assign(n, 0), x_soft_.assign(n, 0);
    x_squares_.assign(n, 0), x_variance_.assign(n, 0), x_listed_.assign(listed_logits_.size(), 7), x_rest_.assign(rest_.size(), 7);
    x_top_.assign(top_ids_.size(), -1);
    x_below_.assign(n, 0), x_scale_.assign(n, 0);
    x_de_.assign(e_.size(), 0), x_dc_.assign(c_.size(), 0), x_db_.assign(b_.size(), 0);
    for (int64_t i = 0; i < s_.n; ++i)
      if (t_[static_cast<size_t>(i)] >= 0) reference_row(i);
  }

  void reference_row(int64_t i) {
    const auto row = static_cast<size_t>(i);
    std::vector<double> z(static_cast<size_t>(s_.v));
    double total = 0, weights = 0, present = 0, weighted = 0, mean = 0, second = 0, mass = 0;
    for (int64_t v = 0; v < s_.v; ++v) {
      double a = get(b_, v);
      for (int64_t k = 0; k < s_.d; ++k) a += get(e_, i * s_.d + k) * get(c_, v * s_.d + k);
      z[static_cast<size_t>(v)] = std::isinf(a) ? a : setting_.stable ? std::copysign(std::log1p(std::fabs(kScale * a)), a) : cap_ == 0 ? kScale * a : cap_ * std::tanh(kScale * a / cap_);
      total += std::exp(z[static_cast<size_t>(v)]);
    }
    const double lse = std::log(total);
    for (int64_t v = 0; v < s_.v; ++v) {
      const double logit = z[static_cast<size_t>(v)];
      if (std::isinf(logit)) continue;
      weights += get(w_, v), present += 1, weighted += get(w_, v) * logit, mean += std::exp(logit - lse) * logit;
      second += std::exp(logit - lse) * logit * logit, x_squares_[row] += std::exp(2 * (logit - lse));
    }
    const int64_t t = t_[row];
    x_lse_[row] = lse, x_nll_[row] = lse - z[static_cast<size_t>(t)], x_entropy_[row] = lse - mean;
    x_variance_[row] = second - mean * mean;
    x_smooth_[row] = (weights * lse - weighted) / present;
    std::vector<double> g(z.size());
    const double r = get(r_, i), sharp = r * (1 - kSmoothing), u_h = get(u_h_, i), u_p = get(u_p_, i);
    if (setting_.soft) {
      for (int64_t j = i * kPairs; j < (i + 1) * kPairs; ++j) {
        const int64_t id = soft_ids_[static_cast<size_t>(j)];
        if (id < 0) continue;
        x_soft_[row] += get(soft_weights_, j) * (lse - z[static_cast<size_t>(id)]);
        mass += get(soft_weights_, j);
        g[static_cast<size_t>(id)] -= sharp * get(soft_weights_, j);
      }
    } else {
      mass = get(w_, t);
      g[static_cast<size_t>(t)] -= sharp * mass;
    }
    g[static_cast<size_t>(t)] += u_p;
    largest(i, z);
    std::vector<bool> listed(z.size());
    for (size_t j = 0; places_[row] >= 0 && j < listed_count_; ++j) {
      const size_t at = static_cast<size_t>(places_[row]) * listed_count_ + j;
      const int64_t id = setting_.lists == HEADROOM_SHARED ? listed_[j] : setting_.lists == HEADROOM_BY_ROW ? listed_[at] : x_top_[row * static_cast<size_t>(top_) + j];
      x_listed_[at] = id < 0 ? -HUGE_VAL : z[static_cast<size_t>(id)];
      if (id < 0) continue;
      g[static_cast<size_t>(id)] += static_cast<double>(u_v_[at]);
      listed[static_cast<size_t>(id)] = true;
    }
    double rest = 0, u_rest = 0;
    for (size_t v = 0; v < z.size(); ++v) rest += listed[v] ? 0 : std::exp(z[v]);
    if (places_[row] >= 0) x_rest_[static_cast<size_t>(places_[row])] = std::log(rest);
    if (places_[row] >= 0 && setting_.lists != HEADROOM_SHARED) u_rest = get(u_rest_, places_[row]);
    const double per_class = r * kSmoothing / present;
    const double a = sharp * mass + per_class * weights + 2 * kZLoss * lse * get(r_z_, i) + get(u_l_, i) + u_h * (lse - x_entropy_[row]) - u_p;
    for (int64_t v = 0; v < s_.v; ++v) {
      const auto at = static_cast<size_t>(v);
      if (std::isinf(z[at])) continue;
      const double p = std::exp(z[at] - lse);
      if (p < setting_.tau) x_below_[row] += p;
      x_scale_[row] = std::max(x_scale_[row], std::fabs(a) + std::fabs(u_h * z[at]) + (u_rest == 0 || rest == 0 ? 0 : std::fabs(u_rest * total / rest)));
      g[at] += p * a - p * z[at] * u_h - per_class * get(w_, v);
      if (u_rest != 0 && !listed[at]) g[at] += u_rest * std::exp(z[at]) / rest;
      g[at] *= kScale * (setting_.stable ? std::exp(-std::fabs(z[at])) : cap_ == 0 ? 1 : 1 - z[at] * z[at] / cap_ / cap_);
      x_db_[at] += g[at];
      for (int64_t k = 0; k < s_.d; ++k) {
        x_de_[static_cast<size_t>(i * s_.d + k)] += g[at] * get(c_, v * s_.d + k);
        x_dc_[static_cast<size_t>(v * s_.d + k)] += g[at] * get(e_, i * s_.d + k);
      }
    }
  }

  void largest(int64_t i, std::vector<double> z) {
    for (int64_t j = 0; j < top_; ++j) {
      const auto best = std::max_element(z.begin(), z.end());
      if (!std::isinf(*best)) x_top_[static_cast<size_t>(i * top_ + j)] = best - z.begin();
      *best = -HUGE_VAL;
    }
  }

  const Shape s_;
  const Setting setting_;
  const double cap_ = setting_.tau > 0 || setting_.stable ? 0 : 4;
  std::mt19937 random_;
  int64_t top_ = 0;
  size_t listed_count_ = 0;
  std::vector<float> e_, c_, b_, w_, r_, r_z_, u_l_, u_h_, u_p_, u_v_, late_r_, soft_weights_;
  std::vector<uint16_t> e16_, c16_;
  std::vector<int64_t> t_, places_, listed_, soft_ids_, top_ids_, x_top_;
  std::vector<float> nll_, lse_, entropy_, smooth_, soft_, squares_, variance_, listed_logits_, rest_, u_rest_, dropped_, top_logits_, de_, dc_, db_;
  std::vector<double> x_nll_, x_lse_, x_entropy_, x_smooth_, x_soft_, x_squares_, x_variance_, x_listed_, x_rest_, x_below_, x_scale_, x_de_, x_dc_, x_db_;
};

bool own_products() {
  headroom_head h{};
  headroom_plan plan{};
  h.abi = HEADROOM_ABI, h.n = h.d = h.v = h.e_stride = h.c_stride = 1, h.t_dtype = HEADROOM_INT64, h.threads = 1, h.logit_scale = 1;
  h.gemm = HEADROOM_GEMM_OWN, h.workspace_bytes = 1 << 20;
  return headroom_head_plan(&h, &plan) == HEADROOM_OK;
}

}  // namespace

int main() {
  for (int32_t engine : {HEADROOM_KEPT, HEADROOM_RECOMPUTED})
    for (int32_t gemm : {HEADROOM_GEMM_BLAS, HEADROOM_GEMM_OWN})
      for (bool half : {false, true})
        for (bool soft : {false, true})
          for (bool forward_first : {false, true}) {
            if (gemm == HEADROOM_GEMM_OWN && !own_products()) continue;
            for (double tau : {0.0, 1e-30, 0.02})
              for (bool other : {false, true}) {
                // with a filter the other is the whole gradient of c, without one it is StableMax
                const Setting setting{engine, gemm, half, soft, forward_first, tau, tau > 0 && other, tau == 0 && other,
                                      (half + 2 * soft + engine + other) % 3};
                if (tau > 0 && engine == HEADROOM_KEPT) continue;
                for (Shape shape : {Shape{1, 1, 2}, Shape{5, 3, 7}, Shape{31, 33, 449}, Shape{270, 5, 900}})
                  Call(shape, setting).check();
              }
          }
  std::printf("options_test: %d failures\n", failures());
  return failures() ? 1 : 0;
}
