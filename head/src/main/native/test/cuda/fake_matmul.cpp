// Algorithms, and the product itself. The heuristic offers, best first as it thinks: sums split in place and out of place
// where the preference allows them, then two plain ones whose order depends on the sizes. All four round differently, so a
// caller whose bits must not depend on m and n has to keep one.
#include <algorithm>
#include <cstring>

#include "fake_gemm.h"
#include "fake_lt.h"

using namespace headroom::fake;
using namespace headroom::cuda;

namespace {

constexpr std::uint32_t kMagic = 0x48454144;
constexpr std::uint32_t kSplitInPlace = 1, kSplitOutOfPlace2 = 2;  // bits of a mask of schemes: in place, in the compute type

// What is in an LtAlgorithm's 64 bytes.
struct Algorithm {
  std::uint32_t magic;
  std::uint16_t block, splits;
  std::uint16_t scheme, compute;
  std::uint8_t a_type, b_type, transpose_a, transpose_b;
  std::uint16_t pointer_alignment[4];  // bytes of A, B, C, D
  std::uint16_t ld_alignment[4];       // bytes between columns, at most 16
  std::uint64_t check;
};
static_assert(sizeof(Algorithm) <= sizeof(LtAlgorithm));

struct Problem {
  const LtDescriptionState* description;
  const LtLayoutState *a, *b, *c, *d;
  std::uint64_t m, n, k;
};

std::uint64_t check_of(Algorithm algorithm) {
  algorithm.check = 0;
  unsigned char bytes[sizeof algorithm];
  std::memcpy(bytes, &algorithm, sizeof bytes);
  std::uint64_t hash = 0xcbf29ce484222325u;
  for (const unsigned char byte : bytes) hash = (hash ^ byte) * 0x100000001b3u;
  return hash;
}

std::uint16_t alignment_of(const LtLayoutState& layout) {
  const std::int64_t bytes = layout.ld * bytes_of(layout.type);
  return static_cast<std::uint16_t>(std::min<std::int64_t>(16, bytes & -bytes));
}

// The empty text where the layouts make a product.
std::string problem_of(LtDescription description, LtLayout a, LtLayout b, LtLayout c, LtLayout d, Problem* problem) {
  const auto layout = [](LtLayout x) { return lt_object<LtLayoutState>(x, kLayouts); };
  *problem = {lt_object<LtDescriptionState>(description, kDescriptions), layout(a), layout(b), layout(c), layout(d), 0, 0, 0};
  Problem& p = *problem;
  if (!p.description || !p.a || !p.b || !p.c || !p.d) return "an unknown description or layout";
  const bool ta = p.description->transpose_a == kTransposed, tb = p.description->transpose_b == kTransposed;
  p.m = ta ? p.a->columns : p.a->rows;
  p.k = ta ? p.a->rows : p.a->columns;
  p.n = tb ? p.b->rows : p.b->columns;
  if ((tb ? p.b->columns : p.b->rows) != p.k) return "A and B do not agree in k";
  for (const LtLayoutState* out : {p.c, p.d})
    if (out->rows != p.m || out->columns != p.n || out->type != kReal32) return "C or D is not float32 [m,n]";
  if (p.a->type != p.b->type) return "A and B differ in type";
  if (p.description->compute == kComputeTf32 && p.a->type != kReal32) return "TF32 with operands of 16 bits";
  return "";
}

std::size_t workspace_of(const Algorithm& algorithm, const Problem& problem) {
  return algorithm.scheme == kSplitOutOfPlace2 ? problem.m * problem.n * 4 * algorithm.splits : 0;
}

LtHeuristic result_of(const Algorithm& algorithm, const Problem& problem) {
  LtHeuristic result = {};
  std::memcpy(&result.algorithm, &algorithm, sizeof algorithm);
  result.workspace_bytes = workspace_of(algorithm, problem);
  result.waves = 1.0f;
  return result;
}

// The empty text where the algorithm came from the heuristic and serves the problem.
std::string unfit(const LtAlgorithm* given, const Problem& problem, Algorithm* algorithm) {
  if (!given) return "no algorithm";
  std::memcpy(algorithm, given, sizeof *algorithm);
  if (algorithm->magic != kMagic || algorithm->check != check_of(*algorithm)) return "an algorithm that no heuristic made";
  if (algorithm->compute != problem.description->compute || algorithm->a_type != problem.a->type || algorithm->b_type != problem.b->type ||
      algorithm->transpose_a != problem.description->transpose_a || algorithm->transpose_b != problem.description->transpose_b)
    return "an algorithm for other types or transposes";
  const LtLayoutState* const layouts[4] = {problem.a, problem.b, problem.c, problem.d};
  for (int i = 0; i < 4; ++i)
    if (alignment_of(*layouts[i]) < algorithm->ld_alignment[i])
      return std::string("leading dimension of ") + "ABCD"[i] + ": less aligned than the algorithm's " + std::to_string(algorithm->ld_alignment[i]) + " bytes";
  return "";
}

std::string misplaced(const Algorithm& algorithm, const Problem& problem, const void* const (&pointers)[4], const void* workspace,
                      std::size_t workspace_bytes) {
  for (int i = 0; i < 4; ++i)
    if (reinterpret_cast<std::uintptr_t>(pointers[i]) % algorithm.pointer_alignment[i] != 0)
      return std::string(1, "ABCD"[i]) + ": not aligned to the " + std::to_string(algorithm.pointer_alignment[i]) + " bytes of the preference";
  if (workspace_bytes < workspace_of(algorithm, problem)) return "workspace: " + std::to_string(workspace_bytes) + " bytes, too few";
  if (workspace_bytes != 0 && (!workspace || reinterpret_cast<std::uintptr_t>(workspace) % 256 != 0)) return "workspace: not aligned to 256 bytes";
  return "";
}

bool all_on_device(const Problem& problem, const void* const (&pointers)[4], bool reads_c, int device) {
  const LtLayoutState* const layouts[4] = {problem.a, problem.b, problem.c, problem.d};
  for (int i = 0; i < 4; ++i) {
    const LtLayoutState& x = *layouts[i];
    const auto bytes = (x.ld * static_cast<std::int64_t>(x.columns - 1) + static_cast<std::int64_t>(x.rows)) * bytes_of(x.type);
    if ((i != 2 || reads_c) && !on_device(pointers[i], bytes, device)) return false;
  }
  return true;
}

}  // namespace

HEADROOM_FAKE_EXPORT Status cublasLtMatmulAlgoGetHeuristic(LtHandle handle, LtDescription description, LtLayout a, LtLayout b, LtLayout c,
                                                           LtLayout d, LtPreference preference, int wanted, LtHeuristic* results,
                                                           int* found) {
  const Call call("cublasLtMatmulAlgoGetHeuristic", Call::Needs::kContext);
  if (found) *found = 0;
  if (call.status() != 0) return call.status();
  Problem p;
  const std::string wrong = problem_of(description, a, b, c, d, &p);
  const auto* asked = lt_object<LtPreferenceState>(preference, kPreferences);
  if (!lt_object<LtHandleState>(handle, kHandles) || !asked || wanted < 1 || !results || !found)
    return call.refuse(kLtInvalidValue, "an unknown handle or preference, or no room for results");
  if (!wrong.empty()) return call.refuse(kLtInvalidValue, wrong);
  const bool wide = p.m * p.n >= 64 * 64;
  const auto block = [](bool first) { return static_cast<std::uint16_t>(first ? 32 : 16); };
  const Algorithm candidates[] = {{kMagic, 32, 3, kSplitInPlace, 0, 0, 0, 0, 0, {}, {}, 0},
                                  {kMagic, 32, 2, kSplitOutOfPlace2, 0, 0, 0, 0, 0, {}, {}, 0},
                                  {kMagic, block(wide), 1, 0, 0, 0, 0, 0, 0, {}, {}, 0},
                                  {kMagic, block(!wide), 1, 0, 0, 0, 0, 0, 0, {}, {}, 0}};
  for (Algorithm algorithm : candidates) {
    if (*found == wanted) break;
    if ((algorithm.scheme & ~asked->schemes) != 0 || workspace_of(algorithm, p) > asked->workspace) continue;
    algorithm.compute = static_cast<std::uint16_t>(p.description->compute);
    algorithm.a_type = static_cast<std::uint8_t>(p.a->type);
    algorithm.b_type = static_cast<std::uint8_t>(p.b->type);
    algorithm.transpose_a = static_cast<std::uint8_t>(p.description->transpose_a);
    algorithm.transpose_b = static_cast<std::uint8_t>(p.description->transpose_b);
    const LtLayoutState* const layouts[4] = {p.a, p.b, p.c, p.d};
    for (int i = 0; i < 4; ++i) {
      algorithm.pointer_alignment[i] = static_cast<std::uint16_t>(std::min(asked->alignment[i], 256u));
      algorithm.ld_alignment[i] = std::min(alignment_of(*layouts[i]), algorithm.pointer_alignment[i]);
    }
    algorithm.check = check_of(algorithm);
    results[(*found)++] = result_of(algorithm, p);
  }
  return *found > 0 ? 0 : call.refuse(kLtNotSupported, "no algorithm");
}

HEADROOM_FAKE_EXPORT Status cublasLtMatmulAlgoCheck(LtHandle handle, LtDescription description, LtLayout a, LtLayout b, LtLayout c,
                                                    LtLayout d, const LtAlgorithm* given, LtHeuristic* result) {
  const Call call("cublasLtMatmulAlgoCheck", Call::Needs::kContext);
  if (call.status() != 0) return call.status();
  Problem p;
  Algorithm algorithm;
  const std::string wrong = problem_of(description, a, b, c, d, &p);
  if (!lt_object<LtHandleState>(handle, kHandles) || !result || !wrong.empty()) return call.refuse(kLtInvalidValue, wrong);
  const std::string why = unfit(given, p, &algorithm);
  if (!why.empty()) return call.refuse(kLtNotSupported, why);
  *result = result_of(algorithm, p);
  return 0;
}

HEADROOM_FAKE_EXPORT Status cublasLtMatmul(LtHandle handle, LtDescription description, const void* alpha, const void* a, LtLayout a_layout,
                                           const void* b, LtLayout b_layout, const void* beta, const void* c, LtLayout c_layout, void* d,
                                           LtLayout d_layout, const LtAlgorithm* given, void* workspace, std::size_t workspace_bytes,
                                           Stream stream) {
  const Call call("cublasLtMatmul", Call::Needs::kContext);
  if (call.status() != 0) return call.status();
  const auto* owner = lt_object<LtHandleState>(handle, kHandles);
  Problem p;
  Algorithm algorithm;
  std::string wrong = problem_of(description, a_layout, b_layout, c_layout, d_layout, &p);
  if (!owner || !alpha || !beta || !wrong.empty()) return call.refuse(kLtInvalidValue, owner ? wrong : "an unknown handle");
  if (owner->context != call.context()) return call.refuse(kLtInvalidValue, "a handle of another context");
  wrong = unfit(given, p, &algorithm);
  if (!wrong.empty()) return call.refuse(kLtNotSupported, wrong);
  const float scale = *static_cast<const float*>(alpha), keep = *static_cast<const float*>(beta);
  const void* const pointers[4] = {a, b, keep == 0.0f ? nullptr : c, d};
  wrong = misplaced(algorithm, p, pointers, workspace, workspace_bytes);
  if (c == d && p.c->ld != p.d->ld) wrong = "C and D are one but differ in layout";
  if (!wrong.empty()) return call.refuse(kLtInvalidValue, wrong);
  const Operand left = {a, p.a->type, p.a->ld, algorithm.transpose_a == kTransposed}, right = {b, p.b->type, p.b->ld, algorithm.transpose_b == kTransposed};
  const Summation sums = {algorithm.block, algorithm.splits, algorithm.compute == kComputeTf32};
  const auto m = static_cast<std::int64_t>(p.m), n = static_cast<std::int64_t>(p.n), k = static_cast<std::int64_t>(p.k);
  const std::int64_t ldc = p.c->ld, ldd = p.d->ld;
  const std::size_t used = workspace_of(algorithm, p);
  const int device = call.context()->device;
  const bool reachable = all_on_device(p, pointers, keep != 0.0f, device) && on_device(workspace, static_cast<std::int64_t>(used), device);
  const Status status = submit(call, stream, [=] {
    if (!reachable) return kIllegalAddress;
    if (used != 0) std::memset(workspace, 0xff, used);  // whoever had something there sees it
    multiply(left, right, sums, m, n, k, scale, keep, static_cast<const float*>(c), ldc, static_cast<float*>(d), ldd);
    return 0;
  });
  return status == 0 ? 0 : kLtExecutionFailed;
}

HEADROOM_FAKE_AGREES(CublasLt, cublasLt, MatmulAlgoGetHeuristic, );
HEADROOM_FAKE_AGREES(CublasLt, cublasLt, MatmulAlgoCheck, );
HEADROOM_FAKE_AGREES(CublasLt, cublasLt, Matmul, );
