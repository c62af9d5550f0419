// AdamW and the sum of squares against float64, for every thread count the same bits, ragged sizes, NaN, bad arguments.
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "headroom.h"

namespace {

int failures = 0;

void check(bool good, const std::string& what) {
  if (!good) {
    ++failures;
    std::fprintf(stderr, "FAILED %s\n", what.c_str());
  }
}

struct State {
  std::vector<float> param, grad, m, s;
};

State random_state(int64_t count, uint32_t seed) {
  State state;
  uint32_t bits = seed;
  const auto next = [&bits] {
    bits = bits * 1664525u + 1013904223u;
    return static_cast<float>(static_cast<double>(bits >> 8) / 8388608.0 - 1.0);
  };
  for (int64_t i = 0; i < count; ++i) {
    state.param.push_back(next());
    state.grad.push_back(next());
    state.m.push_back(0.1f * next());
    state.s.push_back(0.01f * std::fabs(next()));
  }
  return state;
}

headroom_adamw update_of(State& state, int32_t threads) {
  headroom_adamw u{};
  u.count = static_cast<int64_t>(state.param.size());
  u.param = state.param.data();
  u.grad = state.grad.data();
  u.m = state.m.data();
  u.s = state.s.data();
  u.scale = 0.5;
  u.lr = 3e-3;
  u.beta1 = 0.9;
  u.beta2 = 0.95;
  u.eps = 1e-8;
  u.decay = 0.1;
  u.step = 7;
  u.zero_grad = 1;
  u.threads = threads;
  return u;
}

double expected_param(const State& before, size_t i) {
  const double g = 0.5 * static_cast<double>(before.grad[i]);
  const double m = 0.9 * static_cast<double>(before.m[i]) + 0.1 * g;
  const double s = 0.95 * static_cast<double>(before.s[i]) + 0.05 * g * g;
  const double mhat = m / (1 - std::pow(0.9, 7));
  const double shat = s / (1 - std::pow(0.95, 7));
  return static_cast<double>(before.param[i]) * (1 - 3e-3 * 0.1) - 3e-3 * mhat / (std::sqrt(shat) + 1e-8);
}

void agrees_with_float64(int64_t count) {
  const State before = random_state(count, 42);
  State after = before;
  const headroom_adamw u = update_of(after, 1);
  check(headroom_adamw_step(&u) == HEADROOM_OK, "status at count " + std::to_string(count));
  for (size_t i = 0; i < after.param.size(); ++i) {
    const double error = std::fabs(static_cast<double>(after.param[i]) - expected_param(before, i));
    check(error <= 3e-7, "param[" + std::to_string(i) + "] of " + std::to_string(count));
    check(after.grad[i] == 0.0f && !std::signbit(after.grad[i]), "gradient is zeroed");
  }
}

bool same(const std::vector<float>& a, const std::vector<float>& b) {
  return std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

void same_bits_for_any_thread_count(int64_t count) {
  State one = random_state(count, 7);
  State many = one;
  headroom_adamw u = update_of(one, 1);
  headroom_adamw_step(&u);
  double sum_one = 0;
  headroom_sum_squares(one.param.data(), count, 1, &sum_one);
  for (int32_t threads : {2, 3, 8}) {
    State other = many;
    headroom_adamw v = update_of(other, threads);
    check(headroom_adamw_step(&v) == HEADROOM_OK, "status with threads");
    check(same(one.param, other.param) && same(one.m, other.m) && same(one.s, other.s), "bits with threads");
    double sum = 0;
    headroom_sum_squares(other.param.data(), count, threads, &sum);
    check(std::memcmp(&sum, &sum_one, sizeof sum) == 0, "sum's bits with threads");
  }
}

void keeps_the_gradient_when_asked() {
  State state = random_state(100, 3);
  const std::vector<float> grad = state.grad;
  headroom_adamw u = update_of(state, 1);
  u.zero_grad = 0;
  headroom_adamw_step(&u);
  check(same(grad, state.grad), "gradient kept");
}

void passes_nan_on_at_every_place() {
  for (size_t place = 0; place < 37; ++place) {
    State state = random_state(37, 5);
    state.grad[place] = std::numeric_limits<float>::quiet_NaN();
    double sum = 0;
    headroom_sum_squares(state.grad.data(), 37, 1, &sum);
    check(std::isnan(sum), "NaN in the sum");
    headroom_adamw u = update_of(state, 1);
    headroom_adamw_step(&u);
    for (size_t i = 0; i < 37; ++i) check(std::isnan(state.param[i]) == (i == place), "NaN in its own place only");
  }
}

void sums_in_float64() {
  for (int64_t count : {0, 1, 7, 8, 9, 4095, 4096, 4097, 300001}) {
    const State state = random_state(count, 11);
    double expected = 0;
    for (float x : state.param) expected += static_cast<double>(x) * static_cast<double>(x);
    double sum = -1;
    check(headroom_sum_squares(state.param.data(), count, 2, &sum) == HEADROOM_OK, "status of the sum");
    check(std::fabs(sum - expected) <= 1e-12 * expected, "sum at " + std::to_string(count));
  }
  const std::vector<float> big(3, 3e38f);
  double sum = 0;
  headroom_sum_squares(big.data(), 3, 1, &sum);
  check(std::isfinite(sum), "no overflow in float64");
}

void refuses_bad_arguments() {
  State state = random_state(4, 1);
  headroom_adamw u = update_of(state, 1);
  u.step = 0;
  check(headroom_adamw_step(&u) == HEADROOM_INVALID, "step 0");
  check(std::string(headroom_last_error()).find("step") != std::string::npos, "the text names step");
  u = update_of(state, 1);
  u.grad = nullptr;
  check(headroom_adamw_step(&u) == HEADROOM_INVALID, "null gradient");
  u = update_of(state, 0);
  check(headroom_adamw_step(&u) == HEADROOM_INVALID, "no threads");
  u = update_of(state, 1);
  u.beta2 = 1;
  check(headroom_adamw_step(&u) == HEADROOM_INVALID, "beta2 of 1");
  check(headroom_adamw_step(nullptr) == HEADROOM_INVALID, "null");
  check(headroom_sum_squares(nullptr, 3, 1, nullptr) == HEADROOM_INVALID, "null sum");
}

}  // namespace

int main() {
  for (int64_t count : {0, 1, 7, 8, 15, 16, 17, 2047, 2048, 2049, 10000}) agrees_with_float64(count);
  same_bits_for_any_thread_count(70001);
  same_bits_for_any_thread_count(600000);
  keeps_the_gradient_when_asked();
  passes_nan_on_at_every_place();
  sums_in_float64();
  refuses_bad_arguments();
  if (failures == 0) std::puts("adamw_test: good");
  return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
