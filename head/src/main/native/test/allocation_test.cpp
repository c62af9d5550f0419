// Lets every allocation inside a call fail in turn: the call says so, and the next one is good.
#include <atomic>
#include <cstdlib>
#include <new>
#include <tuple>
#include <utility>
#include <vector>

#include "check.h"
#include "headroom.h"
#include "naive_blas.h"

namespace {

std::atomic<long> allocations_left{-1};  // -1: all succeed

void* allocate(std::size_t bytes) {
  if (allocations_left >= 0 && allocations_left-- == 0) {
    allocations_left = -1;
    throw std::bad_alloc();
  }
  void* memory = std::malloc(bytes);
  if (!memory) throw std::bad_alloc();
  return memory;
}

}  // namespace

void* operator new(std::size_t bytes) { return allocate(bytes); }
void* operator new[](std::size_t bytes) { return allocate(bytes); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }

namespace {

constexpr int64_t kRows = 40, kWidth = 6, kClasses = 500;

using Floats = std::vector<float>;

// Lets each allocation of a call fail in turn; `numbers` reads what the call computes.
template <class Function, class Numbers>
void every_failure_is_told(const char* name, const Function& call, const Numbers& numbers, long least) {
  CHECK(call() == HEADROOM_OK, "%s: %s", name, headroom_last_error());
  const auto good = numbers();
  long failures_seen = 0;
  for (long at = 0; at < 10000; ++at) {
    allocations_left = at;
    const int32_t status = call();
    const bool failed = allocations_left < 0;
    allocations_left = -1;
    if (!failed) break;
    ++failures_seen;
    CHECK(status == HEADROOM_OUT_OF_MEMORY, "%s, allocation %ld: status %d, %s", name, at, status, headroom_last_error());
    CHECK(call() == HEADROOM_OK, "%s, after allocation %ld: %s", name, at, headroom_last_error());
    CHECK(numbers() == good, "%s, after allocation %ld: other numbers", name, at);
  }
  CHECK(failures_seen >= least, "%s: only %ld allocations failed", name, failures_seen);
}

// A workspace of exactly what the plan asks for, not from operator new.
template <class Call>
class Workspace {
 public:
  Workspace(Call& call, int64_t bytes) : call_(call) {
    call_.workspace = headroom_alloc(bytes), call_.workspace_bytes = bytes;
    CHECK(call_.workspace != nullptr, "no %ld bytes", static_cast<long>(bytes));
  }
  ~Workspace() { headroom_free(call_.workspace, call_.workspace_bytes); }
  Workspace(const Workspace&) = delete;
  Workspace& operator=(const Workspace&) = delete;

 private:
  Call& call_;
};

const headroom_blas kBlas = naive::blas();

struct Arrays {
  Floats e = Floats(kRows * kWidth, 0.5f), c = Floats(kClasses * kWidth, 0.25f), r = Floats(kRows, 1), nll = Floats(kRows),
         lse = Floats(kRows), de = Floats(e.size()), dc = Floats(c.size());
  std::vector<int64_t> t = std::vector<int64_t>(kRows, 3);
};

void head(int32_t gemm, double tau) {
  Arrays a;
  headroom_head h{};
  h.abi = HEADROOM_ABI, h.blas = &kBlas, h.n = kRows, h.d = kWidth, h.v = kClasses, h.e = a.e.data(), h.e_stride = kWidth;
  h.c = a.c.data(), h.c_stride = kWidth, h.t = a.t.data(), h.t_dtype = HEADROOM_INT64, h.ignore_index = -100, h.logit_scale = 1;
  h.label_smoothing = 0.1, h.r = a.r.data(), h.nll = a.nll.data(), h.lse = a.lse.data(), h.de = a.de.data(), h.de_stride = kWidth;
  h.dc = a.dc.data(), h.dc_stride = kWidth, h.threads = 2, h.gemm = gemm, h.filter_tau = tau, h.workspace_bytes = 16 << 20;
  headroom_plan plan{};
  if (headroom_head_plan(&h, &plan) == HEADROOM_UNSUPPORTED) return;
  const Workspace workspace(h, 16 << 20);
  every_failure_is_told(
      "head", [&] { return headroom_head_forward_backward(&h); }, [&] { return std::make_pair(a.nll, a.dc); }, 4);
}

void divergence(int32_t gemm, int32_t kind, int32_t engine) {
  Arrays a;
  Floats value(kRows), e_teacher(kRows * 4, 0.3f), c_teacher(kClasses * 4);
  for (size_t i = 0; i < c_teacher.size(); ++i) c_teacher[i] = 0.01f * static_cast<float>(i % 7);
  headroom_divergence h{};
  h.abi = HEADROOM_ABI, h.blas = &kBlas, h.n = kRows, h.threads = 2, h.gemm = gemm, h.kind = kind, h.beta = 0.3, h.engine = engine;
  h.student = {kWidth, kClasses, a.e.data(), kWidth, a.c.data(), kWidth, nullptr, HEADROOM_FLOAT32, HEADROOM_FLOAT32, 1.0, 0.0};
  h.teacher = {4, kClasses, e_teacher.data(), 4, c_teacher.data(), 4, nullptr, HEADROOM_FLOAT32, HEADROOM_FLOAT32, 1.0, 0.0};
  h.t = a.t.data(), h.ignore_index = -100, h.compute = HEADROOM_FLOAT32, h.r = a.r.data(), h.value = value.data();
  h.de = a.de.data(), h.de_stride = kWidth, h.dc = a.dc.data(), h.dc_stride = kWidth, h.workspace_bytes = 16 << 20;
  headroom_plan plan{};
  if (headroom_divergence_plan(&h, &plan) == HEADROOM_UNSUPPORTED) return;
  const Workspace workspace(h, 16 << 20);
  every_failure_is_told("divergence_forward", [&] { return headroom_divergence_forward(&h); }, [&] { return value; }, 4);
  every_failure_is_told(
      "divergence", [&] { return headroom_divergence_forward_backward(&h); },
      [&] { return std::make_tuple(value, a.de, a.dc); }, 4);
}

void spherical(int32_t gemm) {
  Arrays a;
  for (size_t i = 0; i < a.c.size(); ++i) a.c[i] = 0.01f * static_cast<float>(i % 11);
  std::vector<double> mean(kWidth), mu(kRows), spread(kRows), y(kRows), u(kRows, 0.5);
  headroom_spherical h{};
  h.abi = HEADROOM_ABI, h.blas = &kBlas, h.n = kRows, h.d = kWidth, h.v = kClasses, h.e = a.e.data(), h.e_stride = kWidth;
  h.c = a.c.data(), h.c_stride = kWidth, h.t = a.t.data(), h.target_count = 1, h.ignore_index = -100, h.gemm = gemm, h.threads = 2;
  h.mean = mean.data(), h.mu = mu.data(), h.spread = spread.data(), h.y = y.data(), h.u_mean = h.u_spread = h.u_target = u.data();
  h.de = a.de.data(), h.de_stride = kWidth, h.dc = a.dc.data(), h.dc_stride = kWidth;
  headroom_plan plan{};
  if (headroom_spherical_plan(&h, &plan) == HEADROOM_UNSUPPORTED) return;
  const Workspace workspace(h, plan.least_workspace_bytes);
  every_failure_is_told(
      "spherical_forward", [&] { return headroom_spherical_forward(&h); }, [&] { return std::make_tuple(mu, spread, y, a.de); }, 1);
  // dE takes the place of x, so that each gradient pass needs a forward pass before it
  every_failure_is_told(
      "spherical_backward",
      [&] {
        const long left = allocations_left.exchange(-1);
        const int32_t forward = headroom_spherical_forward(&h);
        allocations_left = left;
        return forward == HEADROOM_OK ? headroom_spherical_backward(&h) : forward;
      },
      [&] { return std::make_tuple(a.de, a.dc); }, 1);
}

}  // namespace

int main() {
  for (int32_t gemm : {HEADROOM_GEMM_BLAS, HEADROOM_GEMM_OWN}) {
    for (double tau : {0.0, 1e-3}) head(gemm, tau);
    for (int32_t kind = HEADROOM_FORWARD_KL; kind <= HEADROOM_EXPECTED_LOGIT; ++kind)
      for (int32_t engine : {HEADROOM_KEPT, HEADROOM_RECOMPUTED}) divergence(gemm, kind, engine);
    spherical(gemm);
  }
  CHECK(headroom_alloc(int64_t{1} << 60) == nullptr, "an exabyte was granted");
  std::printf("allocation_test: %d failures\n", failures());
  return failures() ? 1 : 0;
}
