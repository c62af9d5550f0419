// The C functions of the head: checks, then the work. Every check comes before any memory is read through a pointer.
#include <sys/mman.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <string>
#include <vector>

#include "checks.h"
#include "cpu/chunks.h"
#include "cpu/epilogue.h"
#include "cpu/plan.h"
#include "cpu/products.h"
#include "cpu/rows.h"
#include "cpu/tile.h"
#include "cpu/tuning.h"
#include "cuda/chunks.h"
#include "cuda/device.h"
#include "cuda/plan.h"
#include "status.h"
#include "work.h"

namespace headroom {
namespace {

void check_options(const headroom_head& head) {
  const auto check = [](bool good, const char* name, double value, const char* rule) {
    if (!good) invalid(name, std::to_string(value), rule);
  };
  check(head.label_smoothing >= 0 && head.label_smoothing < 1, "label_smoothing", head.label_smoothing, "in [0, 1)");
  check(std::isfinite(head.logit_scale) && head.logit_scale > 0, "logit_scale", head.logit_scale, "a positive number");
  check(std::isfinite(head.soft_cap) && head.soft_cap >= 0, "soft_cap", head.soft_cap, "0 (off) or a positive number");
  check(std::isfinite(head.z_loss) && head.z_loss >= 0, "z_loss", head.z_loss, "0 (off) or a positive number");
  check(head.filter_tau >= 0 && head.filter_tau < 1, "filter_tau", head.filter_tau, "in [0, 1)");
  check(head.filter_mass >= 0 && head.filter_mass < 1, "filter_mass", head.filter_mass, "in [0, 1)");
  check(head.stable_max == 0 || head.stable_max == 1, "stable_max", head.stable_max, "0 or 1");
  check(head.stable_max == 0 || head.soft_cap == 0, "soft_cap", head.soft_cap, "0 with stable_max");
  const bool curved = filters(head) && head.label_smoothing > 0 && cap_of(head) != 0;
  check(!curved, head.stable_max ? "stable_max" : "soft_cap", cap_of(head), "0 with a gradient filter and label smoothing: the smoothing is no longer of rank one");
  if (filters(head) && head.engine == HEADROOM_KEPT) invalid("engine", "1 (kept)", "0 auto or 2 recomputed with a gradient filter");
  check_at_least("soft_count", head.soft_count, 0);
  check_at_least("top_count", head.top_count, 0);
  check_at_least("listed_count", head.listed_count, 0);
  if (head.listed_kind < HEADROOM_SHARED || head.listed_kind > HEADROOM_TOP)
    invalid("listed_kind", std::to_string(head.listed_kind), "0 shared, 1 by row or 2 top");
  if (head.listed_kind == HEADROOM_TOP && head.listed_count > head.top_count)
    invalid("listed_count", std::to_string(head.listed_count), "at most top_count " + std::to_string(head.top_count) + " with TOP lists");
  const int64_t most = std::min<int64_t>(head.v, HEADROOM_MOST_TOP);
  if (head.top_count > most) invalid("top_count", std::to_string(head.top_count), "at most " + std::to_string(most));
}

void check_cuda(const headroom_head& head) {
  if (head.compute != HEADROOM_FLOAT32 && head.compute != HEADROOM_TFLOAT32 && head.compute != HEADROOM_BFLOAT16)
    throw Failure(HEADROOM_UNSUPPORTED, "compute: dtype code " + std::to_string(head.compute) + " (expected: FLOAT32, TFLOAT32 or BFLOAT16 on CUDA)");
  if (head.engine < HEADROOM_AUTO || head.engine > HEADROOM_RECOMPUTED) invalid("engine", std::to_string(head.engine), "0 auto, 1 kept or 2 recomputed");
  check_at_least("kept_count", head.kept_count, 0);
  if (head.kept && head.kept_count > head.n) invalid("kept_count", std::to_string(head.kept_count), "at most n, " + std::to_string(head.n));
}

void check_shapes(const headroom_head& head) {
  if (head.abi != HEADROOM_ABI) invalid("abi", std::to_string(head.abi), std::to_string(HEADROOM_ABI));
  if (head.device != HEADROOM_CPU && head.device != HEADROOM_CUDA) invalid("device", std::to_string(head.device), "0 CPU or 1 CUDA");
  check_at_least("n", head.n, 0);
  check_at_least("d", head.d, 1);
  check_at_least("v", head.v, 1);
  check_at_least("threads", head.threads, 1);
  check_stride("e stride", head.e_stride, head.d);
  check_stride("c stride", head.c_stride, head.d);
  check_floats("e", head.e_dtype, on_cuda(head));
  check_floats("c", head.c_dtype, on_cuda(head));
  check_options(head);
  if (head.t_dtype != HEADROOM_INT32 && head.t_dtype != HEADROOM_INT64)
    throw Failure(HEADROOM_UNSUPPORTED,
                  "targets: dtype code " + std::to_string(head.t_dtype) + " (expected: INT32 or INT64)");
  if (on_cuda(head)) {
    check_cuda(head);
  } else {
    check_engine(head);
  }
}

void check_lists(const headroom_head& head, Work work) {
  const bool top = head.listed_kind == HEADROOM_TOP;
  if (top) check_given("top_ids", head.top_ids);
  else check_given("listed_ids", head.listed_ids);
  check_given("listed_places", head.listed_places);
  if (!top && work != Work::kBackward) check_given("listed_logits", head.listed_logits);
  if (head.u_rest && forms_gradients(work)) check_given("lse_rest", head.lse_rest);
  const bool shares_rest = head.listed_kind == HEADROOM_SHARED && (head.lse_rest || head.u_rest);
  if (shares_rest) invalid("lse_rest", "a pointer", "null with SHARED lists");
}

void check_pointers(const headroom_head& head, Work work) {
  if (head.n > 0) {
    check_given("e", head.e);
    check_given("t", head.t);
    if (work != Work::kLogits) check_given("lse", head.lse);
    if (takes_statistics(work)) check_given("nll", head.nll);
    if (forms_gradients(work)) check_given("r", head.r);
    if (head.soft_count > 0) check_given("soft_ids", head.soft_ids), check_given("soft_weights", head.soft_weights);
    if (head.top_count > 0 && (takes_statistics(work))) check_given("top_ids", head.top_ids), check_given("top_logits", head.top_logits);
    if (head.u_entropy && forms_gradients(work)) check_given("entropy", head.entropy);
    if (head.variance) check_given("entropy", head.entropy), check_given("squares", head.squares);
    if (head.squares) check_given("variance", head.variance);
    if (head.listed_count > 0 && work != Work::kLogits) check_lists(head, work);
  }
  check_given("c", head.c);
  check_given("workspace", head.workspace);
  if (!on_cuda(head) && !takes_own_products(head)) check_blas(head);
  if (head.z_loss != 0 && forms_gradients(work) && head.n > 0) check_given("r_z", head.r_z);
  if (!forms_gradients(work)) return;
  if (head.de) check_stride("de stride", head.de_stride, head.d);
  if (head.dc) check_stride("dc stride", head.dc_stride, head.d);
}

void check_targets(const headroom_head& head) {
  for (int64_t i = 0; i < head.n; ++i) {
    const int64_t target = target_at(head, i);
    if ((target < 0 || target >= head.v) && target != head.ignore_index)
      target_range("target", i, target, head.v, head.ignore_index);
  }
}

void check_soft_targets(const headroom_head& head) {
  for (int64_t at = 0; at < head.n * head.soft_count; ++at) {
    const int64_t id = head.soft_ids[at], row = at / head.soft_count;
    if ((id < 0 || id >= head.v) && id != head.ignore_index && target_at(head, row) != head.ignore_index)
      target_range("soft target", row, id, head.v, head.ignore_index);
  }
}

void check_own_list(const headroom_head& head, int64_t row) {
  const int64_t* begin = head.listed_ids + head.listed_places[row] * head.listed_count;
  std::vector<int64_t> ids(begin, begin + head.listed_count);
  std::sort(ids.begin(), ids.end());
  for (size_t at = 0; at < ids.size(); ++at)
    if (ids[at] >= head.v || (at > 0 && ids[at] >= 0 && ids[at] == ids[at - 1]))
      throw Failure(HEADROOM_TARGET_RANGE, "listed class of row " + std::to_string(row) + ": " + std::to_string(ids[at]) +
                                               " (expected: below " + std::to_string(head.v) + ", once a row, negative for none)");
}

void check_listed(const headroom_head& head) {
  if (head.listed_kind == HEADROOM_TOP) return;
  if (head.listed_kind == HEADROOM_BY_ROW) {
    for (int64_t row = 0; head.listed_count > 0 && row < head.n; ++row)
      if (head.listed_places[row] >= 0) check_own_list(head, row);
    return;
  }
  for (int64_t at = 0; at < head.listed_count; ++at) {
    const int64_t id = head.listed_ids[at], above = at == 0 ? -1 : head.listed_ids[at - 1];
    if (id <= above || id >= head.v)
      throw Failure(HEADROOM_TARGET_RANGE, "listed class " + std::to_string(at) + ": " + std::to_string(id) +
                                               " (expected: " + std::to_string(above + 1) + " to " + std::to_string(head.v - 1) +
                                               ", in ascending order)");
  }
}

const headroom_head& checked(const void* argument, Work work) {
  check_given("head", argument);
  const auto& head = *static_cast<const headroom_head*>(argument);
  check_shapes(head);
  check_pointers(head, work);
  if (on_cuda(head)) return head;  // what device memory holds is looked at there
  check_targets(head);
  check_soft_targets(head);
  check_listed(head);
  return head;
}

void run_on_device(const headroom_head& head, Work work, const LogitsOut& logits = {nullptr, 0}) {
  on_cuda(head) ? cuda::run_chunks(head, work, logits) : run_chunks(head, work, logits);
}

template <Work work>
int32_t run(const headroom_head* head) {
  return guarded([](const void* argument) { run_on_device(checked(argument, work), work); }, head);
}

void answer_logits(const headroom_head* asked, LogitsOut out) {
  const headroom_head& head = checked(asked, Work::kLogits);
  if (head.n > 0) check_given("z", out.z);
  check_at_least("z stride", out.stride, head.v);
  run_on_device(head, Work::kLogits, out);
}

void answer_plan(const headroom_head* asked, headroom_plan* answer) {
  check_given("head", asked);
  check_given("plan", answer);
  check_shapes(*asked);
  const headroom_head& head = *asked;
  if (on_cuda(head)) {
    *answer = cuda::answer_plan(head);
    return;
  }
  // without targets at hand every row counts as kept, and the room for copying rows together is reckoned in
  *answer = headroom_plan{};
  answer->least_workspace_bytes = least_workspace(head, head.n, true);
  const Plan plan = make_plan(head, head.n, true);
  answer->engine = plan.kept ? HEADROOM_KEPT : HEADROOM_RECOMPUTED;
  answer->gemm = takes_own_products(head) ? HEADROOM_GEMM_OWN : HEADROOM_GEMM_BLAS;
  answer->chunk_rows = plan.chunk_rows;
  answer->tile_columns = plan.tile_columns;
  answer->block_rows = plan.block_rows;
  answer->sum_step = plan.sum_step;
  answer->second_cache_bytes = caches().second;
  answer->third_cache_bytes = caches().third;
  answer->used_workspace_bytes = plan.bytes;
}

}  // namespace
}  // namespace headroom

extern "C" {

const char* headroom_version(void) { return "0.1.0"; }

const char* headroom_cpu_isa(void) { return headroom::epilogues().isa; }

void* headroom_alloc(int64_t bytes) {
  if (bytes <= 0) return nullptr;
  const size_t size = static_cast<size_t>(bytes);
  void* memory = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return nullptr;
  madvise(memory, size, MADV_HUGEPAGE);  // a wish: fewer page faults where it is granted
  return memory;
}

void headroom_free(void* memory, int64_t bytes) {
  if (memory) munmap(memory, static_cast<size_t>(bytes));
}

int32_t headroom_head_plan(const headroom_head* head, headroom_plan* plan) {
  return headroom::guarded([=] { headroom::answer_plan(head, plan); });
}

int32_t headroom_cuda_describe(char* text, int64_t length) {
  return headroom::guarded([=] {
    headroom::check_given("text", text);
    headroom::check_at_least("length", length, 1);
    const std::string found = headroom::cuda::describe_devices();
    text[found.copy(text, static_cast<size_t>(length) - 1)] = '\0';
  });
}

int32_t headroom_cuda_write(void* device, const void* host, int64_t bytes, void* stream) {
  return headroom::guarded([=] {
    headroom::check_given("host", host);
    headroom::check_at_least("bytes", bytes, 0);
    headroom::cuda::write(device, host, bytes, static_cast<headroom::cuda::Stream>(stream));
  });
}

int32_t headroom_cuda_read(void* host, const void* device, int64_t bytes, void* stream) {
  return headroom::guarded([=] {
    headroom::check_given("host", host);
    headroom::check_at_least("bytes", bytes, 0);
    headroom::cuda::read(host, device, bytes, static_cast<headroom::cuda::Stream>(stream));
  });
}

int32_t headroom_cuda_release(void) {
  return headroom::guarded([] { headroom::cuda::release_devices(); });
}

int32_t headroom_head_forward(const headroom_head* head) { return headroom::run<headroom::Work::kForward>(head); }

int32_t headroom_head_logits(const headroom_head* head, float* z, int64_t z_stride) {
  return headroom::guarded([=] { headroom::answer_logits(head, {z, z_stride}); });
}

int32_t headroom_head_backward(const headroom_head* head) { return headroom::run<headroom::Work::kBackward>(head); }

int32_t headroom_head_forward_backward(const headroom_head* head) {
  return headroom::run<headroom::Work::kBoth>(head);
}

}  // extern "C"
