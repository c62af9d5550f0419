// The divergence of two heads against its formula in float64, under the sanitizers: ragged sizes, both engines, unequal
// vocabularies, absent classes, tight buffers, refusals.
#include <algorithm>
#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "check.h"
#include "headroom.h"
#include "naive_blas.h"

namespace {

const headroom_blas kBlas = naive::blas();
constexpr double kInfinity = __builtin_inf();
constexpr double kBeta = 0.3;

struct Shape {
  int64_t n, d, d_teacher, v, v_teacher;
};

using Doubles = std::vector<double>;

size_t at(int64_t i) { return static_cast<size_t>(i); }

// A call with buffers of exactly the sizes the header states.
class Call {
 public:
  headroom_divergence divergence{};
  std::vector<float> e, c, b, e_teacher, c_teacher, b_teacher, r, value, de, dc, db;
  std::vector<int64_t> t;

  Call(Shape shape, int32_t kind, int32_t engine, int32_t gemm) : s_(shape), random_(static_cast<unsigned>(shape.n * 131 + shape.v)) {
    fill(e, s_.n * s_.d), fill(c, s_.v * s_.d), fill(b, s_.v), fill(r, s_.n);
    fill(e_teacher, s_.n * s_.d_teacher), fill(c_teacher, s_.v_teacher * s_.d_teacher), fill(b_teacher, s_.v_teacher);
    if (s_.v > 4) b[3] = -__builtin_inff();
    if (s_.v_teacher > 4) b_teacher[4] = -__builtin_inff();
    value.resize(at(s_.n)), de.resize(e.size()), dc.resize(c.size()), db.resize(b.size());
    for (int64_t i = 0; i < s_.n; ++i) t.push_back(i % 4 == 3 ? -100 : i % 2 == 0 ? 0 : s_.v - 1);
    divergence.abi = HEADROOM_ABI, divergence.blas = &kBlas, divergence.n = s_.n, divergence.threads = 2;
    divergence.student = {s_.d, s_.v, e.data(), s_.d, c.data(), s_.d, b.data(), HEADROOM_FLOAT32, HEADROOM_FLOAT32, 0.5, 3.0};
    divergence.teacher = {s_.d_teacher, s_.v_teacher, e_teacher.data(), s_.d_teacher, c_teacher.data(), s_.d_teacher,
                          b_teacher.data(), HEADROOM_FLOAT32, HEADROOM_FLOAT32, 0.7, 0.0};
    divergence.t = t.data(), divergence.ignore_index = -100, divergence.kind = kind, divergence.beta = kBeta;
    divergence.compute = HEADROOM_FLOAT32, divergence.engine = engine, divergence.gemm = gemm;
    divergence.r = r.data(), divergence.value = value.data();
    divergence.de = de.data(), divergence.de_stride = s_.d, divergence.dc = dc.data(), divergence.dc_stride = s_.d;
    divergence.db = db.data();
  }

  headroom_plan plan() {
    headroom_plan plan{};
    divergence.workspace_bytes = 64 << 20;
    CHECK(headroom_divergence_plan(&divergence, &plan) == HEADROOM_OK, "%s", headroom_last_error());
    return plan;
  }

  int32_t run(int64_t workspace_bytes, bool gradients = true) {
    memory_.assign(at(workspace_bytes) + 64, 0);
    const auto address = reinterpret_cast<uintptr_t>(memory_.data());
    divergence.workspace = memory_.data() + (64 - address % 64) % 64;
    divergence.workspace_bytes = workspace_bytes;
    return gradients ? headroom_divergence_forward_backward(&divergence) : headroom_divergence_forward(&divergence);
  }

  void check(bool least) {
    const headroom_plan its = plan();
    const int64_t bytes = least ? its.least_workspace_bytes : its.used_workspace_bytes;
    CHECK(run(bytes) == HEADROOM_OK, "%s", headroom_last_error());
    const std::vector<float> with_gradients = value;
    reference();
    for (size_t i = 0; i < t.size(); ++i) close("value", i, value[i], value_[i]);
    for (size_t i = 0; i < de.size(); ++i) close("dE", i, de[i], de_[i]);
    for (size_t i = 0; i < dc.size(); ++i) close("dC", i, dc[i], dc_[i]);
    for (size_t i = 0; i < db.size(); ++i) close("dB", i, db[i], db_[i]);
    CHECK(run(bytes, false) == HEADROOM_OK, "%s", headroom_last_error());
    for (size_t i = 0; i < t.size(); ++i) CHECK(value[i] == with_gradients[i], "value of row %zu without gradients", i);
  }

 private:
  void fill(std::vector<float>& x, int64_t count) {
    std::normal_distribution<float> normal;
    x.resize(at(count));
    for (float& number : x) number = normal(random_);
  }

  void close(const char* what, size_t i, float got, double expected) {
    CHECK(std::fabs(static_cast<double>(got) - expected) < 2e-4 * std::max(1.0, std::fabs(expected)),
          "n %ld v %ld, %ld kind %d engine %d: %s %zu: %g, %g", static_cast<long>(s_.n), static_cast<long>(s_.v),
          static_cast<long>(s_.v_teacher), divergence.kind, divergence.engine, what, i, static_cast<double>(got), expected);
  }

  Doubles logits(const headroom_side& side, int64_t i) const {
    Doubles z;
    for (int64_t v = 0; v < s_.v; ++v) {
      double a = v < side.v ? static_cast<double>(side.b[v]) : -kInfinity;
      for (int64_t k = 0; k < side.d && v < side.v; ++k)
        a += static_cast<double>(static_cast<const float*>(side.e)[i * side.d + k]) *
             static_cast<double>(static_cast<const float*>(side.c)[v * side.d + k]);
      const bool excluded = divergence.without_target && v == t[at(i)];
      const double s = side.logit_scale * a;
      z.push_back(excluded ? -kInfinity : side.soft_cap != 0 && a > -kInfinity ? side.soft_cap * std::tanh(s / side.soft_cap) : s);
    }
    return z;
  }

  static Doubles softmax(const Doubles& z, const Doubles& other, bool restricted) {
    Doubles p;
    double sum = 0;
    for (size_t v = 0; v < z.size(); ++v) {
      p.push_back(restricted && other[v] == -kInfinity ? 0 : std::exp(z[v]));
      sum += p.back();
    }
    for (double& x : p) x /= sum;
    return p;
  }

  static double ratio(double a, double b) { return a == 0 ? 0 : std::log(a / b); }

  void reference() {
    value_.assign(t.size(), 0), de_.assign(e.size(), 0), dc_.assign(c.size(), 0), db_.assign(b.size(), 0);
    for (int64_t i = 0; i < s_.n; ++i)
      if (t[at(i)] != -100) reference_row(i);
  }

  void reference_row(int64_t i) {
    const Doubles x = logits(divergence.student, i), y = logits(divergence.teacher, i);
    const bool both = divergence.kind == HEADROOM_REVERSE_KL || divergence.kind == HEADROOM_SYMMETRIC_CE ||
                      divergence.kind == HEADROOM_EXPECTED_LOGIT;
    const Doubles p = softmax(x, y, both), q = softmax(y, x, true);
    double overlap = 0, reverse = 0, cross = 0, mixed = 0, logit = 0, total = 0;
    for (size_t v = 0; v < p.size(); ++v) {
      const double m = kBeta * q[v] + (1 - kBeta) * p[v];
      overlap += p[v] * q[v];
      reverse += p[v] * ratio(p[v], q[v]);
      cross -= p[v] == 0 ? 0 : p[v] * std::log(q[v]);
      mixed += p[v] * ratio(p[v], m);
      logit += p[v] == 0 ? 0 : p[v] * y[v];
      if (divergence.kind == HEADROOM_FORWARD_KL) total += q[v] * ratio(q[v], p[v]);
      if (divergence.kind == HEADROOM_JENSEN_SHANNON) total += kBeta * q[v] * ratio(q[v], m) + (1 - kBeta) * p[v] * ratio(p[v], m);
      if (divergence.kind == HEADROOM_SYMMETRIC_CE) total -= q[v] == 0 ? 0 : q[v] * std::log(p[v]);
    }
    if (divergence.kind == HEADROOM_REVERSE_KL) total = reverse;
    if (divergence.kind == HEADROOM_SYMMETRIC_CE) total += cross;
    if (divergence.kind == HEADROOM_INNER_PRODUCT) total = -std::log(overlap);
    if (divergence.kind == HEADROOM_EXPECTED_LOGIT) total = -logit;
    value_[at(i)] = total;
    for (size_t v = 0; v < p.size(); ++v) {
      if (p[v] == 0) continue;
      double g = p[v] - q[v];
      if (divergence.kind == HEADROOM_REVERSE_KL) g = p[v] * (ratio(p[v], q[v]) - reverse);
      if (divergence.kind == HEADROOM_JENSEN_SHANNON)
        g = (1 - kBeta) * p[v] * (ratio(p[v], kBeta * q[v] + (1 - kBeta) * p[v]) - mixed);
      if (divergence.kind == HEADROOM_SYMMETRIC_CE) g += -p[v] * (std::log(q[v]) + cross);
      if (divergence.kind == HEADROOM_EXPECTED_LOGIT) g = -p[v] * (y[v] - logit);
      if (divergence.kind == HEADROOM_INNER_PRODUCT) g = p[v] - p[v] * q[v] / overlap;
      const double part = x[v] / divergence.student.soft_cap;
      add_entry(i, static_cast<int64_t>(v), static_cast<double>(r[at(i)]) * g * divergence.student.logit_scale * (1 - part * part));
    }
  }

  void add_entry(int64_t i, int64_t v, double g) {
    db_[at(v)] += g;
    for (int64_t k = 0; k < s_.d; ++k) {
      de_[at(i * s_.d + k)] += g * static_cast<double>(c[at(v * s_.d + k)]);
      dc_[at(v * s_.d + k)] += g * static_cast<double>(e[at(i * s_.d + k)]);
    }
  }

  const Shape s_;
  std::mt19937 random_;
  std::vector<char> memory_;
  Doubles value_, de_, dc_, db_;
};

// The BLAS, and our own products where this processor can run them.
std::vector<int32_t> gemms() {
  Call call({1, 1, 1, 1, 1}, HEADROOM_FORWARD_KL, HEADROOM_AUTO, HEADROOM_GEMM_OWN);
  headroom_plan plan{};
  call.divergence.workspace_bytes = 1 << 20;
  if (headroom_divergence_plan(&call.divergence, &plan) == HEADROOM_UNSUPPORTED) return {HEADROOM_GEMM_BLAS};
  return {HEADROOM_GEMM_BLAS, HEADROOM_GEMM_OWN};
}

void refuses(Call& call, int64_t workspace, int32_t status, const char* text) {
  const int32_t got = call.run(workspace);
  CHECK(got == status, "status %d (expected: %d) %s", got, status, headroom_last_error());
  CHECK(std::string(headroom_last_error()).rfind(text, 0) == 0, "%s (expected: %s...)", headroom_last_error(), text);
}

void refuses_what_breaks_a_rule() {
  const auto make = [] { return Call({4, 3, 2, 5, 6}, HEADROOM_JENSEN_SHANNON, HEADROOM_AUTO, HEADROOM_GEMM_AUTO); };
  Call a = make();
  a.divergence.beta = 1;
  refuses(a, 1 << 20, HEADROOM_INVALID, "beta: 1.000000 (expected: in (0, 1)");
  Call b = make();
  b.divergence.teacher.e_stride = 1;
  refuses(b, 1 << 20, HEADROOM_INVALID, "teacher e stride: 1 (expected: at least 2)");
  Call c = make();
  refuses(c, 64, HEADROOM_INVALID, "workspace bytes: 64 (expected: at least");
  Call d = make();
  d.divergence.r = nullptr;
  refuses(d, 1 << 20, HEADROOM_INVALID, "r: null (expected: a pointer)");
  Call e = make();
  e.divergence.kind = 9;
  refuses(e, 1 << 20, HEADROOM_INVALID, "kind: 9 (expected: 0 to 5)");
  CHECK(headroom_divergence_forward(nullptr) == HEADROOM_INVALID, "null divergence");
  Call f = make();
  CHECK(f.run(64 << 20) == HEADROOM_OK, "a good call after the refusals: %s", headroom_last_error());
}

void is_the_same_for_any_number_of_threads(int32_t engine, int32_t gemm) {
  Call one({90, 7, 9, 900, 800}, HEADROOM_JENSEN_SHANNON, engine, gemm), three({90, 7, 9, 900, 800}, HEADROOM_JENSEN_SHANNON, engine, gemm);
  one.divergence.threads = 1, three.divergence.threads = 3;
  CHECK(one.run(64 << 20) == HEADROOM_OK && three.run(64 << 20) == HEADROOM_OK, "%s", headroom_last_error());
  CHECK(one.value == three.value && one.de == three.de && one.dc == three.dc && one.db == three.db, "threads change bits");
}

}  // namespace

int main() {
  for (int32_t gemm : gemms())
    for (int32_t engine : {HEADROOM_KEPT, HEADROOM_RECOMPUTED}) {
      for (int32_t kind = HEADROOM_FORWARD_KL; kind <= HEADROOM_EXPECTED_LOGIT; ++kind)
        for (bool least : {false, true})
          for (Shape shape : {Shape{1, 1, 1, 1, 1}, Shape{3, 5, 2, 7, 7}, Shape{17, 4, 9, 513, 500}, Shape{40, 9, 3, 1030, 448},
                              Shape{29, 31, 40, 70, 90}, Shape{0, 3, 4, 5, 6}}) {
            Call call(shape, kind, engine, gemm);
            call.check(least);
            call.divergence.without_target = 1;
            if (shape.v > 7) call.check(least);
          }
      is_the_same_for_any_number_of_threads(engine, gemm);
    }
  refuses_what_breaks_a_rule();
  std::printf("divergence_test: %d failures\n", failures());
  return failures() ? 1 : 0;
}
