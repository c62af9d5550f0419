// The C functions of the divergence of two heads: checks, then the work.
#include <cmath>
#include <string>

#include "checks.h"
#include "divergence_chunks.h"
#include "divergence_plan.h"
#include "products.h"
#include "status.h"

namespace headroom {
namespace {

void check_side(const std::string& name, const headroom_side& side) {
  check_at_least((name + " d").c_str(), side.d, 1);
  check_at_least((name + " v").c_str(), side.v, 1);
  check_stride((name + " e stride").c_str(), side.e_stride, side.d);
  check_stride((name + " c stride").c_str(), side.c_stride, side.d);
  check_floats((name + " e").c_str(), side.e_dtype);
  check_floats((name + " c").c_str(), side.c_dtype);
  if (!(std::isfinite(side.logit_scale) && side.logit_scale > 0))
    invalid((name + " logit_scale").c_str(), std::to_string(side.logit_scale), "a positive number");
  if (!(std::isfinite(side.soft_cap) && side.soft_cap >= 0))
    invalid((name + " soft_cap").c_str(), std::to_string(side.soft_cap), "0 (off) or a positive number");
}

void check_sizes(const headroom_divergence& divergence) {
  if (divergence.abi != HEADROOM_ABI) invalid("abi", std::to_string(divergence.abi), std::to_string(HEADROOM_ABI));
  if (divergence.device != HEADROOM_CPU) throw Failure(HEADROOM_UNSUPPORTED, "device: not the CPU (expected: CPU in this build)");
  check_at_least("n", divergence.n, 0);
  check_at_least("threads", divergence.threads, 1);
  check_side("student", divergence.student);
  check_side("teacher", divergence.teacher);
  if (divergence.kind < HEADROOM_FORWARD_KL || divergence.kind > HEADROOM_EXPECTED_LOGIT)
    invalid("kind", std::to_string(divergence.kind), "0 to 5");
  if (divergence.kind == HEADROOM_JENSEN_SHANNON && !(divergence.beta > 0 && divergence.beta < 1))
    invalid("beta", std::to_string(divergence.beta), "in (0, 1), the ends are the forward and the reverse KL");
  check_engine(student_of(divergence));
}

void check_pointers(const headroom_divergence& divergence, bool gradients) {
  if (divergence.n > 0) {
    check_given("student e", divergence.student.e);
    check_given("teacher e", divergence.teacher.e);
    check_given("t", divergence.t);
    check_given("value", divergence.value);
    if (gradients) check_given("r", divergence.r);
  }
  check_given("student c", divergence.student.c);
  check_given("teacher c", divergence.teacher.c);
  check_given("workspace", divergence.workspace);
  if (!takes_own_products(student_of(divergence))) check_blas(student_of(divergence));
  if (gradients && divergence.de) check_stride("de stride", divergence.de_stride, divergence.student.d);
  if (gradients && divergence.dc) check_stride("dc stride", divergence.dc_stride, divergence.student.d);
}

template <bool gradients>
int32_t run(const headroom_divergence* divergence) {
  return guarded(
      [](const void* argument) {
        check_given("divergence", argument);
        const auto& checked = *static_cast<const headroom_divergence*>(argument);
        check_sizes(checked);
        check_pointers(checked, gradients);
        run_divergence(checked, gradients);
      },
      divergence);
}

void answer_plan(const headroom_divergence* asked, headroom_plan* answer) {
  check_given("divergence", asked);
  check_given("plan", answer);
  const headroom_divergence& divergence = *asked;
  check_sizes(divergence);
  // without targets at hand every row counts as kept, and the room for copying rows together is reckoned in
  const Plan plan = make_divergence_plan(divergence, divergence.n, true);
  answer->engine = plan.kept ? HEADROOM_KEPT : HEADROOM_RECOMPUTED;
  answer->gemm = takes_own_products(student_of(divergence)) ? HEADROOM_GEMM_OWN : HEADROOM_GEMM_BLAS;
  answer->chunk_rows = plan.chunk_rows;
  answer->tile_columns = plan.tile_columns;
  answer->least_workspace_bytes = least_divergence_workspace(divergence, divergence.n, true);
  answer->used_workspace_bytes = plan.bytes;
}

}  // namespace
}  // namespace headroom

extern "C" {

int32_t headroom_divergence_plan(const headroom_divergence* divergence, headroom_plan* plan) {
  return headroom::guarded([=] { headroom::answer_plan(divergence, plan); });
}

int32_t headroom_divergence_forward(const headroom_divergence* divergence) { return headroom::run<false>(divergence); }

int32_t headroom_divergence_forward_backward(const headroom_divergence* divergence) { return headroom::run<true>(divergence); }

}  // extern "C"
