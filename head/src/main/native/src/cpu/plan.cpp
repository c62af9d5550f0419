#include "plan.h"

#include <algorithm>
#include <string>

#include "filter.h"
#include "packed_kernel.h"
#include "products.h"
#include "rows.h"
#include "status.h"
#include "tile.h"
#include "tuning.h"

namespace headroom {
namespace {

constexpr int64_t kSlack = 32 * kLine;  // what rounding to lines can cost, all pieces of a call together

struct Cost {
  int64_t fixed;    // bytes of a call
  int64_t per_row;  // bytes of a row of the chunk
};

bool wants_gradients(const headroom_head& head) { return head.de || head.dc || head.db; }

Cost cost(const headroom_head& head, const Plan& plan, int64_t rows) {
  const Scratch products = products_scratch(head, plan);
  int64_t worker = products.per_worker + 2 * kLine;
  if (!plan.kept) worker += plan.block_rows * plan.logit_stride * 4;
  if (filters(head)) worker += Filter::bytes_per_worker(head, plan);
  Cost c{};
  c.fixed = rows * 8 + products.fixed + worker * head.threads + kSlack;  // rows * 8: the list of kept rows
  c.per_row = products.per_row + RowStates::bytes(head, plan);
  if (filters(head)) {
    c.fixed += Filter::fixed_bytes(head, plan);
    c.per_row += Filter::bytes_per_row(head, plan);
  }
  if (plan.kept) c.per_row += plan.tiles * plan.logit_stride * 4;
  if (head.de) c.per_row += plan.parts * head.d * 4;
  return c;
}

// Fills in chunk_rows and bytes; 0 rows where not even the least chunk fits. Chunks are of nearly equal size.
Plan fit(const headroom_head& head, Plan plan, int64_t rows) {
  const Cost c = cost(head, plan, rows);
  const int64_t unit = plan.row_unit, room = (head.workspace_bytes - c.fixed) / c.per_row / unit * unit;
  int64_t most = round_up(std::max<int64_t>(rows, 1), unit);
  if (!plan.kept) most = std::min(most, round_up(kRecomputedRows, unit));
  most = std::max<int64_t>(0, std::min(room, most));
  const int64_t chunks = most == 0 ? 0 : std::max<int64_t>(1, (rows + most - 1) / most);
  plan.chunk_rows = chunks == 0 ? 0 : std::min(most, round_up((std::max<int64_t>(rows, 1) + chunks - 1) / chunks, unit));
  plan.bytes = c.fixed + c.per_row * plan.chunk_rows;
  return plan;
}

// Work and memory traffic of a plan in units of one floating-point operation (head.md, section 4).
double effort(const headroom_head& head, const Plan& plan, int64_t rows) {
  if (plan.chunk_rows == 0) return 1e300;
  const double n = static_cast<double>(rows), d = static_cast<double>(head.d), v = static_cast<double>(head.v);
  const double chunks = static_cast<double>((rows + plan.chunk_rows - 1) / plan.chunk_rows);
  const double gemms = plan.kept ? 3 : 4;
  const double classifier_bytes = chunks * v * d * 4 * 4;  // c read in both passes, dC read and written
  const double logits_bytes = plan.kept ? n * v * 4 * 3 : 0;
  // a chunk of few rows leaves the matrix products short: their packing is paid again for each
  const double packing = 1.0 + 16.0 / static_cast<double>(plan.chunk_rows);
  return gemms * 2 * n * d * v * packing + kFlopsPerByte * (classifier_bytes + logits_bytes);
}

Plan shape(const headroom_head& head, bool kept, bool gathered) {
  Plan plan{};
  plan.kept = kept;
  plan.gathered = gathered;
  const bool own = takes_own_products(head);
  const int64_t unit = own ? packed_kernel(head.compute)->rows * packed_kernel(head.compute)->columns / 2 : kLeastRows;
  const TileSize tile = tile_size(caches());
  const int64_t affordable = tile.bytes / (head.d * 4) / unit * unit;
  plan.tile_columns = std::min(own ? std::clamp(affordable, unit, tile.columns) : kTileColumns, head.v);
  plan.tiles = (head.v + plan.tile_columns - 1) / plan.tile_columns;
  plan.logit_stride = round_up(plan.tile_columns, 16) + kTilePadding;
  plan.row_unit = own ? packed_kernel(head.compute)->rows : kLeastRows;
  plan.block_rows = own ? tile.block_rows : kBlasBlockRows;
  plan.sum_step = own ? kMostStep * packed_kernel(head.compute)->elements : 0;
  // more parts cost memory for each row (parts x d), so few where the classifier is wide and short
  const int64_t parts = head.v / (8 * std::max<int64_t>(head.d, 1));
  plan.parts = std::min(plan.tiles, std::clamp(parts / 4 * 4, kLeastParts, kMostParts));
  return plan;
}

}  // namespace

int64_t least_workspace(const headroom_head& head, int64_t rows, bool gathered) {
  const Plan recomputed = shape(head, false, gathered), kept = shape(head, true, gathered);
  const Cost a = cost(head, recomputed, rows), b = cost(head, kept, rows);
  const int64_t least_recomputed = a.fixed + recomputed.row_unit * a.per_row, least_kept = b.fixed + kept.row_unit * b.per_row;
  if (head.engine == HEADROOM_RECOMPUTED || filters(head)) return least_recomputed;
  if (head.engine == HEADROOM_KEPT) return least_kept;
  return std::min(least_kept, least_recomputed);
}

Plan make_plan(const headroom_head& head, int64_t rows, bool gathered) {
  const Plan kept = fit(head, shape(head, true, gathered), rows);
  const Plan recomputed = fit(head, shape(head, false, gathered), rows);
  const bool statistics_only = !wants_gradients(head);
  bool choose_kept = effort(head, kept, rows) <= effort(head, recomputed, rows);
  if (head.engine == HEADROOM_KEPT) choose_kept = true;
  if (head.engine == HEADROOM_RECOMPUTED || filters(head)) choose_kept = false;
  if (statistics_only && head.engine == HEADROOM_AUTO) choose_kept = recomputed.chunk_rows == 0;
  const Plan& plan = choose_kept ? kept : recomputed;
  if (plan.chunk_rows == 0)
    invalid("workspace bytes", std::to_string(head.workspace_bytes),
            "at least " + std::to_string(least_workspace(head, rows, gathered)) + " for n " + std::to_string(head.n) +
                ", d " + std::to_string(head.d) + ", v " + std::to_string(head.v) + ", " +
                std::to_string(head.threads) + " threads");
  return plan;
}

}  // namespace headroom
