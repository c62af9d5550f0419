// The C functions under the sanitizers: ragged sizes, both engines, tight buffers, refusals.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "check.h"
#include "headroom.h"
#include "naive_blas.h"

namespace {

const headroom_blas kBlas = naive::blas();

// A call with buffers of exactly the sizes the header states.
struct Call {
  std::vector<float> e, c, b, r, nll, lse, de, dc, db;
  std::vector<int32_t> t;
  std::vector<char> memory;
  headroom_head head{};

  Call(int64_t n, int64_t d, int64_t v, int32_t engine, int32_t compute) {
    std::mt19937 random(static_cast<unsigned>(n * 1000003 + d * 1009 + v));
    std::normal_distribution<float> normal;
    auto fill = [&](std::vector<float>& x, int64_t count) {
      x.resize(static_cast<size_t>(count));
      for (float& value : x) value = normal(random);
    };
    fill(e, n * d), fill(c, v * d), fill(b, v), fill(r, n);
    nll.resize(r.size()), lse.resize(r.size()), de.resize(e.size()), dc.resize(c.size()), db.resize(b.size());
    for (int64_t i = 0; i < n; ++i) t.push_back(i % 4 == 3 ? -100 : static_cast<int32_t>(random() % static_cast<unsigned>(v)));
    head.abi = HEADROOM_ABI, head.blas = &kBlas, head.n = n, head.d = d, head.v = v;
    head.e = e.data(), head.e_stride = d, head.c = c.data(), head.c_stride = d, head.b = b.data();
    head.t = t.data(), head.t_dtype = HEADROOM_INT32, head.ignore_index = -100, head.compute = compute;
    head.r = r.data(), head.r_z = r.data(), head.z_loss = 0.01, head.nll = nll.data(), head.lse = lse.data();
    head.de = de.data(), head.de_stride = d, head.dc = dc.data(), head.dc_stride = d, head.db = db.data();
    head.engine = engine, head.threads = 2, head.logit_scale = 1;
  }

  int32_t run(int64_t workspace_bytes) {
    memory.resize(static_cast<size_t>(workspace_bytes) + 64);
    const auto at = reinterpret_cast<uintptr_t>(memory.data());
    head.workspace = memory.data() + (64 - at % 64) % 64;
    head.workspace_bytes = workspace_bytes;
    return headroom_head_forward_backward(&head);
  }
};

void matches_float64(int64_t n, int64_t d, int64_t v, int32_t engine, int32_t compute, bool least, int32_t gemm) {
  Call call(n, d, v, engine, compute);
  call.head.workspace_bytes = 64 << 20;
  call.head.gemm = gemm;
  headroom_plan plan{};
  CHECK(headroom_head_plan(&call.head, &plan) == HEADROOM_OK, "%s", headroom_last_error());
  const int32_t status = call.run(least ? plan.least_workspace_bytes : plan.used_workspace_bytes);
  CHECK(status == HEADROOM_OK, "%s", headroom_last_error());
  const double bound = compute == HEADROOM_BFLOAT16 ? std::max(0.15, 0.02 * std::sqrt(static_cast<double>(d))) : 2e-4;
  for (int64_t i = 0; i < n; ++i) {
    const auto row = static_cast<size_t>(i);
    double total = 0, target = 0;
    for (int64_t j = 0; j < v; ++j) {
      double z = static_cast<double>(call.b[static_cast<size_t>(j)]);
      for (int64_t k = 0; k < d; ++k)
        z += static_cast<double>(call.e[static_cast<size_t>(i * d + k)]) * static_cast<double>(call.c[static_cast<size_t>(j * d + k)]);
      total += std::exp(z);
      if (j == call.t[row]) target = z;
    }
    const double expected = call.t[row] < 0 ? 0 : std::log(total) - target;
    CHECK(std::fabs(static_cast<double>(call.nll[row]) - expected) < bound, "n %ld d %ld v %ld engine %d row %ld: %g, %g",
          static_cast<long>(n), static_cast<long>(d), static_cast<long>(v), engine, static_cast<long>(i),
          static_cast<double>(call.nll[row]), expected);
  }
  // the gradient of the bias sums to the sum of the row gradients of the logits: -(ignored rows) and z-loss apart
  double sum_db = 0, expected = 0;
  for (float g : call.db) sum_db += static_cast<double>(g);
  for (size_t i = 0; i < call.r.size(); ++i)
    if (call.t[i] >= 0) expected += 2 * 0.01 * static_cast<double>(call.lse[i]) * static_cast<double>(call.r[i]);
  CHECK(std::fabs(sum_db - expected) < bound * 10, "sum of dB: %g, %g", sum_db, expected);
}

// The logits of a range of classes, in rows with room between them that stays as it is; ignored rows stay too.
void gives_logits(int64_t n, int64_t d, int64_t v, int32_t gemm) {
  Call call(n, d, v, HEADROOM_AUTO, HEADROOM_FLOAT32);
  const int64_t begin = v / 3, count = v - begin, stride = count + 5;
  const float left = -77.0f, cap = 3.0f;
  call.b[static_cast<size_t>(begin)] = -__builtin_inff();
  call.head.c = call.c.data() + begin * d, call.head.b = call.b.data() + begin, call.head.v = count;
  for (int32_t& target : call.t) target = std::min(target, 0);
  call.head.logit_scale = 0.5, call.head.soft_cap = static_cast<double>(cap), call.head.gemm = gemm;
  call.memory.resize((16 << 20) + 64);
  call.head.workspace = call.memory.data() + (64 - reinterpret_cast<uintptr_t>(call.memory.data()) % 64) % 64;
  call.head.workspace_bytes = 16 << 20;
  std::vector<float> z(static_cast<size_t>(n * stride), left);
  CHECK(headroom_head_logits(&call.head, z.data(), stride) == HEADROOM_OK, "%s", headroom_last_error());
  for (int64_t i = 0; i < n; ++i)
    for (int64_t j = 0; j < stride; ++j) {
      double expected = static_cast<double>(left);
      if (j < count && call.t[static_cast<size_t>(i)] >= 0) {
        expected = static_cast<double>(call.b[static_cast<size_t>(begin + j)]);
        for (int64_t k = 0; k < d; ++k)
          expected += static_cast<double>(call.e[static_cast<size_t>(i * d + k)]) *
                      static_cast<double>(call.c[static_cast<size_t>((begin + j) * d + k)]);
        if (j > 0) expected = static_cast<double>(cap) * std::tanh(expected * 0.5 / static_cast<double>(cap));
      }
      const double got = static_cast<double>(z[static_cast<size_t>(i * stride + j)]);
      CHECK(got == expected || std::fabs(got - expected) < 1e-4, "row %ld class %ld: %g, %g", static_cast<long>(i),
            static_cast<long>(j), got, expected);
    }
  CHECK(headroom_head_logits(&call.head, z.data(), count - 1) == HEADROOM_INVALID, "a short stride");
  CHECK(headroom_head_logits(&call.head, nullptr, stride) == HEADROOM_INVALID, "no room");
}

// The BLAS, and our own products where this processor can run them.
std::vector<int32_t> gemms(int32_t compute) {
  Call call(1, 1, 1, HEADROOM_AUTO, compute);
  call.head.workspace_bytes = 1 << 20;
  call.head.gemm = HEADROOM_GEMM_OWN;
  headroom_plan plan{};
  if (headroom_head_plan(&call.head, &plan) == HEADROOM_UNSUPPORTED) return {HEADROOM_GEMM_BLAS};
  CHECK(plan.gemm == HEADROOM_GEMM_OWN, "plan.gemm: %d (expected: %d)", plan.gemm, HEADROOM_GEMM_OWN);
  return {HEADROOM_GEMM_BLAS, HEADROOM_GEMM_OWN};
}

void refuses(Call& call, int64_t workspace, int32_t status, const char* text) {
  const int32_t got = call.run(workspace);
  CHECK(got == status, "status %d (expected: %d) %s", got, status, headroom_last_error());
  CHECK(std::string(headroom_last_error()).rfind(text, 0) == 0, "%s (expected: %s...)", headroom_last_error(), text);
}

void refuses_what_breaks_a_rule() {
  const auto make = [] { return Call(4, 3, 5, HEADROOM_AUTO, HEADROOM_FLOAT32); };
  Call a = make();
  a.t[2] = 5;
  refuses(a, 1 << 20, HEADROOM_TARGET_RANGE, "target of row 2: 5 (expected: 0 to 4, or the ignore index -100)");
  Call b = make();
  b.head.e_stride = 2;
  refuses(b, 1 << 20, HEADROOM_INVALID, "e stride: 2 (expected: at least 3)");
  Call c = make();
  refuses(c, 64, HEADROOM_INVALID, "workspace bytes: 64 (expected: at least");
  Call d = make();
  d.head.c_dtype = HEADROOM_BFLOAT16;
  refuses(d, 1 << 20, HEADROOM_UNSUPPORTED, "c: dtype code 2 (expected: FLOAT32 or FLOAT16 on the CPU)");
  Call e = make();
  e.head.r = nullptr;
  refuses(e, 1 << 20, HEADROOM_INVALID, "r: null (expected: a pointer)");
  Call f = make();
  f.head.abi = 7;
  refuses(f, 1 << 20, HEADROOM_INVALID, "abi: 7 (expected: 6)");
  Call lists = make();
  float room[8] = {};
  int64_t ids[] = {4, -1, 5, 0}, places[] = {0, -1, 1, -1};
  lists.head.listed_count = 2, lists.head.listed_kind = HEADROOM_BY_ROW, lists.head.listed_ids = ids;
  lists.head.listed_places = places, lists.head.listed_logits = room;
  refuses(lists, 1 << 20, HEADROOM_TARGET_RANGE, "listed class of row 2: 5 (expected: below 5, once a row");
  lists.head.listed_kind = HEADROOM_SHARED, lists.head.lse_rest = room, ids[0] = 1, ids[1] = 2;
  refuses(lists, 1 << 20, HEADROOM_INVALID, "lse_rest: a pointer (expected: null with SHARED lists)");
  lists.head.listed_kind = 3;
  refuses(lists, 1 << 20, HEADROOM_INVALID, "listed_kind: 3 (expected: 0 shared, 1 by row or 2 top)");
  CHECK(headroom_head_forward(nullptr) == HEADROOM_INVALID, "null head");
  Call g = make();
  CHECK(g.run(64 << 20) == HEADROOM_OK, "a good call after the refusals: %s", headroom_last_error());
}

thread_local int32_t blas_threads = 7;

int32_t set_blas_threads(int32_t threads) {
  const int32_t before = blas_threads;
  blas_threads = threads;
  return before;
}

void counting_sgemm(const char* transa, const char* transb, const int32_t* m, const int32_t* n, const int32_t* k,
                    const float* alpha, const float* a, const int32_t* lda, const float* b, const int32_t* ldb,
                    const float* beta, float* c, const int32_t* ldc) {
  CHECK(blas_threads == 1, "a product on %d threads (expected: 1)", blas_threads);
  naive::sgemm(transa, transb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
}

// One task and many, on the caller's thread too.
void gives_the_caller_its_blas_threads_back() {
  const headroom_blas blas{counting_sgemm, nullptr, set_blas_threads};
  for (int64_t classes : {3, 3000}) {
    Call call(20, 4, classes, HEADROOM_KEPT, HEADROOM_FLOAT32);
    call.head.blas = &blas, call.head.gemm = HEADROOM_GEMM_BLAS;
    CHECK(call.run(4 << 20) == HEADROOM_OK, "%s", headroom_last_error());
    CHECK(blas_threads == 7, "BLAS threads of the caller: %d (expected: 7)", blas_threads);
  }
}

}  // namespace

int main() {
  for (int32_t engine : {HEADROOM_KEPT, HEADROOM_RECOMPUTED})
    for (int32_t compute : {HEADROOM_FLOAT32, HEADROOM_BFLOAT16})
      for (bool least : {false, true})
        for (int32_t gemm : gemms(compute)) {
          matches_float64(1, 1, 1, engine, compute, least, gemm);
          matches_float64(3, 5, 7, engine, compute, least, gemm);
          matches_float64(17, 4, 513, engine, compute, least, gemm);
          matches_float64(40, 9, 1030, engine, compute, least, gemm);
          matches_float64(29, 131, 70, engine, compute, least, gemm);
          matches_float64(1047, 2, 33, engine, compute, least, gemm);
          matches_float64(300, 290, 460, engine, compute, least, gemm);
        }
  for (int32_t gemm : gemms(HEADROOM_FLOAT32)) gives_logits(1, 3, 2, gemm), gives_logits(37, 19, 1030, gemm);
  refuses_what_breaks_a_rule();
  gives_the_caller_its_blas_threads_back();
  std::printf("head_test: %d failures\n", failures());
  return failures() ? 1 : 0;
}
