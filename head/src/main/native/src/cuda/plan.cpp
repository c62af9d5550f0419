#include "plan.h"

#include <algorithm>
#include <string>

#include "libraries.h"
#include "status.h"

namespace headroom::cuda {
namespace {

// Rows of a chunk are a multiple of it.
constexpr int64_t kRowUnit = 16;
// Beyond these the traffic of c and dC is hidden behind the products.
constexpr int64_t kMostRows = 8192;
// Columns of a tile are a multiple of it, rows of copied operands too: 16 bytes, so that loads are of full width.
constexpr int64_t kColumnUnit = 64, kOperandUnit = 8;
// cuBLASLt's workspace, and the share of the call's that it may take.
constexpr int64_t kProductsBytes = 32 << 20, kProductsShare = 8;
// What one byte from device memory costs in floating-point operations, by the operands' type: rates and bandwidth of one
// generation of devices, for the choice between the engines alone.
constexpr double kFlopsPerByte16 = 180, kFlopsPerByte32 = 15;

int64_t round_up(int64_t x, int64_t to) { return (x + to - 1) / to * to; }

// Hands out pieces of the workspace; over no memory at all it only counts.
class Arena {
 public:
  explicit Arena(char* memory) : memory_(memory) {}

  template <class T>
  T* take(int64_t count) {
    const int64_t at = used_;
    used_ += round_up(count * static_cast<int64_t>(sizeof(T)), kLine);
    return memory_ && count > 0 ? reinterpret_cast<T*>(memory_ + at) : nullptr;
  }

  int64_t used() const { return used_; }

 private:
  char* memory_;
  int64_t used_ = 0;
};

bool aligned(const void* pointer, int64_t stride, int64_t bytes) {
  return reinterpret_cast<std::uintptr_t>(pointer) % 16 == 0 && stride * bytes % 16 == 0;
}

Layout lay_out(const headroom_head& head, const Plan& plan, bool gradients, Arena& arena) {
  Layout at{};
  const int64_t r = plan.chunk_rows, each = r * plan.tiles, width = plan.operand_columns * plan.operand_bytes;
  Chunk& chunk = at.chunk;
  chunk.stride = r;
  chunk.tiles = plan.tiles;
  chunk.tile_columns = plan.tile_columns;
  chunk.target = arena.take<Int>(r);
  chunk.lse = arena.take<float>(r);
  chunk.nll = arena.take<float>(r);
  chunk.z_target = arena.take<float>(r);
  chunk.z_soft = arena.take<float>(r * head.soft_count);
  chunk.max = arena.take<float>(each);
  chunk.sum = arena.take<float>(each);
  if (head.entropy) chunk.moment = arena.take<float>(each);
  if (head.variance) chunk.second = arena.take<float>(each);
  if (head.variance) chunk.squares = arena.take<float>(each);
  if (head.label_smoothing > 0) chunk.weighted = arena.take<float>(each);
  chunk.top_values = arena.take<float>(each * head.top_count);
  chunk.top_columns = arena.take<int>(each * head.top_count);
  at.class_sums = arena.take<double>(2);
  if (plan.copies_e) at.e = arena.take<char>(r * width);
  if (plan.copies_c) at.c = arena.take<char>((plan.whole_c ? head.v : plan.tile_columns) * width);
  at.z = arena.take<float>(r * (plan.kept ? plan.tiles : 1) * plan.tile_columns);
  if (gradients) {
    chunk.scalars = arena.take<RowScalars>(r);
    // (the filter's weights are a row a block)
    at.g = arena.take<char>(r * plan.tile_columns * plan.operand_bytes);
    if (head.de && plan.gathered) at.de = arena.take<float>(r * head.d);
    if (head.db) at.sums = arena.take<float>((r + kSumRows - 1) / kSumRows * plan.tile_columns);
  }
  if (gradients && filters(head)) {
    const int64_t blocks = (r + kFilterRows - 1) / kFilterRows;
    Filter& filter = at.filter;
    filter.block_rows = kFilterRows;
    filter.buckets = arena.take<unsigned long long>(kBuckets);
    filter.floor = arena.take<float>(1);
    filter.mass = arena.take<float>(blocks * head.v);
    filter.marks = arena.take<unsigned char>(blocks * head.v);
    filter.counts = arena.take<int>(blocks * plan.tiles);
    filter.ids = arena.take<Int>(blocks * head.v);
    filter.kept = arena.take<float>(r);
    filter.rest = arena.take<float>(blocks);
    at.group_c = arena.take<char>(plan.tile_columns * width);
    if (head.dc) at.group_dc = arena.take<float>(plan.tile_columns * head.d);
    if (head.db) at.group_db = arena.take<float>(plan.tile_columns);
    if (head.de) at.columns = arena.take<float>(blocks * head.d);
  }
  at.products = arena.take<char>(plan.products_bytes);
  return at;
}

int64_t bytes(const headroom_head& head, Plan plan, bool gradients, int64_t rows) {
  plan.chunk_rows = rows;
  Arena counts(nullptr);
  lay_out(head, plan, gradients, counts);
  return counts.used();
}

// Fills in chunk_rows and bytes; 0 rows where not even the least chunk fits. Chunks are of nearly equal size.
Plan fit(const headroom_head& head, Plan plan, bool gradients) {
  const int64_t rows = std::max<int64_t>(plan.rows, 1);
  int64_t most = std::min(round_up(rows, kRowUnit), kMostRows);
  while (most > 0 && bytes(head, plan, gradients, most) > head.workspace_bytes) {
    // pieces are rounded up to lines, so that the count of bytes is nearly a straight line
    const int64_t unit = kRowUnit, fixed = bytes(head, plan, gradients, unit);
    const int64_t slope = std::max<int64_t>(1, (bytes(head, plan, gradients, most) - fixed) / std::max<int64_t>(1, most - unit));
    const int64_t guess = unit + (head.workspace_bytes - fixed) / slope / unit * unit;
    most = fixed > head.workspace_bytes ? 0 : std::min(most - unit, std::max(unit, guess));
  }
  const int64_t chunks = most == 0 ? 0 : (rows + most - 1) / most;
  plan.chunk_rows = chunks == 0 ? 0 : round_up((rows + chunks - 1) / chunks, kRowUnit);
  plan.bytes = bytes(head, plan, gradients, plan.chunk_rows);
  return plan;
}

// Work and traffic of a plan in floating-point operations (head.md, section 4).
double effort(const headroom_head& head, const Plan& plan) {
  if (plan.chunk_rows == 0) return 1e300;
  const double n = static_cast<double>(plan.rows), d = static_cast<double>(head.d), v = static_cast<double>(head.v);
  const double chunks = static_cast<double>((plan.rows + plan.chunk_rows - 1) / plan.chunk_rows);
  const double operand = static_cast<double>(plan.operand_bytes), copy = plan.copies_c && !plan.whole_c ? 2.0 * (4.0 + operand) : 0.0;
  const double bytes = chunks * v * d * (2.0 * operand + copy + 8.0) + n * v * (plan.kept ? 12.0 : 16.0);
  return (plan.kept ? 6.0 : 8.0) * n * d * v + (plan.operand_bytes == 2 ? kFlopsPerByte16 : kFlopsPerByte32) * bytes;
}

// What cuBLASLt may have of a workspace.
int64_t products_share(int64_t bytes) { return std::min(kProductsBytes, bytes / kProductsShare / kLine * kLine); }

int operand_of(const headroom_head& head) {
  return head.compute == HEADROOM_BFLOAT16 ? kBrain16 : head.compute == HEADROOM_FLOAT16 ? kReal16 : kReal32;
}

Plan shape(const headroom_head& head, bool kept, bool whole_c) {
  Plan plan{};
  plan.kept = kept;
  plan.rows = head.kept ? head.kept_count : head.n;
  plan.gathered = head.kept && head.kept_count < head.n;
  plan.operand = operand_of(head);
  plan.compute = head.compute == HEADROOM_TFLOAT32 ? kComputeTf32 : kCompute32;
  plan.operand_bytes = plan.operand == kReal32 ? 4 : 2;
  plan.operand_columns = round_up(head.d, kOperandUnit);
  const int32_t type = plan.operand == kReal32 ? HEADROOM_FLOAT32 : head.compute;
  // rows that might not count are copied as zeros, since 0 x NaN is NaN
  plan.copies_e = !head.kept || plan.gathered || head.e_dtype != type || !aligned(head.e, head.e_stride, plan.operand_bytes);
  plan.copies_c = head.c_dtype != type || !aligned(head.c, head.c_stride, plan.operand_bytes);
  plan.whole_c = plan.copies_c && whole_c;
  // tiles of nearly equal size, by v alone: a row's bits do not depend on the workspace
  const int64_t tiles = (head.v + kTileColumns - 1) / kTileColumns;
  plan.tile_columns = round_up((head.v + tiles - 1) / tiles, kColumnUnit);
  plan.tiles = (head.v + plan.tile_columns - 1) / plan.tile_columns;
  plan.products_bytes = products_share(head.workspace_bytes);
  return plan;
}

}  // namespace

int64_t least_workspace(const headroom_head& head, bool gradients) {
  headroom_head small = head;
  small.workspace_bytes = 0;
  const bool kept = head.engine == HEADROOM_KEPT;
  const int64_t pieces = std::min(bytes(small, shape(small, kept, false), gradients, kRowUnit), bytes(small, shape(small, kept, true), gradients, kRowUnit));
  int64_t least = pieces;
  while (pieces + products_share(least) > least) least = pieces + products_share(least);
  return least;
}

headroom_head asked(headroom_head head, Work work) {
  const bool gradients = forms_gradients(work);
  if (!gradients) head.de = head.dc = head.db = nullptr;
  // a filter is a permission: where the smoothing reaches every class, nothing is dropped
  if (!gradients || head.label_smoothing > 0) head.filter_tau = head.filter_mass = 0;
  if (work == Work::kLogits) head.top_count = head.listed_count = head.soft_count = 0;
  if (work != Work::kBoth) head.engine = HEADROOM_RECOMPUTED;
  if (filters(head)) head.engine = HEADROOM_KEPT;
  if (!takes_statistics(work)) head.squares = head.variance = nullptr;
  return head;
}

Plan make_plan(const headroom_head& head, bool gradients) {
  Plan best{};
  double least = 1e301;
  for (const bool kept : {true, false}) {
    if (head.engine != HEADROOM_AUTO && kept != (head.engine == HEADROOM_KEPT)) continue;
    if (head.engine == HEADROOM_AUTO && kept && !gradients) continue;
    for (const bool whole_c : {false, true}) {
      const Plan plan = fit(head, shape(head, kept, whole_c), gradients);
      const double effort_of = effort(head, plan);
      if (effort_of >= least) continue;
      least = effort_of;
      best = plan;
    }
  }
  if (best.chunk_rows == 0)
    invalid("workspace bytes", std::to_string(head.workspace_bytes),
            "at least " + std::to_string(least_workspace(head, gradients)) + " for n " + std::to_string(head.n) + ", d " +
                std::to_string(head.d) + ", v " + std::to_string(head.v) + " on a CUDA device");
  return best;
}

headroom_plan answer_plan(const headroom_head& call) {
  const bool gradients = call.de || call.dc || call.db;
  const headroom_head head = asked(call, gradients ? Work::kBoth : Work::kForward);
  const Plan plan = make_plan(head, gradients);
  headroom_plan answer{};
  answer.engine = plan.kept ? HEADROOM_KEPT : HEADROOM_RECOMPUTED;
  answer.gemm = HEADROOM_GEMM_BLAS;
  answer.chunk_rows = plan.chunk_rows;
  answer.tile_columns = plan.tile_columns;
  answer.block_rows = kGradientRows;
  answer.least_workspace_bytes = least_workspace(head, gradients);
  answer.used_workspace_bytes = plan.bytes;
  return answer;
}

Layout lay_out(const headroom_head& head, const Plan& plan, bool gradients, char* workspace) {
  Arena arena(workspace);
  return lay_out(head, plan, gradients, arena);
}

}  // namespace headroom::cuda
