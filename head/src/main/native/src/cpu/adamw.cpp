// AdamW in one in-place pass, and the sum of squares that global-norm clipping needs.
//
// Both are memory-bound: one pass reads and writes param, m, s and the gradient once (32 bytes an element), where an
// optimiser of separate tensor operations makes six temporaries of the parameter's size. Every element is independent
// and every written operation rounds once (-ffp-contract=off), so the result has the same bits for any thread count,
// any instruction set, and in the Java fall-back.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "headroom.h"
#include "pool.h"
#include "status.h"

namespace {

// The unit of the sum of squares: fixed, so that the order of additions does not depend on the threads.
constexpr int64_t BLOCK = 4096;
constexpr int64_t LANES = 8;

// The step's constants, rounded to float32 once.
struct Factors {
  float scale, keep, beta1, rest1, beta2, rest2, rate, root, eps;
};

Factors factors_of(const headroom_adamw& u) {
  const double step = static_cast<double>(u.step);
  const double bias1 = 1.0 - std::pow(u.beta1, step);
  const double bias2 = 1.0 - std::pow(u.beta2, step);
  Factors f{};
  f.scale = static_cast<float>(u.scale);
  f.keep = static_cast<float>(1.0 - u.lr * u.decay);
  f.beta1 = static_cast<float>(u.beta1);
  f.rest1 = static_cast<float>(1.0 - u.beta1);
  f.beta2 = static_cast<float>(u.beta2);
  f.rest2 = static_cast<float>(1.0 - u.beta2);
  f.rate = static_cast<float>(u.lr / bias1);
  f.root = static_cast<float>(1.0 / std::sqrt(bias2));
  f.eps = static_cast<float>(u.eps);
  return f;
}

__attribute__((always_inline)) inline void update(const headroom_adamw& u, const Factors& f, int64_t from, int64_t to) {
  float* __restrict param = u.param;
  float* __restrict grad = u.grad;
  float* __restrict m = u.m;
  float* __restrict s = u.s;
  for (int64_t i = from; i < to; ++i) {
    const float g = f.scale * grad[i];
    const float first = f.beta1 * m[i] + f.rest1 * g;
    const float second = f.beta2 * s[i] + f.rest2 * (g * g);
    m[i] = first;
    s[i] = second;
    param[i] = param[i] * f.keep - f.rate * first / (std::sqrt(second) * f.root + f.eps);
  }
  if (u.zero_grad != 0) {
    std::fill(grad + from, grad + to, 0.0f);
  }
}

// A page-sized piece at a time keeps the gradient in cache between its use and its zeroing.
constexpr int64_t PIECE = 2048;

void update_generic(const headroom_adamw& u, const Factors& f, int64_t from, int64_t to) {
  for (int64_t i = from; i < to; i += PIECE) update(u, f, i, std::min(i + PIECE, to));
}

#if defined(__x86_64__)
__attribute__((target("avx2"))) void update_avx2(const headroom_adamw& u, const Factors& f, int64_t from, int64_t to) {
  for (int64_t i = from; i < to; i += PIECE) update(u, f, i, std::min(i + PIECE, to));
}

__attribute__((target("avx512f,avx512vl,avx512dq"))) void update_avx512(const headroom_adamw& u, const Factors& f,
                                                                         int64_t from, int64_t to) {
  for (int64_t i = from; i < to; i += PIECE) update(u, f, i, std::min(i + PIECE, to));
}
#endif

using Update = void (*)(const headroom_adamw&, const Factors&, int64_t, int64_t);

Update best_update() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq")) {
    return update_avx512;
  }
  if (__builtin_cpu_supports("avx2")) {
    return update_avx2;
  }
#endif
  return update_generic;
}

double block_sum(const float* x, int64_t count) {
  double lane[LANES] = {};
  int64_t i = 0;
  for (; i + LANES <= count; i += LANES) {
    for (int64_t k = 0; k < LANES; ++k) {
      const double value = static_cast<double>(x[i + k]);
      lane[k] += value * value;
    }
  }
  for (int64_t k = 0; i < count; ++i, ++k) {
    const double value = static_cast<double>(x[i]);
    lane[k] += value * value;
  }
  return ((lane[0] + lane[4]) + (lane[1] + lane[5])) + ((lane[2] + lane[6]) + (lane[3] + lane[7]));
}

constexpr int64_t TASK = 1 << 16;  // elements; a multiple of BLOCK and PIECE

// Runs body(from, to) over [0, count); small arrays stay on the caller's thread.
void in_parallel(int64_t count, int32_t threads, const std::function<void(int64_t, int64_t)>& body) {
  const int64_t tasks = (count + TASK - 1) / TASK;
  if (tasks <= 1 || threads == 1) {
    body(0, count);
    return;
  }
  headroom::parallel(tasks, threads, nullptr,
                     [&](int64_t task, int32_t) { body(task * TASK, std::min((task + 1) * TASK, count)); });
}

void need(bool good, const char* name, const std::string& actual, const char* rule) {
  if (!good) headroom::invalid(name, actual, rule);
}

void check(const headroom_adamw& u) {
  need(u.count >= 0, "count", std::to_string(u.count), "at least 0");
  need(u.count == 0 || (u.param && u.grad && u.m && u.s), "param, grad, m, s", "a null pointer", "four arrays");
  need(u.step >= 1, "step", std::to_string(u.step), "counted from 1");
  need(u.threads >= 1, "threads", std::to_string(u.threads), "at least 1");
  need(u.beta1 >= 0 && u.beta1 < 1, "beta1", std::to_string(u.beta1), "in [0,1)");
  need(u.beta2 >= 0 && u.beta2 < 1, "beta2", std::to_string(u.beta2), "in [0,1)");
  need(u.eps >= 0, "eps", std::to_string(u.eps), "at least 0");
  need(std::isfinite(u.lr) && std::isfinite(u.decay), "lr, decay", "not finite", "finite numbers");
}

struct Sum {
  const float* x;
  int64_t count;
  int32_t threads;
  double* sum;
};

void sum_squares(const Sum& s) {
  need(s.sum && s.count >= 0 && (s.count == 0 || s.x), "x, count, sum", "null or negative", "an array and a place");
  need(s.threads >= 1, "threads", std::to_string(s.threads), "at least 1");
  std::vector<double> partial(static_cast<size_t>((s.count + BLOCK - 1) / BLOCK));
  in_parallel(s.count, s.threads, [&](int64_t from, int64_t to) {
    for (int64_t i = from; i < to; i += BLOCK) {
      partial[static_cast<size_t>(i / BLOCK)] = block_sum(s.x + i, std::min(BLOCK, to - i));
    }
  });
  double total = 0;
  for (const double value : partial) total += value;
  *s.sum = total;
}

}  // namespace

extern "C" int32_t headroom_adamw_step(const headroom_adamw* update) {
  return headroom::guarded(
      [](const void* argument) {
        need(argument != nullptr, "update", "null", "a headroom_adamw");
        const headroom_adamw& u = *static_cast<const headroom_adamw*>(argument);
        check(u);
        const Factors f = factors_of(u);
        const Update kernel = best_update();
        in_parallel(u.count, u.threads, [&](int64_t from, int64_t to) { kernel(u, f, from, to); });
      },
      update);
}

extern "C" int32_t headroom_sum_squares(const float* x, int64_t count, int32_t threads, double* sum) {
  const Sum argument{x, count, threads, sum};
  return headroom::guarded([](const void* s) { sum_squares(*static_cast<const Sum*>(s)); }, &argument);
}
