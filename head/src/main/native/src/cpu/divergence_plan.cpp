#include "divergence_plan.h"

#include <algorithm>
#include <string>

#include "divergence_rows.h"
#include "packed_kernel.h"
#include "products.h"
#include "status.h"
#include "tile.h"
#include "tuning.h"

namespace headroom {
namespace {

constexpr int64_t kSlack = 64 * kLine;  // what rounding to lines can cost, all pieces of a call together

struct Cost {
  int64_t fixed, per_row;  // bytes of a call, of a row of the chunk
};

headroom_head side_of(const headroom_divergence& divergence, const headroom_side& side) {
  headroom_head head{};
  head.abi = divergence.abi;
  head.device = divergence.device;
  head.blas = divergence.blas;
  head.n = divergence.n;
  head.d = side.d;
  head.v = side.v;
  head.e = side.e;
  head.e_stride = side.e_stride;
  head.c = side.c;
  head.c_stride = side.c_stride;
  head.b = side.b;
  head.e_dtype = side.e_dtype;
  head.c_dtype = side.c_dtype;
  head.compute = divergence.compute;
  head.logit_scale = side.logit_scale;
  head.soft_cap = side.soft_cap;
  head.engine = divergence.engine;
  head.gemm = divergence.gemm;
  head.threads = divergence.threads;
  return head;
}

bool wants_gradients(const headroom_divergence& divergence) { return divergence.de || divergence.dc || divergence.db; }

Cost cost(const headroom_divergence& divergence, const Plan& plan, int64_t rows) {
  const headroom_head student = student_of(divergence), teacher = teacher_of(divergence);
  const Scratch a = products_scratch(student, plan), b = products_scratch(teacher, plan);
  const int64_t logits = 2 * plan.logit_stride * 4;
  const int64_t worker = a.per_worker + b.per_worker + 4 * kLine + (plan.kept ? 0 : plan.block_rows * logits);
  Cost c{};
  c.fixed = rows * 8 + a.fixed + b.fixed + worker * divergence.threads + kSlack;  // rows * 8: the list of kept rows
  c.per_row = a.per_row + b.per_row + DivergenceRows::bytes(plan) + (plan.kept ? plan.tiles * logits : 0);
  if (divergence.de) c.per_row += plan.parts * divergence.student.d * 4;
  return c;
}

Plan shape(const headroom_divergence& divergence, bool kept, bool gathered) {
  Plan plan{};
  plan.kept = kept;
  plan.gathered = gathered;
  const bool own = takes_own_products(student_of(divergence));
  const PackedKernel* kernel = own ? packed_kernel(divergence.compute) : nullptr;
  const int64_t unit = own ? kernel->rows * kernel->columns / 2 : kLeastRows;
  const int64_t d = divergence.student.d, v = divergence.student.v, wider = std::max(d, divergence.teacher.d);
  const TileSize tile = tile_size(caches());
  const int64_t affordable = tile.bytes / (wider * 4) / unit * unit;
  plan.tile_columns = std::min(own ? std::clamp(affordable, unit, tile.columns) : kTileColumns, v);
  plan.tiles = (v + plan.tile_columns - 1) / plan.tile_columns;
  plan.logit_stride = round_up(plan.tile_columns, 16) + kTilePadding;
  plan.row_unit = own ? kernel->rows : kLeastRows;
  plan.block_rows = own ? tile.block_rows : kBlasBlockRows;
  plan.parts = std::min(plan.tiles, std::clamp(v / (8 * d) / 4 * 4, kLeastParts, kMostParts));
  return plan;
}

// Fills in chunk_rows and bytes; 0 rows where not even the least chunk fits. Chunks are of nearly equal size.
Plan fit(const headroom_divergence& divergence, Plan plan, int64_t rows) {
  const Cost c = cost(divergence, plan, rows);
  const int64_t unit = plan.row_unit, some = std::max<int64_t>(rows, 1);
  int64_t most = std::max<int64_t>(0, (divergence.workspace_bytes - c.fixed) / c.per_row / unit * unit);
  most = std::min(most, round_up(plan.kept ? some : std::min(some, kRecomputedRows), unit));
  const int64_t chunks = most == 0 ? 0 : (some + most - 1) / most;
  plan.chunk_rows = chunks == 0 ? 0 : round_up((some + chunks - 1) / chunks, unit);
  plan.bytes = c.fixed + c.per_row * plan.chunk_rows;
  return plan;
}

// Work and memory traffic of a plan in units of one floating-point operation: logits are formed once or in each of the
// three passes (two without gradients), and gradients once.
double effort(const headroom_divergence& divergence, const Plan& plan, int64_t rows) {
  if (plan.chunk_rows == 0) return 1e300;
  const double n = static_cast<double>(rows), v = static_cast<double>(divergence.student.v);
  const double d = static_cast<double>(divergence.student.d), both = d + static_cast<double>(divergence.teacher.d);
  const double chunks = static_cast<double>((rows + plan.chunk_rows - 1) / plan.chunk_rows);
  const bool gradients = wants_gradients(divergence);
  const double passes = plan.kept ? 1 : gradients ? 3 : 2, formed = gradients ? 2 * d : 0;
  const double classifier_bytes = chunks * v * 4 * (passes * both + 1.5 * formed);
  const double logits_bytes = plan.kept ? n * v * 4 * 6 : 0;
  const double packing = 1.0 + 16.0 / static_cast<double>(plan.chunk_rows);
  return 2 * n * v * (passes * both + formed) * packing + kFlopsPerByte * (classifier_bytes + logits_bytes);
}

}  // namespace

headroom_head student_of(const headroom_divergence& divergence) {
  headroom_head head = side_of(divergence, divergence.student);
  head.de = divergence.de;
  head.de_stride = divergence.de_stride;
  head.dc = divergence.dc;
  head.dc_stride = divergence.dc_stride;
  head.db = divergence.db;
  head.add_dc = divergence.add_dc;
  return head;
}

headroom_head teacher_of(const headroom_divergence& divergence) { return side_of(divergence, divergence.teacher); }

int64_t least_divergence_workspace(const headroom_divergence& divergence, int64_t rows, bool gathered) {
  const auto least = [&](bool kept) {
    const Plan plan = shape(divergence, kept, gathered);
    const Cost c = cost(divergence, plan, rows);
    return c.fixed + plan.row_unit * c.per_row;
  };
  if (divergence.engine == HEADROOM_KEPT) return least(true);
  return divergence.engine == HEADROOM_RECOMPUTED ? least(false) : std::min(least(true), least(false));
}

Plan make_divergence_plan(const headroom_divergence& divergence, int64_t rows, bool gathered) {
  const Plan kept = fit(divergence, shape(divergence, true, gathered), rows);
  const Plan recomputed = fit(divergence, shape(divergence, false, gathered), rows);
  bool choose_kept = effort(divergence, kept, rows) <= effort(divergence, recomputed, rows);
  if (divergence.engine != HEADROOM_AUTO) choose_kept = divergence.engine == HEADROOM_KEPT;
  const Plan& plan = choose_kept ? kept : recomputed;
  if (plan.chunk_rows == 0)
    invalid("workspace bytes", std::to_string(divergence.workspace_bytes),
            "at least " + std::to_string(least_divergence_workspace(divergence, rows, gathered)) + " for n " +
                std::to_string(divergence.n) + ", d " + std::to_string(divergence.student.d) + " and " +
                std::to_string(divergence.teacher.d) + ", v " + std::to_string(divergence.student.v) + ", " +
                std::to_string(divergence.threads) + " threads");
  return plan;
}

}  // namespace headroom
