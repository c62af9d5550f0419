// The spherical family's C functions under the sanitizers: ragged sizes, both products, tight buffers, refusals.
#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "check.h"
#include "headroom.h"
#include "naive_blas.h"

namespace {

const headroom_blas kBlas = naive::blas();

// A call with buffers of exactly the sizes the header states; every fourth row is left out.
struct Call {
  std::vector<float> e, c, de, dc;
  std::vector<double> mean, mu, spread, y, u_mean, u_spread, u_target;
  std::vector<int64_t> t;
  std::vector<char> memory;
  headroom_spherical head{};

  Call(int64_t n, int64_t d, int64_t v, int64_t k, int32_t gemm) {
    std::mt19937 random(static_cast<unsigned>(n * 1000003 + d * 1009 + v));
    std::normal_distribution<double> normal;
    auto fill = [&](auto& x, int64_t count) {
      x.resize(static_cast<size_t>(count));
      for (auto& value : x) value = static_cast<std::decay_t<decltype(value)>>(normal(random));
    };
    fill(e, n * d), fill(c, v * d), fill(de, n * d), fill(dc, v * d);
    fill(u_mean, n), fill(u_spread, n), fill(u_target, n * k);
    mean.resize(static_cast<size_t>(d)), mu.resize(u_mean.size()), spread.resize(u_mean.size()), y.resize(u_target.size());
    for (int64_t at = 0; at < n * k; ++at)
      t.push_back(at / k % 4 == 3 || at % 5 == 4 ? -100 : static_cast<int64_t>(random() % static_cast<unsigned>(v)));
    head.abi = HEADROOM_ABI, head.blas = &kBlas, head.n = n, head.d = d, head.v = v;
    head.e = e.data(), head.e_stride = d, head.c = c.data(), head.c_stride = d, head.t = t.data(), head.target_count = k;
    head.ignore_index = -100, head.mean = mean.data(), head.mu = mu.data(), head.spread = spread.data(), head.y = y.data();
    head.u_mean = u_mean.data(), head.u_spread = u_spread.data(), head.u_target = u_target.data();
    head.de = de.data(), head.de_stride = d, head.dc = dc.data(), head.dc_stride = d, head.gemm = gemm, head.threads = 2;
  }

  void give(int64_t bytes) {
    memory.resize(static_cast<size_t>(bytes) + 64);
    const auto at = reinterpret_cast<uintptr_t>(memory.data());
    head.workspace = memory.data() + (64 - at % 64) % 64;
    head.workspace_bytes = bytes;
  }

  double at(const std::vector<float>& x, int64_t i, int64_t j) const {
    return static_cast<double>(x[static_cast<size_t>(i * head.d + j)]);
  }
};

bool near(double actual, double expected, double size) { return std::fabs(actual - expected) <= 1e-5 * size; }

// The definition, with all outputs of every row.
struct Truth {
  std::vector<double> mu, spread, y, de, dc;
  explicit Truth(const Call& call) {
    const int64_t n = call.head.n, d = call.head.d, v = call.head.v, k = call.head.target_count;
    const auto index = [](int64_t i) { return static_cast<size_t>(i); };
    mu.resize(index(n)), spread.resize(index(n)), y.resize(index(n * k)), de.resize(index(n * d)), dc.resize(index(v * d));
    for (int64_t i = 0; i < n; ++i) {
      bool kept = false;
      for (int64_t a = i * k; a < (i + 1) * k; ++a) kept = kept || call.t[index(a)] >= 0;
      if (!kept) continue;
      std::vector<double> o(index(v)), g(index(v));
      for (int64_t j = 0; j < v; ++j)
        for (int64_t l = 0; l < d; ++l) o[index(j)] += call.at(call.e, i, l) * call.at(call.c, j, l);
      for (double x : o) mu[index(i)] += x / static_cast<double>(v);
      for (double x : o) spread[index(i)] += (x - mu[index(i)]) * (x - mu[index(i)]);
      for (int64_t j = 0; j < v; ++j)
        g[index(j)] = call.u_mean[index(i)] / static_cast<double>(v) + call.u_spread[index(i)] * (o[index(j)] - mu[index(i)]);
      for (int64_t a = i * k; a < (i + 1) * k; ++a) {
        const int64_t target = call.t[index(a)];
        if (target < 0) continue;
        y[index(a)] = o[index(target)] - mu[index(i)];
        g[index(target)] += call.u_target[index(a)];
      }
      for (int64_t j = 0; j < v; ++j)
        for (int64_t l = 0; l < d; ++l) {
          de[index(i * d + l)] += g[index(j)] * call.at(call.c, j, l);
          dc[index(j * d + l)] += g[index(j)] * call.at(call.e, i, l);
        }
    }
  }
};

template <class T>
void compare(const char* what, const Call& call, const std::vector<T>& actual, const std::vector<double>& expected) {
  double size = 1;
  for (double x : expected) size = std::max(size, std::fabs(x));
  for (size_t i = 0; i < actual.size(); ++i)
    CHECK(near(static_cast<double>(actual[i]), expected[i], size), "%s n %ld d %ld v %ld gemm %d at %zu: %g, %g", what,
          static_cast<long>(call.head.n), static_cast<long>(call.head.d), static_cast<long>(call.head.v), call.head.gemm, i,
          static_cast<double>(actual[i]), expected[i]);
}

void matches_float64(int64_t n, int64_t d, int64_t v, int64_t k, int32_t gemm) {
  Call call(n, d, v, k, gemm);
  headroom_plan plan{};
  CHECK(headroom_spherical_plan(&call.head, &plan) == HEADROOM_OK, "%s", headroom_last_error());
  call.give(plan.least_workspace_bytes);
  CHECK(headroom_spherical_forward(&call.head) == HEADROOM_OK, "%s", headroom_last_error());
  CHECK(headroom_spherical_backward(&call.head) == HEADROOM_OK, "%s", headroom_last_error());
  const Truth truth(call);
  compare("mu", call, call.mu, truth.mu);
  compare("spread", call, call.spread, truth.spread);
  compare("y", call, call.y, truth.y);
  compare("dE", call, call.de, truth.de);
  compare("dC", call, call.dc, truth.dc);
  const std::vector<float> once = call.dc, de = call.de;
  for (int32_t threads : {1, 3}) {
    call.head.threads = threads, call.head.add_dc = 1;
    CHECK(headroom_spherical_plan(&call.head, &plan) == HEADROOM_OK, "%s", headroom_last_error());
    call.give(plan.least_workspace_bytes);
    call.dc.assign(call.dc.size(), 0.0f);
    CHECK(headroom_spherical_forward(&call.head) == HEADROOM_OK, "%s", headroom_last_error());
    CHECK(headroom_spherical_backward(&call.head) == HEADROOM_OK, "%s", headroom_last_error());
    CHECK(call.dc == once && call.de == de, "%d threads give other bits", threads);
  }
  call.head.de = nullptr;
  CHECK(headroom_spherical_forward(&call.head) == HEADROOM_OK, "%s", headroom_last_error());
  call.head.dc = nullptr;
  CHECK(headroom_spherical_backward(&call.head) == HEADROOM_OK, "%s", headroom_last_error());
}

void refuses(Call& call, int32_t status, const char* text) {
  const int32_t got = headroom_spherical_forward(&call.head);
  CHECK(got == status, "status %d (expected: %d) %s", got, status, headroom_last_error());
  CHECK(std::string(headroom_last_error()).rfind(text, 0) == 0, "%s (expected: %s...)", headroom_last_error(), text);
}

void refuses_what_breaks_a_rule() {
  const auto make = [] {
    Call call(4, 3, 5, 1, HEADROOM_GEMM_AUTO);
    call.give(4 << 20);
    return call;
  };
  const auto point = [](Call& call) {  // the vectors have moved with the call
    call.head.e = call.e.data(), call.head.c = call.c.data(), call.head.t = call.t.data();
  };
  Call a = make();
  point(a), a.t[2] = 5;
  refuses(a, HEADROOM_TARGET_RANGE, "target of row 2: 5 (expected: 0 to 4, or the ignore index -100)");
  Call b = make();
  point(b), b.head.e_stride = 2;
  refuses(b, HEADROOM_INVALID, "e stride: 2 (expected: at least 3)");
  Call c = make();
  point(c), c.head.workspace_bytes = 64;
  refuses(c, HEADROOM_INVALID, "workspace bytes: 64 (expected: at least");
  Call d = make();
  point(d), d.head.c_dtype = HEADROOM_BFLOAT16;
  refuses(d, HEADROOM_UNSUPPORTED, "c: dtype code 2 (expected: FLOAT32 or FLOAT16 on the CPU)");
  Call e = make();
  point(e), e.head.target_count = 0;
  refuses(e, HEADROOM_INVALID, "target_count: 0 (expected: at least 1)");
  Call f = make();
  point(f), f.head.mean = nullptr;
  refuses(f, HEADROOM_INVALID, "mean: null (expected: a pointer)");
  Call g = make();
  point(g), g.head.u_mean = nullptr;
  CHECK(headroom_spherical_backward(&g.head) == HEADROOM_INVALID, "no u_mean");
  CHECK(headroom_spherical_forward(nullptr) == HEADROOM_INVALID, "null head");
}

}  // namespace

int main() {
  for (int32_t gemm : {HEADROOM_GEMM_BLAS, HEADROOM_GEMM_OWN}) {
    Call probe(1, 1, 1, 1, gemm);
    headroom_plan plan{};
    if (headroom_spherical_plan(&probe.head, &plan) == HEADROOM_UNSUPPORTED) continue;
    CHECK(plan.gemm == gemm, "plan.gemm: %d (expected: %d)", plan.gemm, gemm);
    matches_float64(0, 2, 3, 1, gemm);
    matches_float64(1, 1, 1, 1, gemm);
    matches_float64(3, 5, 7, 2, gemm);
    matches_float64(17, 4, 513, 1, gemm);
    matches_float64(40, 31, 449, 3, gemm);
    matches_float64(29, 131, 70, 1, gemm);
    matches_float64(500, 2, 1900, 1, gemm);
    matches_float64(9, 290, 460, 1, gemm);
  }
  refuses_what_breaks_a_rule();
  std::printf("spherical_test: %d failures\n", failures());
  return failures() ? 1 : 0;
}
