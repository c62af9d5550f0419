// Lets every allocation inside a call fail in turn: the call says so, and the next one is good.
#include <atomic>
#include <cstdlib>
#include <new>
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

void every_failure_is_told(int32_t gemm, double tau) {
  const headroom_blas blas = naive::blas();
  std::vector<float> e(kRows * kWidth, 0.5f), c(kClasses * kWidth, 0.25f), r(kRows, 1), nll(kRows), lse(kRows), de(e.size()), dc(c.size());
  std::vector<int64_t> t(kRows, 3);
  headroom_head h{};
  h.abi = HEADROOM_ABI, h.blas = &blas, h.n = kRows, h.d = kWidth, h.v = kClasses, h.e = e.data(), h.e_stride = kWidth;
  h.c = c.data(), h.c_stride = kWidth, h.t = t.data(), h.t_dtype = HEADROOM_INT64, h.ignore_index = -100, h.logit_scale = 1;
  h.label_smoothing = 0.1, h.r = r.data(), h.nll = nll.data(), h.lse = lse.data(), h.de = de.data(), h.de_stride = kWidth;
  h.dc = dc.data(), h.dc_stride = kWidth, h.threads = 2, h.gemm = gemm, h.filter_tau = tau, h.workspace_bytes = 16 << 20;
  headroom_plan plan{};
  if (headroom_head_plan(&h, &plan) == HEADROOM_UNSUPPORTED) return;
  h.workspace = headroom_alloc(h.workspace_bytes);
  CHECK(headroom_head_forward_backward(&h) == HEADROOM_OK, "%s", headroom_last_error());
  const std::vector<float> good_nll = nll, good_dc = dc;
  long failures_seen = 0;
  for (long at = 0; at < 10000; ++at) {
    allocations_left = at;
    const int32_t status = headroom_head_forward_backward(&h);
    const bool failed = allocations_left < 0;
    allocations_left = -1;
    if (!failed) break;
    ++failures_seen;
    CHECK(status == HEADROOM_OUT_OF_MEMORY, "allocation %ld: status %d, %s", at, status, headroom_last_error());
    CHECK(headroom_head_forward_backward(&h) == HEADROOM_OK, "after allocation %ld: %s", at, headroom_last_error());
    CHECK(nll == good_nll && dc == good_dc, "after allocation %ld: other numbers", at);
  }
  CHECK(failures_seen > 3, "only %ld allocations failed", failures_seen);
  headroom_free(h.workspace, h.workspace_bytes);
  CHECK(headroom_alloc(int64_t{1} << 60) == nullptr, "an exabyte was granted");
}

}  // namespace

int main() {
  for (int32_t gemm : {HEADROOM_GEMM_BLAS, HEADROOM_GEMM_OWN})
    for (double tau : {0.0, 1e-3}) every_failure_is_told(gemm, tau);
  std::printf("allocation_test: %d failures\n", failures());
  return failures() ? 1 : 0;
}
