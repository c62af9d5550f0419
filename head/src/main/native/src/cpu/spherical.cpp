// The C functions of the spherical family: checks, then the work. Every check comes before any memory is read through a
// pointer.
#include "spherical.h"

#include "checks.h"

namespace headroom {
namespace {

void check_sizes(const headroom_spherical& head) {
  if (head.abi != HEADROOM_ABI) invalid("abi", std::to_string(head.abi), std::to_string(HEADROOM_ABI));
  if (head.device != HEADROOM_CPU) throw Failure(HEADROOM_UNSUPPORTED, "device: not the CPU (expected: CPU in this build)");
  check_at_least("n", head.n, 0);
  check_at_least("d", head.d, 1);
  check_at_least("v", head.v, 1);
  check_at_least("target_count", head.target_count, 1);
  check_at_least("threads", head.threads, 1);
  check_stride("e stride", head.e_stride, head.d);
  check_stride("c stride", head.c_stride, head.d);
  check_floats("e", head.e_dtype);
  check_floats("c", head.c_dtype);
  check_gemm(head.gemm, HEADROOM_FLOAT32);
}

void check_pointers(const headroom_spherical& head, bool gradients) {
  if (head.n > 0) {
    check_given("e", head.e);
    check_given("t", head.t);
    if (!gradients) check_given("mu", head.mu), check_given("spread", head.spread), check_given("y", head.y);
    if (gradients)
      check_given("u_mean", head.u_mean), check_given("u_spread", head.u_spread), check_given("u_target", head.u_target);
  }
  check_given("c", head.c);
  check_given("mean", head.mean);
  check_given("workspace", head.workspace);
  if (!make_spherical_plan(head).own) {
    check_given("blas", head.blas);
    check_given("sgemm", reinterpret_cast<const void*>(head.blas->sgemm));
  }
  if (head.de) check_stride("de stride", head.de_stride, head.d);
  if (gradients && head.dc) check_stride("dc stride", head.dc_stride, head.d);
}

void check_targets(const headroom_spherical& head) {
  for (int64_t at = 0; at < head.n * head.target_count; ++at)
    if ((head.t[at] < 0 || head.t[at] >= head.v) && head.t[at] != head.ignore_index)
      target_range("target", at / head.target_count, head.t[at], head.v, head.ignore_index);
}

template <bool gradients>
int32_t run(const headroom_spherical* head) {
  return guarded(
      [](const void* argument) {
        check_given("head", argument);
        const auto& checked = *static_cast<const headroom_spherical*>(argument);
        check_sizes(checked);
        check_pointers(checked, gradients);
        check_targets(checked);
        gradients ? spherical_backward(checked) : spherical_forward(checked);
      },
      head);
}

void answer_plan(const headroom_spherical* asked, headroom_plan* answer) {
  check_given("head", asked);
  check_given("plan", answer);
  check_sizes(*asked);
  const SphericalPlan plan = make_spherical_plan(*asked);
  *answer = headroom_plan{};
  answer->gemm = plan.own ? HEADROOM_GEMM_OWN : HEADROOM_GEMM_BLAS;
  answer->chunk_rows = answer->tile_columns = plan.tile_rows;
  answer->least_workspace_bytes = answer->used_workspace_bytes = plan.bytes;
}

}  // namespace
}  // namespace headroom

extern "C" {

int32_t headroom_spherical_plan(const headroom_spherical* head, headroom_plan* plan) {
  return headroom::guarded([=] { headroom::answer_plan(head, plan); });
}

int32_t headroom_spherical_forward(const headroom_spherical* head) { return headroom::run<false>(head); }

int32_t headroom_spherical_backward(const headroom_spherical* head) { return headroom::run<true>(head); }

}  // extern "C"
